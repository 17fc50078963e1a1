// SPDX-License-Identifier: MIT
// max_dictionary -- patches as Max's dictionaries: from [dict], and within the patcher's own file.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "ext_atomarray.h"
#include "ext_dictobj.h"
#include "max_synth.h"

enum { DEPTH_MAX = 16 }; // of a patch's maps and lists within one another: more is refused

// ---- a dictionary as JSON ----------------------------------------------------------------------

static json_t *of_dictionary(const t_dictionary *d, int depth);

static json_t *of_atom(const t_atom *atom, int depth);

static json_t *of_array(long argc, const t_atom *argv, int depth) {
    json_t *list = json_array();
    for (long i = 0; i < argc; i++) json_array_append_new(list, of_atom(&argv[i], depth));
    return list;
}

static json_t *of_object(void *object, int depth) {
    if (!object || depth >= DEPTH_MAX) return json_null();
    if (object_classname(object) == gensym("dictionary")) return of_dictionary(object, depth + 1);
    long argc = 0;
    t_atom *argv = NULL;
    if (object_classname(object) != gensym("atomarray") ||
        atomarray_getatoms(object, &argc, &argv) != MAX_ERR_NONE)
        return json_null();
    return of_array(argc, argv, depth + 1);
}

/// What cannot be written in a patch is null, which the reader then refuses at its place.
static json_t *of_atom(const t_atom *atom, int depth) {
    switch (atom_gettype(atom)) {
    case A_LONG: return json_integer(atom_getlong(atom));
    case A_FLOAT: {
        double value = atom_getfloat(atom);
        return isfinite(value) ? json_real(value) : json_null();
    }
    case A_SYM: {
        json_t *text = json_string(atom_getsym(atom)->s_name);
        return text ? text : json_null();
    }
    case A_OBJ: return of_object(atom_getobj(atom), depth);
    default: return json_null();
    }
}

static json_t *of_dictionary(const t_dictionary *d, int depth) {
    long count = 0;
    t_symbol **keys = NULL;
    json_t *map = json_object();
    if (dictionary_getkeys(d, &count, &keys) != MAX_ERR_NONE) return map;
    for (long i = 0; i < count; i++) {
        t_atom value;
        if (dictionary_getatom(d, keys[i], &value) == MAX_ERR_NONE)
            json_object_set_new(map, keys[i]->s_name, of_atom(&value, depth));
    }
    dictionary_freekeys((t_dictionary *)d, count, keys);
    return map;
}

/// The adapter takes a patch as the bytes of its file.
static void load_text(synth *x, const char *text) {
    size_t bytes = strlen(text);
    t_atom *atoms = calloc(bytes + 1, sizeof *atoms);
    if (!atoms) {
        object_error((t_object *)x, "no memory for a patch of %zu bytes", bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i++) atom_setlong(&atoms[i], (unsigned char)text[i]);
    synth_send(x, "bytes", (long)bytes, atoms);
    free(atoms);
}

void synth_take_dictionary(synth *x, t_symbol *name) {
    t_dictionary *d = dictobj_findregistered_retain(name);
    if (!d) {
        object_error((t_object *)x, "dictionary: there is no dictionary `%s`", name->s_name);
        return;
    }
    json_t *document = of_dictionary(d, 0);
    dictobj_release(d);
    char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(document);
    if (text) load_text(x, text);
    else object_error((t_object *)x, "dictionary: no memory");
    free(text);
}

// ---- within the patcher's file -----------------------------------------------------------------
// A dictionary of the messages that build the patch, "1" the first.

typedef struct {
    t_dictionary *messages;
    long count;
} saving;

static t_symbol *number_key(long number) {
    char text[24];
    snprintf(text, sizeof text, "%ld", number);
    return gensym(text);
}

static void save_message(void *context, const char *selector, size_t count,
                         const mega_atom *atoms) {
    saving *s = context;
    if (strcmp(selector, "dump") != 0 || !count) return;
    t_atom *copy = calloc(count, sizeof *copy);
    if (!copy) return;
    for (size_t i = 0; i < count; i++) {
        if (atoms[i].word) atom_setsym(&copy[i], gensym(atoms[i].word));
        else atom_setfloat(&copy[i], atoms[i].number);
    }
    dictionary_appendatoms(s->messages, number_key(++s->count), (long)count, copy);
    free(copy);
}

void synth_save(synth *x, t_dictionary *box) {
    if (!x->embed) return;
    saving s = {.messages = dictionary_new()};
    if (!s.messages) return;
    synth_enter(x);
    mega_listener listener = mega_adapter_listen(x->adapter, save_message, &s);
    mega_adapter_ask(x->adapter, listener, "dump", 0, NULL);
    mega_adapter_ignore(x->adapter, listener);
    synth_leave(x);
    dictionary_appenddictionary(box, gensym("megasynth"), (t_object *)s.messages);
}

static void restore_message(synth *x, long argc, const t_atom *argv) {
    mega_atom *atoms = calloc((size_t)argc, sizeof *atoms);
    if (!atoms) return;
    for (long i = 0; i < argc; i++) {
        if (atom_gettype(&argv[i]) == A_SYM) atoms[i].word = atom_getsym(&argv[i])->s_name;
        else atoms[i].number = atom_getfloat(&argv[i]);
    }
    if (atoms->word) mega_adapter_restore(x->adapter, atoms->word, (size_t)argc - 1, atoms + 1);
    free(atoms);
}

bool synth_restore(synth *x, const t_dictionary *box) {
    t_object *messages = NULL;
    if (!box || dictionary_getdictionary(box, gensym("megasynth"), &messages) != MAX_ERR_NONE)
        return false;
    long argc;
    t_atom *argv;
    for (long i = 1;; i++) {
        if (dictionary_getatoms((t_dictionary *)messages, number_key(i), &argc, &argv) !=
            MAX_ERR_NONE)
            break;
        if (argc > 0) restore_message(x, argc, argv);
    }
    return true;
}
