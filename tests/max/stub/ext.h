// SPDX-License-Identifier: MIT
// ext.h -- those declarations of Max's SDK that the shim uses, for the mock kernel; written from
// its documentation. Each stands in the header of its name there, is of the same type, and is a
// macro where it is one there: what compiles here compiles with the SDK.
#ifndef STUB_EXT_H
#define STUB_EXT_H

#include <stdint.h>
#include <stdio.h>

typedef long long t_atom_long;
typedef double t_atom_float;
typedef uint32_t t_fourcc;
typedef t_atom_long t_max_err;
typedef void *(*method)(void *, ...);

typedef struct object {
    struct object_class *o_class;
} t_object;

typedef struct symbol {
    char *s_name;
    t_object *s_thing;
} t_symbol;

typedef struct {
    short a_type;
    union {
        t_atom_long w_long;
        t_atom_float w_float;
        t_symbol *w_sym;
        t_object *w_obj;
    } a_w;
} t_atom;

enum { A_NOTHING, A_LONG, A_FLOAT, A_SYM, A_OBJ, A_DEFLONG, A_DEFFLOAT, A_DEFSYM, A_GIMME, A_CANT };
enum { ASSIST_INLET = 1, ASSIST_OUTLET = 2, ASSIST_MAX_STRING_LEN = 256 };
enum { MAX_PATH_CHARS = 2048, MAX_FILENAME_CHARS = 512 };
enum { MAX_ERR_NONE = 0, MAX_ERR_GENERIC = -1 };

/// What the module shows to Max.
#define C74_EXPORT __attribute__((visibility("default")))

/// Calls a function of ten pointers with as many as are given; the rest are 0.
#define C74_VARFUN(function, ...) C74_VARFUN_TEN(function, __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define C74_VARFUN_TEN(function, a, b, c, d, e, f, g, h, i, j, ...)                                \
    function((void *)(a), (void *)(b), (void *)(c), (void *)(d), (void *)(e), (void *)(f),         \
             (void *)(g), (void *)(h), (void *)(i), (void *)(j))

/// Not used, but there: names that the shim must leave alone.
void post(const char *format, ...);
void error(const char *format, ...);

t_symbol *gensym(const char *name);
long proxy_getinlet(t_object *object);
void *outlet_new(void *object, const char *type);
void *outlet_anything(void *outlet, const t_symbol *selector, short argc, const t_atom *argv);
void *clock_new(void *object, method function);
void clock_fdelay(void *clock, double ms);
void clock_getftime(double *time);
/// At once on the main thread, else queued for it; the atoms are copied.
void *defer(void *object, method function, t_symbol *selector, short argc, t_atom *argv);
void sysmem_freeptr(void *memory);

#include "ext_path.h"

#endif
