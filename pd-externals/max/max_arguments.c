// SPDX-License-Identifier: MIT
// max_arguments -- what stands in the box of [megasynth~], and its attributes.
//
// Inlets and outlets are made from them, so that they are read before the object is whole; Max
// processes attributes only after that, and what it then sets is what it finds set.
#include <string.h>

#include "max_synth.h"

// ---- the box -----------------------------------------------------------------------------------

static bool within(const t_atom *atom, double low, double high) {
    long type = atom_gettype(atom);
    double value = type == A_LONG || type == A_FLOAT ? atom_getfloat(atom) : low - 1;
    return value >= low && value <= high;
}

/// @param name without its - or @. @return false: it is none of ours, or its value cannot be
static bool set_named(synth *x, const char *name, const t_atom *value) {
    if (strcmp(name, "voices") == 0 && within(value, 1, VOICES_MAX))
        x->voices = (t_atom_long)atom_getfloat(value);
    else if (strcmp(name, "in") == 0 && within(value, 0, CHANNELS_MAX))
        x->in = (t_atom_long)atom_getfloat(value);
    else if (strcmp(name, "chans") == 0 && within(value, 1, CHANNELS_MAX))
        x->chans = (t_atom_long)atom_getfloat(value);
    else if (strcmp(name, "embed") == 0 && within(value, 0, 1))
        x->embed = (t_atom_long)atom_getfloat(value);
    else if (strcmp(name, "file") == 0 && atom_gettype(value) == A_SYM)
        x->file = atom_getsym(value);
    else return false;
    return true;
}

static void complain(synth *x, const char *what) {
    object_error((t_object *)x,
                 "`%s`: write [megasynth~ (channels) (file) @voices 1..%d @in 0..%d @chans 1..%d "
                 "@file name @embed 0|1]",
                 what, VOICES_MAX, CHANNELS_MAX, CHANNELS_MAX);
}

/// @return how many arguments it took
static long read_word(synth *x, const char *word, long argc, const t_atom *argv) {
    if (*word == '-' && argc > 1 && set_named(x, word + 1, &argv[1])) return 2;
    if (*word != '-' && !*x->file->s_name) x->file = gensym(word);
    else complain(x, word);
    return 1;
}

static void read_positional(synth *x, long argc, const t_atom *argv) {
    for (long i = 0; i < argc;) {
        if (atom_gettype(&argv[i]) == A_SYM)
            i += read_word(x, atom_getsym(&argv[i])->s_name, argc - i, &argv[i]);
        else if (within(&argv[i], 1, CHANNELS_MAX))
            x->chans = (t_atom_long)atom_getfloat(&argv[i++]);
        else complain(x, "channels"), i++;
    }
}

static bool is_attribute(const t_atom *atom) {
    return atom_gettype(atom) == A_SYM && *atom_getsym(atom)->s_name == '@';
}

/// Names that are not ours are Max's own: @varname, @annotation ...
static bool is_ours(const char *name) {
    static const char *const ours[] = {"voices", "in", "chans", "file", "embed"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(ours[i], name) == 0) return true;
    return false;
}

void synth_read_arguments(synth *x, long argc, t_atom *argv) {
    long attributes = attr_args_offset((short)argc, argv);
    x->chans = 2;
    x->file = gensym("");
    read_positional(x, attributes, argv);
    for (long i = attributes; i < argc; i++) {
        if (!is_attribute(&argv[i])) continue;
        const char *name = atom_getsym(&argv[i])->s_name + 1;
        bool has_value = i + 1 < argc && !is_attribute(&argv[i + 1]);
        if (is_ours(name) && !(has_value && set_named(x, name, &argv[i + 1])))
            complain(x, atom_getsym(&argv[i])->s_name);
    }
}

// ---- attributes --------------------------------------------------------------------------------
// The setters run for messages and the inspector; an object that is being made has no adapter yet.

static t_max_err set_voices(synth *x, void *attribute, long argc, t_atom *argv) {
    (void)attribute;
    if (!x->adapter) return MAX_ERR_NONE;
    if (argc && within(argv, 1, VOICES_MAX)) x->voices = (t_atom_long)atom_getfloat(argv);
    synth_send(x, "voices", argc, argv); // alone it asks how many sound
    return MAX_ERR_NONE;
}

static t_max_err set_file(synth *x, void *attribute, long argc, t_atom *argv) {
    (void)attribute;
    if (!x->adapter || !argc || atom_gettype(argv) != A_SYM) return MAX_ERR_NONE;
    x->file = atom_getsym(argv);
    if (*x->file->s_name) synth_send(x, "read", 1, argv);
    return MAX_ERR_NONE;
}

/// Inlets and outlets are made with the object.
static t_max_err set_fixed(synth *x, void *attribute, long argc, t_atom *argv) {
    (void)attribute, (void)argc, (void)argv;
    if (x->adapter)
        object_error((t_object *)x, "`@chans` and `@in` can only be written in the box");
    return MAX_ERR_NONE;
}

void synth_add_attributes(t_class *c) {
    CLASS_ATTR_LONG(c, "voices", 0, synth, voices);
    CLASS_ATTR_ACCESSORS(c, "voices", NULL, set_voices);
    CLASS_ATTR_LABEL(c, "voices", 0, "Voices");
    CLASS_ATTR_SYM(c, "file", 0, synth, file);
    CLASS_ATTR_ACCESSORS(c, "file", NULL, set_file);
    CLASS_ATTR_LABEL(c, "file", 0, "Patch File");
    CLASS_ATTR_STYLE(c, "file", 0, "file");
    CLASS_ATTR_LONG(c, "chans", 0, synth, chans);
    CLASS_ATTR_ACCESSORS(c, "chans", NULL, set_fixed);
    CLASS_ATTR_LABEL(c, "chans", 0, "Output Channels");
    CLASS_ATTR_LONG(c, "in", 0, synth, in);
    CLASS_ATTR_ACCESSORS(c, "in", NULL, set_fixed);
    CLASS_ATTR_LABEL(c, "in", 0, "Input Channels");
    CLASS_ATTR_LONG(c, "embed", 0, synth, embed);
    CLASS_ATTR_LABEL(c, "embed", 0, "Save Patch With Patcher");
    CLASS_ATTR_STYLE(c, "embed", 0, "onoff");
    CLASS_ATTR_SAVE(c, "embed", 0);
}
