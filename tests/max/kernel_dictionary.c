// SPDX-License-Identifier: MIT
// kernel_dictionary -- Max's dictionaries and arrays of atoms, for the mock kernel.
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

// What stands for their classes: only the addresses count.
static char dictionary_class, atomarray_class;
static struct dictionary *registered;

enum { KEYS_MAX = 256 };

struct atomarray {
    t_object object;
    long argc;
    t_atom *argv;
};

struct dictionary {
    t_object object;
    const char *name; // of a [dict]
    long count;
    t_symbol *keys[KEYS_MAX];
    t_atom values[KEYS_MAX];
    int borrowed;
    struct dictionary *next;
};

t_symbol *object_classname(void *object) {
    const void *c = ((t_object *)object)->o_class;
    return gensym(c == &dictionary_class  ? "dictionary"
                  : c == &atomarray_class ? "atomarray"
                                          : "box");
}

t_dictionary *dictionary_new(void) {
    struct dictionary *d = calloc(1, sizeof *d);
    d->object.o_class = (t_class *)&dictionary_class;
    return d;
}

static t_atom object_atom(void *object) { return (t_atom){.a_type = A_OBJ, .a_w.w_obj = object}; }

static void put(t_dictionary *d, t_symbol *key, t_atom value) {
    assert(d->count < KEYS_MAX);
    d->keys[d->count] = key;
    d->values[d->count++] = value;
}

static t_atom *value_of(const t_dictionary *d, const t_symbol *key) {
    for (long i = 0; i < d->count; i++)
        if (d->keys[i] == key) return (t_atom *)&d->values[i];
    return NULL;
}

static struct atomarray *array_of(long argc, const t_atom *argv) {
    struct atomarray *made = calloc(1, sizeof *made);
    made->object.o_class = (t_class *)&atomarray_class;
    made->argc = argc;
    made->argv = calloc((size_t)argc + 1, sizeof *argv);
    memcpy(made->argv, argv, (size_t)argc * sizeof *argv);
    return made;
}

/// As Max: one atom stands alone, several are an array.
t_max_err dictionary_appendatoms(t_dictionary *d, t_symbol *key, long argc, t_atom *argv) {
    put(d, key, argc == 1 ? *argv : object_atom(array_of(argc, argv)));
    return MAX_ERR_NONE;
}
t_max_err dictionary_appenddictionary(t_dictionary *d, t_symbol *key, t_object *value) {
    put(d, key, object_atom(value));
    return MAX_ERR_NONE;
}

t_max_err dictionary_getdictionary(const t_dictionary *d, t_symbol *key, t_object **value) {
    const t_atom *found = value_of(d, key);
    if (!found || found->a_type != A_OBJ ||
        found->a_w.w_obj->o_class != (t_class *)&dictionary_class)
        return MAX_ERR_GENERIC;
    *value = found->a_w.w_obj;
    return MAX_ERR_NONE;
}

t_max_err dictionary_getatom(const t_dictionary *d, t_symbol *key, t_atom *value) {
    const t_atom *found = value_of(d, key);
    if (!found) return MAX_ERR_GENERIC;
    *value = *found;
    return MAX_ERR_NONE;
}

t_max_err atomarray_getatoms(t_atomarray *x, long *argc, t_atom **argv) {
    *argc = x->argc;
    *argv = x->argv;
    return MAX_ERR_NONE;
}

t_max_err dictionary_getatoms(const t_dictionary *d, t_symbol *key, long *argc, t_atom **argv) {
    t_atom *found = value_of(d, key);
    if (!found) return MAX_ERR_GENERIC;
    if (found->a_type == A_OBJ) return atomarray_getatoms(atom_getobj(found), argc, argv);
    *argc = 1;
    *argv = found;
    return MAX_ERR_NONE;
}

t_max_err dictionary_getkeys(const t_dictionary *d, long *count, t_symbol ***keys) {
    *count = d->count;
    *keys = malloc(sizeof d->keys);
    memcpy(*keys, d->keys, sizeof d->keys);
    return MAX_ERR_NONE;
}
void dictionary_freekeys(t_dictionary *d, long count, t_symbol **keys) {
    assert(count == d->count);
    free(keys);
}

t_dictionary *dictobj_findregistered_retain(t_symbol *name) {
    struct dictionary *d = registered;
    while (d && strcmp(d->name, name->s_name) != 0) d = d->next;
    if (d) d->borrowed++;
    return d;
}
t_max_err dictobj_release(t_dictionary *d) {
    assert(d->borrowed > 0);
    d->borrowed--;
    return MAX_ERR_NONE;
}

static void free_value(const t_atom *value);

static void free_dictionary(t_dictionary *d) {
    assert(!d->borrowed);
    for (long i = 0; i < d->count; i++) free_value(&d->values[i]);
    free(d);
}

static void free_value(const t_atom *value) {
    if (value->a_type != A_OBJ) return;
    t_object *object = value->a_w.w_obj;
    if (object->o_class == (t_class *)&dictionary_class) {
        free_dictionary((t_dictionary *)object);
        return;
    }
    struct atomarray *array = (struct atomarray *)object;
    for (long i = 0; i < array->argc; i++) free_value(&array->argv[i]);
    free(array->argv);
    free(array);
}

static t_atom value_of_json(const json_t *json) {
    t_atom atom = {0};
    size_t i;
    const char *key;
    json_t *value;
    if (json_is_string(json)) atom_setsym(&atom, gensym(json_string_value(json)));
    else if (json_is_integer(json)) atom_setlong(&atom, json_integer_value(json));
    else if (json_is_number(json)) atom_setfloat(&atom, json_number_value(json));
    else if (json_is_array(json)) {
        struct atomarray *array = array_of(0, &atom);
        array->argc = (long)json_array_size(json);
        array->argv = realloc(array->argv, (size_t)(array->argc + 1) * sizeof *array->argv);
        json_array_foreach(json, i, value) array->argv[i] = value_of_json(value);
        atom = object_atom(array);
    } else if (json_is_object(json)) {
        t_dictionary *d = dictionary_new();
        json_object_foreach((json_t *)json, key, value) put(d, gensym(key), value_of_json(value));
        atom = object_atom(d);
    }
    return atom;
}

void kernel_dict(const char *name, const char *json) {
    json_t *document = json_loads(json, 0, NULL);
    assert(document);
    t_dictionary *d = (t_dictionary *)value_of_json(document).a_w.w_obj;
    json_decref(document);
    d->name = name;
    d->next = registered;
    registered = d;
}

void kernel_forget(t_dictionary *box) { free_dictionary(box); }
