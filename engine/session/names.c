// SPDX-License-Identifier: MIT
// names -- stable numbers for knobs, parameters and presets, so that EVENT functions need no text.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/engine.h"

void mega_names_finish(mega_names *names) {
    for (uint32_t i = 0; i < names->count; i++) free(names->names[i]);
    free(names->names);
    *names = (mega_names){0};
}

int32_t mega_names_find(const mega_names *names, const char *name) {
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0) return (int32_t)i;
    return -1;
}

/// @return the name's number, made if it is new; -1 without memory or past `most`
static int32_t number_of(mega_names *names, const char *name, uint32_t most) {
    int32_t known = mega_names_find(names, name);
    if (known >= 0) return known;
    if (names->count == most) return -1;
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

// ---- what a name is in a program ---------------------------------------------------------------

/// The slot of "node.param" in a program, or -1.
static int32_t slot_in(const mega_program *program, const char *name) {
    const char *dot = strrchr(name, '.');
    size_t bytes = (size_t)(dot - name);
    for (uint32_t n = 0; n < program->node_count; n++) {
        const mega_program_node *node = &program->nodes[n];
        if (strlen(node->id) != bytes || memcmp(node->id, name, bytes) != 0) continue;
        int32_t row = mega_module_find_param(mega_isa_one.modules[node->module], dot + 1);
        return row < 0 ? -1 : (int32_t)node->slot + row;
    }
    return -1;
}

// Nothing is collected here: a name may be the loaded patch's own. So which programs are looked at
// depends on calls that a recording leaves out, and whether the name is known is observed.
//
// Written before any event can carry the number: the ring orders the two. Asked again, it is
// written again with what is there, while the audio role may read it: hence atomic.

int32_t mega_find_knob(mega_engine *e, const char *name) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "find_knob");
    mega_calls_put_text(call, "name", name, strlen(name));
    const mega_schedule *s = &e->schedule;
    bool known = false;
    const mega_program *program;
    for (size_t i = 0; (program = mega_schedule_program(s, i)) && !known; i++)
        known = mega_patch_find_knob(program->patch, name) >= 0;
    known = mega_calls_observe(e, known);
    int32_t number = known ? number_of(&e->knobs, name, MEGA_NAMES_MAX) : -1;
    for (size_t i = 0; number >= 0 && (program = mega_schedule_program(s, i)); i++)
        __atomic_store_n(&program->knob_of_id[number], mega_patch_find_knob(program->patch, name),
                         __ATOMIC_RELAXED);
    return number;
}

int32_t mega_find_preset(mega_engine *e, const char *name) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "find_preset");
    mega_calls_put_text(call, "name", name, strlen(name));
    const mega_schedule *s = &e->schedule;
    bool known = false;
    const mega_program *program;
    for (size_t i = 0; (program = mega_schedule_program(s, i)) && !known; i++)
        known = mega_preset_find(program->patch, name) >= 0;
    known = mega_calls_observe(e, known);
    int32_t number = known ? number_of(&e->presets, name, MEGA_PRESET_NAMES_MAX) : -1;
    for (size_t i = 0; number >= 0 && (program = mega_schedule_program(s, i)); i++)
        __atomic_store_n(&program->preset_of_id[number], mega_preset_find(program->patch, name),
                         __ATOMIC_RELAXED);
    return number;
}

mega_given_names mega_given_names_of(const char *node, const char *port) {
    mega_given_names name;
    snprintf(name.node, sizeof name.node, "%s", node);
    snprintf(name.port, sizeof name.port, "%s", port);
    return name;
}

void mega_names_join(char *name, const char *node, const char *param) {
    strcpy(name, node);
    strcat(name, ".");
    strcat(name, param);
}

/// Whether there is such a parameter, and it may change while it sounds.
static bool has_param(const mega_patch *patch, const char *node, const char *param) {
    int32_t n = mega_patch_find_node(patch, node);
    const mega_module *module = n >= 0 ? patch->nodes[n].module : NULL;
    int32_t p = module ? mega_module_find_param(module, param) : -1;
    return p >= 0 && !module->params[p].fixed;
}

