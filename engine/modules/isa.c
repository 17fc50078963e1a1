// SPDX-License-Identifier: MIT
// isa -- which instruction sets this machine can run, and which to use.
#include <stdlib.h>
#include <string.h>

#include "modules/registry.h"

#if defined(__x86_64__)
extern const mega_isa_table mega_isa_v2, mega_isa_v3;
#if !defined(MEGA_FEW_KERNELS)
extern const mega_isa_table mega_isa_v4;
#endif
#elif defined(__aarch64__)
extern const mega_isa_table mega_isa_neon;
#endif

static bool runs_here(const mega_isa_table *isa) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (isa == &mega_isa_v2) return __builtin_cpu_supports("sse4.2");
    if (isa == &mega_isa_v3)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi2");
#if !defined(MEGA_FEW_KERNELS)
    if (isa == &mega_isa_v4)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd");
#endif
#endif
    (void)isa;
    return true;
}

const mega_isa_table *mega_isa_at(size_t index) {
    static const mega_isa_table *const built[] = {
        &mega_isa_one,
#if defined(__x86_64__)
        &mega_isa_v2,
        &mega_isa_v3,
#if !defined(MEGA_FEW_KERNELS)
        &mega_isa_v4,
#endif
#elif defined(__aarch64__)
        &mega_isa_neon,
#endif
    };
    for (size_t i = 0; i < sizeof built / sizeof *built; i++) {
        if (!runs_here(built[i])) continue;
        if (index-- == 0) return built[i];
    }
    return NULL;
}

const mega_isa_table *mega_isa_choose(const char *name) {
    if (!name) name = getenv("MEGASYNTH_ISA");
    const mega_isa_table *best = NULL, *isa;
    for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
        if (name && *name && strcmp(name, isa->name) == 0) return isa;
        best = isa;
    }
    return name && *name ? NULL : best;
}
