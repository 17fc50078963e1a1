// SPDX-License-Identifier: MIT
// osc -- see osc.h.
#include "osc.h"

#include <stdio.h>
#include <string.h>

/// What differs besides the name.
typedef enum {
    SAME,
    JOIN_ONE, ///< node and port in two words -> one with a dot
    JOIN_TWO, ///< twice
    VELOCITY, ///< 0..1 -> 0..127
} form;

static const struct {
    const char *first, *second, *selector;
    form form;
} rows[] = {
    {"patch", "add", "add", SAME},
    {"patch", "remove", "remove", SAME},
    {"patch", "connect", "connect", JOIN_TWO},
    {"patch", "disconnect", "disconnect", JOIN_TWO},
    {"patch", "undo", "undo", SAME},
    {"patch", "redo", "redo", SAME},
    {"patch", "get", "dump", SAME},
    {"param", "set", "set", JOIN_ONE},
    {"param", "get", "get", JOIN_ONE},
    {"param", "list", "nodes", SAME},
    {"knob", "set", "knob", SAME},
    {"knob", "new", "newknob", SAME},
    {"knob", "free", "unknob", SAME},
    {"knob", "get", "get", SAME},
    {"knob", "list", "nodes", SAME},
    {"note", "on", "note", VELOCITY},
    {"note", "off", "noteoff", SAME},
    {"note", "all_off", "alloff", SAME},
    {"module", "list", "modules", SAME},
    {"module", "get", "modules", SAME},
};

/// The first two atoms in one, "a.b". @return false if they are not two words
static bool join(const mega_atom *atoms, size_t count, char *text, mega_atom *joined) {
    char node[SYNTH_NAME_BYTES / 2], port[SYNTH_NAME_BYTES / 2];
    if (count < 2 || !mega_atom_text(&atoms[0], node, sizeof node) ||
        !mega_atom_text(&atoms[1], port, sizeof port))
        return false;
    snprintf(text, SYNTH_NAME_BYTES, "%s.%s", node, port);
    *joined = (mega_atom){text, 0};
    return true;
}

static void translate(form how, size_t *count, const mega_atom **atoms, synth_osc_room *room) {
    const mega_atom *from = *atoms;
    size_t left = *count, made = 0;
    int joins = how == JOIN_TWO ? 2 : how == JOIN_ONE ? 1 : 0;
    for (int i = 0; i < joins; i++) {
        // a message may as well hold "a.out b.in" already
        if (left && from->word && strchr(from->word, '.')) return;
        if (!join(from, left, room->text[i], &room->atoms[made])) return;
        made++;
        from += 2;
        left -= 2;
    }
    for (; left && made < 8; left--) room->atoms[made++] = *from++;
    if (how == VELOCITY && made > 1) room->atoms[1].number *= 127;
    *count = made;
    *atoms = room->atoms;
}

void synth_osc_translate(const char **selector, size_t *count, const mega_atom **atoms,
                         synth_osc_room *room) {
    const char *second = *count ? (*atoms)->word : NULL;
    if (!second) return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].first, *selector) != 0 || strcmp(rows[i].second, second) != 0) continue;
        // `knob set 0.5` turns a knob of that name
        bool knob = strcmp(*selector, "knob") == 0;
        if (knob && *count > 1 && !(*atoms)[1].word) continue;
        *selector = rows[i].selector;
        (*count)--;
        (*atoms)++;
        if (rows[i].form != SAME) translate(rows[i].form, count, atoms, room);
        return;
    }
}
