// SPDX-License-Identifier: MIT
// ext.h -- those declarations of Max's SDK that the shim uses, for the mock kernel; written from
// its documentation.
#ifndef STUB_EXT_H
#define STUB_EXT_H

#include <stdint.h>
#include <stdio.h>

typedef intptr_t t_atom_long;
typedef double t_atom_float;
typedef uint32_t t_fourcc;
typedef long t_max_err;
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
    } a_w;
} t_atom;

enum { A_NOTHING, A_LONG, A_FLOAT, A_SYM, A_OBJ, A_DEFLONG, A_DEFFLOAT, A_DEFSYM, A_GIMME, A_CANT };
enum { ASSIST_INLET = 1, ASSIST_OUTLET = 2, ASSIST_MAX_STRING_LEN = 256 };
enum { MAX_PATH_CHARS = 2048, MAX_FILENAME_CHARS = 512 };

/// What the module shows to Max.
#define C74_EXPORT __attribute__((visibility("default")))

/// Not used, but there: names that the shim must leave alone.
void post(const char *format, ...);
void error(const char *format, ...);

t_symbol *gensym(const char *name);
long proxy_getinlet(t_object *object);
void *outlet_new(void *object, const char *type);
void *outlet_anything(void *outlet, t_symbol *selector, short argc, const t_atom *argv);
void *clock_new(void *object, method function);
void clock_fdelay(void *clock, double ms);
void clock_getftime(double *time);
short path_getdefault(void);
short locatefile_extended(char *name, short *folder, t_fourcc *type, const t_fourcc *types,
                          short count);
short path_toabsolutesystempath(short folder, const char *file, char *whole);

typedef struct critical *t_critical;
void critical_new(t_critical *lock);
void critical_enter(t_critical lock);
void critical_exit(t_critical lock);
void critical_free(t_critical lock);

#endif
