// SPDX-License-Identifier: MIT
// param -- parameters of nodes, set while it sounds.
#include "requests/param_number.h"
#include "synths/synth.h"

void validate_param_set(call *c) {
    if (call_has_document(c)) param_number(c, false);
}

void apply_param_set(call *c) {
    int32_t number = param_number(c, false);
    if (number < 0) return;
    call_check(c, mega_param_set(c->synth->input.engine, call_engine_frame(c), number,
                                 (float)arg_number(c, "value", 0), param_ramp_seconds(c)));
}
