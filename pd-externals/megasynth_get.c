// SPDX-License-Identifier: MIT
// megasynth.get -- asks a [megasynth~ -name NAME] and gives the answers out here: dump, list,
// modules, get.
#include "link.h"

typedef struct {
    t_object object;
    t_symbol *name;
    t_outlet *outlet;
    uint64_t serial; // of the synth that it asked last
    mega_listener listener;
} object;

static t_class *get_class;

static void answer(void *context, const char *selector, size_t count, const mega_atom *atoms) {
    mega_outlet(((object *)context)->outlet, selector, count, atoms);
}

static void anything(object *x, t_symbol *selector, int argc, t_atom *argv) {
    const mega_link *link = mega_link_find(x->name);
    if (!link) {
        pd_error(x, "megasynth.get: there is no [megasynth~ -name %s], or more than one",
                 x->name->s_name);
        return;
    }
    if (link->serial != x->serial) {
        x->listener = link->listen(link->adapter, answer, x);
        x->serial = link->serial;
    }
    mega_atoms atoms;
    mega_atoms_init(&atoms, argc, argv);
    if (x->listener)
        link->ask(link->adapter, x->listener, selector->s_name, atoms.count, atoms.atoms);
    mega_atoms_finish(&atoms);
}

static void bang(object *x) { anything(x, gensym("nodes"), 0, NULL); }

static void free_object(object *x) {
    const mega_link *link = mega_link_find(x->name);
    if (link && link->serial == x->serial) link->ignore(link->adapter, x->listener);
}

static void *new_object(t_symbol *name) {
    object *x = (object *)pd_new(get_class);
    x->name = name;
    x->outlet = outlet_new(&x->object, &s_anything);
    if (!*name->s_name) pd_error(x, "megasynth.get: write [megasynth.get name]");
    return x;
}

MEGA_EXPORT void setup_megasynth0x2eget(void);
void setup_megasynth0x2eget(void) {
    if (get_class) return;
    get_class = class_new(gensym("megasynth.get"), (t_newmethod)new_object, (t_method)free_object,
                          sizeof(object), CLASS_DEFAULT, A_DEFSYMBOL, A_NULL);
    class_addbang(get_class, bang);
    class_addanything(get_class, anything);
}
