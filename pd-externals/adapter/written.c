// SPDX-License-Identifier: MIT
// written -- a parameter's value as documents have it.
#include "core.h"

json_t *synth_value_json(const mega_patch *patch, const char *node, const char *port, float value) {
    mega_param_info param = {0};
    if (patch) mega_module_param_named(mega_patch_node_module(patch, node), port, &param);
    bool choice = value >= 0 && (size_t)value < param.choice_count;
    return choice ? json_string(param.choices[(size_t)value])
                  : synth_atom_json(&(mega_atom){NULL, (double)value});
}
