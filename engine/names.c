// SPDX-License-Identifier: MIT
// names -- stable numbers for knobs and parameters, so that EVENT functions need no text.
#include <stdlib.h>
#include <string.h>

#include "engine.h"

void mega_names_finish(mega_names *names) {
    for (uint32_t i = 0; i < names->count; i++) free(names->names[i]);
    free(names->names);
    *names = (mega_names){0};
}

int32_t mega_names_number(mega_names *names, const char *name) {
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0) return (int32_t)i;
    if (names->count == MEGA_NAMES_MAX) return -1;
    if (names->count == names->room) {
        uint32_t room = names->room ? names->room * 2 : 32;
        char **more = realloc(names->names, room * sizeof *more);
        if (!more) return -1;
        names->names = more;
        names->room = room;
    }
    char *copy = strdup(name);
    if (!copy) return -1;
    names->names[names->count] = copy;
    return (int32_t)names->count++;
}
