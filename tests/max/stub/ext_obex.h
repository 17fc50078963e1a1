// SPDX-License-Identifier: MIT
// ext_obex.h -- see ext.h.
#ifndef STUB_EXT_OBEX_H
#define STUB_EXT_OBEX_H

#include <stddef.h>

#include "ext.h"

typedef struct object_class t_class;
#define CLASS_BOX gensym("box")

t_class *class_new(const char *name, const method make, const method destroy, long bytes,
                   const method menu, short type, ...);
t_max_err class_addmethod(t_class *c, const method function, const char *name, ...);
t_max_err class_addattr(t_class *c, t_object *attribute);
void *class_attr_get(t_class *c, t_symbol *name);
t_max_err class_attr_addattr_parse(t_class *c, const char *name, const char *of_it, t_symbol *type,
                                   long flags, const char *value);
t_max_err class_register(t_symbol *space, t_class *c);
void *object_alloc(t_class *c);
t_max_err object_free(void *object);
t_symbol *object_classname(void *object);
void object_error(t_object *object, const char *format, ...);
void *object_method_imp(void *object, void *name, void *a, void *b, void *c, void *d, void *e,
                        void *f, void *g, void *h);
#define object_method(...) C74_VARFUN(object_method_imp, __VA_ARGS__)

// ---- attributes --------------------------------------------------------------------------------

t_object *attr_offset_new(const char *name, const t_symbol *type, long flags, const method get,
                          const method set, long offset);
/// Where the first argument that begins with @ stands.
long attr_args_offset(short argc, t_atom *argv);
void attr_args_process(void *object, short argc, t_atom *argv);

#define CLASS_ATTR_LONG(c, name, flags, structure, member)                                         \
    class_addattr((c), attr_offset_new(name, gensym("long"), (flags), (method)0, (method)0,        \
                                       (long)offsetof(structure, member)))
#define CLASS_ATTR_SYM(c, name, flags, structure, member)                                          \
    class_addattr((c), attr_offset_new(name, gensym("symbol"), (flags), (method)0, (method)0,      \
                                       (long)offsetof(structure, member)))
#define CLASS_ATTR_ACCESSORS(c, name, getter, setter)                                              \
    {                                                                                              \
        t_object *theattr = (t_object *)class_attr_get(c, gensym(name));                           \
        object_method(theattr, gensym("setmethod"), gensym("get"), getter);                        \
        object_method(theattr, gensym("setmethod"), gensym("set"), setter);                        \
    }
#define CLASS_ATTR_LABEL(c, name, flags, text)                                                     \
    class_attr_addattr_parse(c, name, "label", gensym("symbol"), flags, "\"" text "\"")
#define CLASS_ATTR_STYLE(c, name, flags, style)                                                    \
    class_attr_addattr_parse(c, name, "style", gensym("symbol"), flags, style)
#define CLASS_ATTR_SAVE(c, name, flags)                                                            \
    class_attr_addattr_parse(c, name, "save", gensym("long"), flags, "1")

// ---- atoms -------------------------------------------------------------------------------------

t_max_err atom_setlong(t_atom *atom, t_atom_long value);
t_max_err atom_setsym(t_atom *atom, const t_symbol *symbol);
t_max_err atom_setfloat(t_atom *atom, double value);
long atom_gettype(const t_atom *atom);
t_atom_long atom_getlong(const t_atom *atom);
t_symbol *atom_getsym(const t_atom *atom);
t_atom_float atom_getfloat(const t_atom *atom);
void *atom_getobj(const t_atom *atom);

#endif
