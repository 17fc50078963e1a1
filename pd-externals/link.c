// SPDX-License-Identifier: MIT
// link -- see link.h.
#define _GNU_SOURCE // RTLD_DEFAULT
#include "link.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

t_symbol *mega_link_symbol(t_symbol *name) {
    char text[MAXPDSTRING];
    snprintf(text, sizeof text, "megasynth %s", name->s_name);
    return gensym(text);
}

const mega_link *mega_link_find(t_symbol *name) {
    t_pd *bound = mega_link_symbol(name)->s_thing;
    if (!bound) return NULL;
    const mega_link *(*method)(t_pd *) =
        (const mega_link *(*)(t_pd *))zgetfn(bound, gensym("_megasynth"));
    const mega_link *link = method ? method(bound) : NULL;
    return link && link->version == MEGA_LINK_VERSION ? link : NULL;
}

void mega_atoms_init(mega_atoms *a, int argc, const t_atom *argv) {
    a->atoms = a->room;
    a->count = 0;
    if (argc > (int)(sizeof a->room / sizeof *a->room))
        a->atoms = malloc((size_t)argc * sizeof *a->atoms);
    for (int i = 0; i < argc && a->atoms; i++) {
        bool word = argv[i].a_type == A_SYMBOL;
        bool number = argv[i].a_type == A_FLOAT;
        a->atoms[a->count++] = (mega_atom){word     ? argv[i].a_w.w_symbol->s_name
                                           : number ? NULL
                                                    : "(pointer)",
                                           number ? (double)argv[i].a_w.w_float : 0};
    }
}

void mega_atoms_finish(mega_atoms *a) {
    if (a->atoms != a->room) free(a->atoms);
}

/// To an outlet, or to what has a symbol.
static void send(t_outlet *outlet, t_symbol *to, const char *selector, size_t count,
                 const mega_atom *atoms) {
    t_atom room[64], *made = room;
    if (count > sizeof room / sizeof *room) made = malloc(count * sizeof *made);
    for (size_t i = 0; i < count && made; i++) {
        if (atoms[i].word) SETSYMBOL(&made[i], gensym(atoms[i].word));
        else SETFLOAT(&made[i], (t_float)atoms[i].number);
    }
    if (made && outlet) outlet_anything(outlet, gensym(selector), (int)count, made);
    else if (made && to->s_thing) pd_typedmess(to->s_thing, gensym(selector), (int)count, made);
    if (made != room) free(made);
}

void mega_outlet(t_outlet *outlet, const char *selector, size_t count, const mega_atom *atoms) {
    send(outlet, NULL, selector, count, atoms);
}

void mega_send(t_symbol *to, const char *selector, size_t count, const mega_atom *atoms) {
    send(NULL, to, selector, count, atoms);
}

double mega_tick_frames(double rate) {
    double tick = 64; // DEFDACBLKSIZE
    return tick * rate / (double)sys_getsr();
}

mega_setmultiout *mega_find_setmultiout(void) {
    return (mega_setmultiout *)dlsym(RTLD_DEFAULT, "signal_setmultiout");
}
