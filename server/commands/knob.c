// SPDX-License-Identifier: MIT
// knob -- the patch's knobs, 0..1, and its presets.
#include "clients/session.h"
#include "requests/requests.h"
#include "synths/synth.h"

/// The engine's number of what `name` names. @return -1, having failed
static int32_t number_of(call *c, const json_t *names, const char *kind) {
    const char *name = arg_text(c, "name");
    const json_t *number = json_object_get(names, name);
    if (number) return (int32_t)json_integer_value(number);
    call_fail(c, CODE_NOT_FOUND, "name", "no %s `%s`", kind, name);
    char none[64];
    snprintf(none, sizeof none, "this patch has no %ss", kind);
    if (json_object_size(names) == 0) call_note(c, "hint", "%s", none);
    else call_hint_keys(c, name, names);
    return -1;
}

static int32_t knob_number(call *c) { return number_of(c, c->synth->knobs, "knob"); }
static int32_t preset_number(call *c) { return number_of(c, c->synth->presets, "preset"); }

void validate_knob_set(call *c) {
    if (arg_within(c, "value", 0, 1) && arg_within(c, "ramp_ms", 0, 1e6) && call_has_document(c))
        knob_number(c);
}

void apply_knob_set(call *c) {
    double value = arg_number(c, "value", 0);
    float ramp = arg_given(c, "ramp_ms") ? (float)(arg_number(c, "ramp_ms", 0) * 0.001) : -1.0f;
    int32_t number = knob_number(c);
    if (c->code || !call_check(c, mega_knob_ramp(c->synth->input.engine, call_engine_frame(c),
                                                 number, (float)value, ramp)))
        return;
    if (notice_wanted(c->server, TOPIC_knob))
        notice_send(c->server, TOPIC_knob,
                    json_pack("{s:s, s:s, s:f, s:I}", "synth", c->synth->name, "name",
                              arg_text(c, "name"), "value", value, "frame",
                              (json_int_t)c->affects));
}

void validate_preset_recall(call *c) {
    if (arg_within(c, "morph_ms", 0, 1e6) && call_has_document(c)) preset_number(c);
}

void apply_preset_recall(call *c) {
    int32_t number = preset_number(c);
    if (c->code) return;
    call_check(c, mega_preset_recall(c->synth->input.engine, call_engine_frame(c), number,
                                     (float)(arg_number(c, "morph_ms", 0) * 0.001)));
}
