// SPDX-License-Identifier: MIT
// registry -- the table of modules of one instruction set; compiled once for each.
#include "modules/registry.h"

#include "core/kernel.h"
#include "core/ops.h"

// Example: X(svf)  Becomes: extern const mega_module mega_module_svf_v3;
#define X(id) extern const mega_module MEGA_ROW(id);
#include "modules/modules.def"
#undef X

static const mega_module *const modules[MEGA_MODULE_COUNT] = {
#define X(id) [MEGA_MODULE_##id] = &MEGA_ROW(id),
#include "modules/modules.def"
#undef X
};

// Builds for the first lanes of a group alone: the same kernels, with no vector that is empty.
#if defined(MEGA_NARROW_4)
extern const mega_isa_table MEGA_NARROW_4, MEGA_NARROW_8;
static const mega_isa_table *const narrow[] = {&MEGA_NARROW_4, &MEGA_NARROW_8, NULL};
#else
static const mega_isa_table *const narrow[] = {NULL};
#endif
// For each of them: as many voices, with frames in the lanes that are left.
#if defined(MEGA_BESIDE_8)
extern const mega_isa_table MEGA_BESIDE_4, MEGA_BESIDE_8;
static const mega_isa_table *const beside[] = {&MEGA_BESIDE_4, &MEGA_BESIDE_8};
#elif defined(MEGA_BESIDE_4)
extern const mega_isa_table MEGA_BESIDE_4;
static const mega_isa_table *const beside[] = {&MEGA_BESIDE_4, NULL};
#else
static const mega_isa_table *const beside[] = {NULL, NULL};
#endif

#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

extern const mega_ops MEGA_JOIN(mega_, ops, MEGA_ISA);
extern const mega_isa_table MEGA_JOIN(mega_, isa, MEGA_ISA);
const mega_isa_table MEGA_JOIN(mega_, isa, MEGA_ISA) = {
    .name = TEXT(MEGA_ISA),
    .width = MEGA_WIDTH,
    .lanes = MEGA_VOICES > 1 ? MEGA_VOICES : MEGA_U *MEGA_WIDTH,
    .narrow = narrow,
    .beside = beside,
    .modules = modules,
    .ops = &MEGA_JOIN(mega_, ops, MEGA_ISA),
};
