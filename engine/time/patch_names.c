// SPDX-License-Identifier: MIT
// patch_names -- looks up knobs, nodes and parameters for a sequence, and says what is near or in
// range.
#include "time/patch_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_BYTES = 200 };

bool mega_patch_has_notes(const mega_patch *patch) {
    for (size_t i = 0; i < mega_patch_node_count(patch); i++)
        if (mega_module_describe(mega_module_find(mega_patch_node(patch, i).type)).note)
            return true;
    return false;
}

/// "no such knob: `x`; did you mean `y`?"
static void say_missing(char *why, const char *what, const char *wrong, const char *const *names,
                        size_t count) {
    const char *near = names ? mega_nearest(wrong, names, count) : NULL;
    int length = snprintf(why, WHY_BYTES, "no such %s: `%.60s`", what, wrong);
    if (near) snprintf(why + length, WHY_BYTES - (size_t)length, "; did you mean `%.60s`?", near);
}

// ---- knobs -------------------------------------------------------------------------------------

bool mega_patch_has_knob(const mega_patch_names *n, const char *knob, char why[200]) {
    size_t count = mega_patch_knob_count(n->patch);
    for (size_t i = 0; i < count; i++)
        if (strcmp(mega_patch_knob(n->patch, i), knob) == 0) return true;
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_knob(n->patch, i);
    say_missing(why, "knob", knob, names, count);
    free(names);
    return false;
}

bool mega_patch_has_preset(const mega_patch_names *n, const char *preset, char why[200]) {
    size_t count = mega_patch_preset_count(n->patch);
    for (size_t i = 0; i < count; i++)
        if (strcmp(mega_patch_preset(n->patch, i).id, preset) == 0) return true;
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_preset(n->patch, i).id;
    say_missing(why, "preset", preset, names, count);
    free(names);
    return false;
}

bool mega_patch_is_per_voice(const mega_patch_names *n, const char *node, char why[200]) {
    for (size_t i = 0; i < mega_patch_node_count(n->patch); i++) {
        mega_node_info info = mega_patch_node(n->patch, i);
        if (strcmp(info.id, node) == 0 && info.per_voice) return true;
    }
    snprintf(why, WHY_BYTES, "`%.60s` is shared by all notes; remove `id`", node);
    return false;
}

// ---- parameters --------------------------------------------------------------------------------

static void say_no_node(const mega_patch_names *n, const char *node, char *why) {
    size_t count = mega_patch_node_count(n->patch);
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_node(n->patch, i).id;
    say_missing(why, "node", node, names, count);
    free(names);
}

static void say_no_param(const mega_module *module, const char *port, char *why) {
    const char *names[64];
    size_t count = mega_module_describe(module).param_count;
    if (count > sizeof names / sizeof *names) count = sizeof names / sizeof *names;
    for (size_t i = 0; i < count; i++) names[i] = mega_module_param(module, i).name;
    say_missing(why, "parameter", port, names, count);
}

/// Turns the name of a choice into its number. @return false with the reason
static bool choose(const mega_param_info *param, const char *choice, double *value, char *why) {
    for (size_t i = 0; i < param->choice_count; i++) {
        if (strcmp(param->choices[i], choice) != 0) continue;
        *value = (double)i;
        return true;
    }
    if (param->choices) say_missing(why, "choice", choice, param->choices, param->choice_count);
    else snprintf(why, WHY_BYTES, "`%.60s` takes a number, not \"%.60s\"", param->name, choice);
    return false;
}

/// As floats: that is what the engine takes, and what its bounds are.
static bool in_range(const mega_param_info *param, double value, char *why) {
    if ((float)value >= (float)param->min && (float)value <= (float)param->max) return true;
    snprintf(why, WHY_BYTES, "%g is outside the range %g..%g%s%s of `%.60s`", value, param->min,
             param->max, *param->unit ? " " : "", param->unit, param->name);
    return false;
}

bool mega_patch_param(const mega_patch_names *n, const char *node, const char *port,
                      mega_param_info *param, char why[200]) {
    const mega_module *module = mega_patch_node_module(n->patch, node);
    if (mega_module_param_named(module, port, param)) return true;
    if (module) say_no_param(module, port, why);
    else say_no_node(n, node, why);
    return false;
}

bool mega_param_takes(const mega_param_info *param, const char *choice, double *value,
                      char why[200]) {
    return (!choice || choose(param, choice, value, why)) && in_range(param, *value, why);
}

double mega_longest_delay_seconds(const mega_patch_names *names) {
    double longest = 0;
    for (size_t i = 0; i < mega_patch_node_count(names->patch); i++) {
        mega_node_info node = mega_patch_node(names->patch, i);
        if (node.per_voice) continue; // the engine knows when a voice has ended
        mega_module_info m = mega_module_describe(mega_module_find(node.type));
        if (m.memory_seconds > longest) longest = m.memory_seconds;
        if (m.tail_seconds > longest) longest = m.tail_seconds;
    }
    return longest;
}
