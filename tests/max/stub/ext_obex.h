// SPDX-License-Identifier: MIT
// ext_obex.h -- see ext.h.
#ifndef STUB_EXT_OBEX_H
#define STUB_EXT_OBEX_H

#include "ext.h"

typedef struct object_class t_class;
#define CLASS_BOX gensym("box")

t_class *class_new(const char *name, method make, method destroy, long bytes, method menu,
                   short type, ...);
t_max_err class_addmethod(t_class *c, method function, const char *name, ...);
t_max_err class_register(t_symbol *space, t_class *c);
void *object_alloc(t_class *c);
t_max_err object_free(void *object);
void object_error(t_object *object, const char *format, ...);
void *object_method(void *object, t_symbol *name, ...);
t_max_err atom_setsym(t_atom *atom, t_symbol *symbol);
t_max_err atom_setfloat(t_atom *atom, double value);
long atom_gettype(const t_atom *atom);
t_symbol *atom_getsym(const t_atom *atom);
t_atom_float atom_getfloat(const t_atom *atom);

#endif