int32_t mega_find_param(mega_engine *e, const char *node, const char *param) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "find_param");
    mega_calls_put_text(call, "node", node, strlen(node));
    mega_calls_put_text(call, "name", param, strlen(param));
    const mega_schedule *s = &e->schedule;
    bool known = false;
    const mega_program *program;
    for (size_t i = 0; (program = mega_schedule_program(s, i)) && !known; i++)
        known = has_param(program->patch, node, param);
    if (!mega_calls_observe(e, known)) return -1;
    char name[MEGA_NAME_BYTES_MAX + 2];
    mega_names_join(name, node, param);
    int32_t number = number_of(&e->params, name, MEGA_NAMES_MAX);
    for (size_t i = 0; number >= 0 && (program = mega_schedule_program(s, i)); i++)
        __atomic_store_n(&program->slot_of_id[number], slot_in(program, name), __ATOMIC_RELAXED);
    return number;
}

// ---- names of before a change ------------------------------------------------------------------

static void put_former(mega_program *p, bool is_knob, uint32_t number, uint32_t target) {
    if (p->former) p->former[p->former_count] = (mega_former_name){is_knob, number, target};
    p->former_count++;
}

/// @param follows slots of the program before -> slots, or -1
static void list_former(const mega_engine *e, mega_program *p, const mega_program *before,
                        const int32_t *follows) {
    p->former_count = 0;
    for (uint32_t i = 0; i < e->params.count; i++) {
        int32_t old = __atomic_load_n(&before->slot_of_id[i], __ATOMIC_RELAXED);
        if (p->slot_of_id[i] < 0 && old >= 0 && follows[old] >= 0)
            put_former(p, false, i, (uint32_t)follows[old]);
    }
    for (uint32_t i = 0; i < e->knobs.count; i++) {
        int32_t old = __atomic_load_n(&before->knob_of_id[i], __ATOMIC_RELAXED);
        for (uint32_t k = 0; p->knob_of_id[i] < 0 && old >= 0 && k < p->patch->knob_count; k++)
            if (p->patch->knobs[k].birth == before->patch->knobs[old].birth)
                put_former(p, true, i, k);
    }
}

// ---- names that were given up for others -------------------------------------------------------

/// A list that grows. @return false without memory
static bool put_renamed(mega_renamed **list, uint32_t *count, uint32_t number, int32_t to) {
    if (to < 0) return true; // no number is left: what waits for its frame finds nothing
    mega_renamed *grown = realloc(*list, (*count + 1) * sizeof *grown);
    if (!grown) return false;
    *list = grown;
    grown[(*count)++] = (mega_renamed){number, (uint32_t)to};
    return true;
}

/// The knob of now that has the birth of one before, or -1.
static int32_t find_born(const mega_patch *patch, uint64_t birth) {
    for (size_t k = 0; k < patch->knob_count; k++)
        if (patch->knobs[k].birth == birth) return (int32_t)k;
    return -1;
}

static bool list_renamed_knobs(mega_engine *e, mega_program *p, const mega_program *before) {
    uint32_t count = e->knobs.count; // those that come meanwhile are not of before
    for (uint32_t i = 0; i < count; i++) {
        int32_t old = __atomic_load_n(&before->knob_of_id[i], __ATOMIC_RELAXED);
        uint64_t birth = old < 0 ? 0 : before->patch->knobs[old].birth;
        int32_t same = p->knob_of_id[i];
        bool stays = same >= 0 && p->patch->knobs[same].birth == birth;
        int32_t now = old < 0 || stays ? -1 : find_born(p->patch, birth);
        if (now < 0) continue;
        int32_t number = number_of(&e->knobs, p->patch->knobs[now].id, MEGA_NAMES_MAX);
        if (number >= 0) p->knob_of_id[number] = now;
        if (!put_renamed(&p->renamed_knobs, &p->renamed_knob_count, i, number)) return false;
    }
    return true;
}

