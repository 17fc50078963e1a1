// SPDX-License-Identifier: MIT
// written -- a parameter's value as documents have it.
#include <string.h>

#include "core.h"

static const char *word(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/// A module's row as the engine describes it; to be released.
static json_t *row_of(const char *type) {
    const mega_module *module = mega_module_find(type);
    char *text = module ? mega_module_describe_json(module) : NULL;
    json_t *row = text ? json_loads(text, 0, NULL) : NULL;
    mega_free(text);
    return row;
}

static const json_t *param_of(const json_t *row, const char *port) {
    size_t i;
    json_t *param;
    json_array_foreach(json_object_get(row, "params"), i, param) {
        if (strcmp(word(param, "name"), port) == 0) return param;
    }
    return NULL;
}

static json_t *as_written(const json_t *param, float value) {
    json_t *choices = json_object_get(param, "choices");
    json_t *choice = choices && value >= 0 ? json_array_get(choices, (size_t)value) : NULL;
    return choice ? json_incref(choice) : synth_atom_json(&(mega_atom){NULL, (double)value});
}

json_t *synth_value_json(const char *type, const char *port, float value) {
    json_t *row = row_of(type), *json = as_written(param_of(row, port), value);
    json_decref(row);
    return json;
}
