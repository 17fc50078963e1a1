// SPDX-License-Identifier: MIT
// names -- looks up knobs, nodes and parameters for a sequence, and says what is near or in range.
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { WHY_BYTES = 200 };

patch_names patch_names_create(void) { return (patch_names){.modules = json_object()}; }

void patch_names_finish(patch_names *names) { json_decref(names->modules); }

bool patch_has_notes(const mega_patch *patch) {
    for (size_t i = 0; i < mega_patch_node_count(patch); i++)
        if (strcmp(mega_patch_node(patch, i).type, "note") == 0) return true;
    return false;
}

/// "no such knob: `x`; did you mean `y`?"
static void say_missing(char *why, const char *what, const char *wrong, const char *const *names,
                        size_t count) {
    char room[160] = "";
    if (names) did_you_mean(wrong, names, count, room);
    snprintf(why, WHY_BYTES, "no such %s: `%.60s`%.100s", what, wrong, room);
}

// ---- knobs --------------------------------------------------------------------------------------

bool patch_has_knob(const patch_names *n, const char *knob, char why[200]) {
    size_t count = mega_patch_knob_count(n->patch);
    for (size_t i = 0; i < count; i++)
        if (strcmp(mega_patch_knob(n->patch, i), knob) == 0) return true;
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_knob(n->patch, i);
    say_missing(why, "knob", knob, names, count);
    free(names);
    return false;
}

bool patch_has_preset(const patch_names *n, const char *preset, char why[200]) {
    size_t count = mega_patch_preset_count(n->patch);
    for (size_t i = 0; i < count; i++)
        if (strcmp(mega_patch_preset(n->patch, i).id, preset) == 0) return true;
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_preset(n->patch, i).id;
    say_missing(why, "preset", preset, names, count);
    free(names);
    return false;
}

bool patch_is_per_voice(const patch_names *n, const char *node, char why[200]) {
    for (size_t i = 0; i < mega_patch_node_count(n->patch); i++) {
        mega_node_info info = mega_patch_node(n->patch, i);
        if (strcmp(info.id, node) == 0 && info.per_voice) return true;
    }
    snprintf(why, WHY_BYTES, "`%.60s` is shared by all notes; leave `id` out", node);
    return false;
}

// ---- parameters ---------------------------------------------------------------------------------

static const char *type_of(const patch_names *n, const char *node) {
    for (size_t i = 0; i < mega_patch_node_count(n->patch); i++)
        if (strcmp(mega_patch_node(n->patch, i).id, node) == 0)
            return mega_patch_node(n->patch, i).type;
    return NULL;
}

static void say_no_node(const patch_names *n, const char *node, char *why) {
    size_t count = mega_patch_node_count(n->patch);
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_node(n->patch, i).id;
    say_missing(why, "node", node, names, count);
    free(names);
}

/// A module type, as the engine describes it.
static const json_t *module_of(patch_names *n, const char *type) {
    json_t *module = json_object_get(n->modules, type);
    if (!module) {
        const mega_module *row = mega_module_find(type);
        char *text = row ? mega_module_describe_json(row) : NULL;
        module = text ? json_loads(text, 0, NULL) : NULL;
        mega_free(text);
        json_object_set_new(n->modules, type, module);
    }
    return module;
}

static const char *name_of(const json_t *object) {
    return json_string_value(json_object_get(object, "name"));
}

static void say_no_param(const json_t *params, const char *port, char *why) {
    const char *names[64];
    size_t count = 0, i;
    const json_t *p;
    json_array_foreach(params, i, p) if (count < COUNT_OF(names)) names[count++] = name_of(p);
    say_missing(why, "parameter", port, names, count);
}

/// Turns the name of a choice into its number. @return false with the reason
static bool choose(const json_t *param, const char *choice, double *value, char *why) {
    const json_t *choices = json_object_get(param, "choices"), *c;
    const char *names[64];
    size_t count = 0, i;
    json_array_foreach(choices, i, c) {
        if (strcmp(json_string_value(c), choice) == 0) {
            *value = (double)i;
            return true;
        }
        if (count < COUNT_OF(names)) names[count++] = json_string_value(c);
    }
    if (choices) say_missing(why, "choice", choice, names, count);
    else snprintf(why, WHY_BYTES, "`%.60s` takes a number, not \"%.60s\"", name_of(param), choice);
    return false;
}

/// As floats: that is what the engine takes, and what its bounds are.
static bool in_range(const json_t *param, double value, char *why) {
    double min = json_number_value(json_object_get(param, "min"));
    double max = json_number_value(json_object_get(param, "max"));
    if ((float)value >= (float)min && (float)value <= (float)max) return true;
    const char *unit = json_string_value(json_object_get(param, "unit"));
    snprintf(why, WHY_BYTES, "%g is not within %g..%g%s%s of `%.60s`", value, min, max,
             unit && *unit ? " " : "", unit ? unit : "", name_of(param));
    return false;
}

const json_t *patch_param(patch_names *n, const char *node, const char *port, char why[200]) {
    const char *type = type_of(n, node);
    if (!type) {
        say_no_node(n, node, why);
        return NULL;
    }
    const json_t *params = json_object_get(module_of(n, type), "params"), *p;
    size_t i;
    json_array_foreach(params, i, p) if (strcmp(name_of(p), port) == 0) return p;
    say_no_param(params, port, why);
    return NULL;
}

bool param_takes(const json_t *param, const char *choice, double *value, char why[200]) {
    return (!choice || choose(param, choice, value, why)) && in_range(param, *value, why);
}

double longest_delay_seconds(patch_names *names) {
    double longest = 0;
    for (size_t i = 0; i < mega_patch_node_count(names->patch); i++) {
        mega_node_info node = mega_patch_node(names->patch, i);
        if (node.per_voice) continue; // the engine knows when a voice has ended
        const json_t *m = module_of(names, node.type);
        double memory = json_number_value(json_object_get(m, "memory_seconds"));
        double tail = json_number_value(json_object_get(m, "tail_seconds"));
        if (memory > longest) longest = memory;
        if (tail > longest) longest = tail;
    }
    return longest;
}
