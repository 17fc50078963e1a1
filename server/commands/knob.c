// SPDX-License-Identifier: MIT
// knob -- the patch's knobs, 0..1, and its presets.
#include "clients/session.h"
#include "requests/requests.h"
#include "synths/synth.h"

void command_knob_set(call *c) {
    if (!call_has_document(c)) return;
    const char *name = arg_text(c, "name");
    const json_t *number = json_object_get(c->synth->knobs, name);
    if (!number) {
        call_fail(c, CODE_NOT_FOUND, "name", "no knob `%s`", name);
        call_hint_keys(c, name, c->synth->knobs);
        return;
    }
    if (!arg_within(c, "value", 0, 1) || !arg_within(c, "ramp_ms", 0, 1e6) || c->checking) return;
    double value = arg_number(c, "value", 0);
    float ramp = arg_given(c, "ramp_ms") ? (float)(arg_number(c, "ramp_ms", 0) * 0.001) : -1.0f;
    if (!call_check(c, mega_knob_ramp(c->synth->input.engine, call_engine_frame(c),
                                      (int32_t)json_integer_value(number), (float)value, ramp)))
        return;
    if (notice_wanted(c->server, TOPIC_knob))
        notice_send(c->server, TOPIC_knob,
                    json_pack("{s:s, s:s, s:f, s:I}", "synth", c->synth->name, "name", name,
                              "value", value, "frame", (json_int_t)c->affects));
}

void command_preset_recall(call *c) {
    if (!call_has_document(c)) return;
    const char *name = arg_text(c, "name");
    const json_t *number = json_object_get(c->synth->presets, name);
    if (!number) {
        call_fail(c, CODE_NOT_FOUND, "name", "no preset `%s`", name);
        call_hint_keys(c, name, c->synth->presets);
        return;
    }
    if (!arg_within(c, "morph_ms", 0, 1e6) || c->checking) return;
    call_check(c, mega_preset_recall(c->synth->input.engine, call_engine_frame(c),
                                     (int32_t)json_integer_value(number),
                                     (float)(arg_number(c, "morph_ms", 0) * 0.001)));
}