/// The node whose parameter a slot is, or NULL: of a knob.
static const mega_program_node *node_of_slot(const mega_program *p, uint32_t slot) {
    for (uint32_t n = 0; n < p->node_count; n++) {
        uint32_t params = mega_isa_one.modules[p->nodes[n].module]->param_count;
        if (slot >= p->nodes[n].slot && slot - p->nodes[n].slot < params) return &p->nodes[n];
    }
    return NULL;
}

/// @param follows slots of the program before -> slots, or -1
static bool list_renamed_params(mega_engine *e, mega_program *p, const mega_program *before,
                                const int32_t *follows) {
    uint32_t count = e->params.count;
    for (uint32_t i = 0; i < count; i++) {
        int32_t old = __atomic_load_n(&before->slot_of_id[i], __ATOMIC_RELAXED);
        int32_t now = old < 0 ? -1 : follows[old];
        const mega_program_node *node =
            now < 0 || p->slot_of_id[i] == now ? NULL : node_of_slot(p, (uint32_t)now);
        if (!node || node->dying) continue;
        const mega_module *module = mega_isa_one.modules[node->module];
        char name[MEGA_NAME_BYTES_MAX + 2];
        mega_names_join(name, node->id, module->params[(uint32_t)now - node->slot].name);
        int32_t number = number_of(&e->params, name, MEGA_NAMES_MAX);
        if (number >= 0) p->slot_of_id[number] = now;
        if (!put_renamed(&p->renamed_params, &p->renamed_param_count, i, number)) return false;
    }
    return true;
}

/// @return false without memory
static bool make_former(mega_engine *e, mega_program *p, const mega_program *before) {
    int32_t *follows = malloc((before->slot_count + 1) * sizeof *follows);
    if (!follows) return false;
    memset(follows, 0xff, (before->slot_count + 1) * sizeof *follows);
    for (uint32_t t = 0; t < p->transfer_count; t++)
        follows[p->transfers[t].from] = (int32_t)p->transfers[t].to;
    list_former(e, p, before, follows); // to count them
    bool any = p->former_count;
    if (any) p->former = malloc(p->former_count * sizeof *p->former);
    if (p->former) list_former(e, p, before, follows);
    bool good = (!any || p->former) && list_renamed_knobs(e, p, before) &&
                list_renamed_params(e, p, before, follows);
    free(follows);
    return good;
}

bool mega_names_resolve(mega_engine *e, mega_program *program, const mega_program *before) {
    program->knob_of_id = malloc(MEGA_NAMES_MAX * sizeof *program->knob_of_id);
    program->slot_of_id = malloc(MEGA_NAMES_MAX * sizeof *program->slot_of_id);
    program->preset_of_id = malloc(MEGA_PRESET_NAMES_MAX * sizeof *program->preset_of_id);
    if (!program->knob_of_id || !program->slot_of_id || !program->preset_of_id) return false;
    memset(program->preset_of_id, 0xff, MEGA_PRESET_NAMES_MAX * sizeof *program->preset_of_id);
    memset(program->knob_of_id, 0xff, MEGA_NAMES_MAX * sizeof *program->knob_of_id);
    memset(program->slot_of_id, 0xff, MEGA_NAMES_MAX * sizeof *program->slot_of_id);
    for (uint32_t i = 0; i < e->knobs.count; i++)
        program->knob_of_id[i] = mega_patch_find_knob(program->patch, e->knobs.names[i]);
    for (uint32_t i = 0; i < e->params.count; i++)
        program->slot_of_id[i] = slot_in(program, e->params.names[i]);
    for (uint32_t i = 0; i < e->presets.count; i++)
        program->preset_of_id[i] = mega_preset_find(program->patch, e->presets.names[i]);
    return !before || make_former(e, program, before);
}
