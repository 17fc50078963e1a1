// SPDX-License-Identifier: MIT
// event_request -- an event of a sequence as the server's command for it.
#include <stdlib.h>
#include <string.h>

#include "live/perform.h"

/// The keys of /note/set, by mega_note_expression; and what /note/control calls it, by
/// mega_controller.
static const char *const expressions[] = {[MEGA_NOTE_BEND] = "bend",
                                          [MEGA_NOTE_PRESSURE] = "pressure",
                                          [MEGA_NOTE_TIMBRE] = "timbre",
                                          [MEGA_NOTE_SET_KEY] = "key",
                                          [MEGA_NOTE_SET_VELOCITY] = "velocity"};
static const char *const controllers[] = {[MEGA_CONTROL_BEND] = "bend",
                                          [MEGA_CONTROL_PRESSURE] = "pressure",
                                          [MEGA_CONTROL_TIMBRE] = "timbre",
                                          [MEGA_CONTROL_SUSTAIN] = "sustain",
                                          [MEGA_CONTROL_SOSTENUTO] = "sostenuto"};

static json_t *with_ramp(json_t *map, float seconds) {
    if (seconds >= 0) json_object_set_new(map, "ramp_ms", json_real((double)seconds * 1000));
    return map;
}

/// A list of operations, or a whole document.
static json_t *edit_map(const mega_sequence_edit *edit) {
    json_t *map = json_pack("{s:f}", "fade_ms", (double)edit->fade_ms);
    char *text = NULL;
    size_t bytes;
    if (edit->operations)
        json_object_set_new(map, "ops", json_loadb(edit->operations, edit->bytes, 0, NULL));
    else if (mega_patch_write(edit->patch, MEGA_FORMAT_JSON, &text, &bytes) == MEGA_OK) {
        json_object_set_new(map, "text", json_string(text));
        json_object_set_new(map, "format", json_string("json"));
    }
    mega_free(text);
    return map;
}

/// Clients name a note by a number of their own.
static json_t *note_map(int32_t note) { return json_pack("{s:i}", "id", note + 1); }

json_t *event_request(const mega_sequence *s, const mega_timed_event *e, const char **address) {
    const mega_sequence_name *name =
        e->target >= 0 && (size_t)e->target < s->name_count ? &s->names[e->target] : NULL;
    double value = (double)e->value;
    json_t *map = NULL;
    switch (e->kind) {
    case EVENT_NOTE_ON:
        *address = "/note/on";
        map = note_map(e->target);
        json_object_set_new(map, "key", json_real(value));
        json_object_set_new(map, "velocity", json_real((double)e->detail));
        break;
    case EVENT_NOTE_OFF:
        *address = "/note/off";
        map = note_map(e->target);
        break;
    case EVENT_NOTE_SET:
        *address = "/note/set";
        map = note_map(e->note);
        json_object_set_new(map, expressions[e->target], json_real(value));
        break;
    case EVENT_NOTE_PARAM:
        *address = "/note/set";
        map = with_ramp(note_map(e->note), e->detail);
        json_object_update_new(map, json_pack("{s:s, s:s, s:f}", "node", name->node, "param",
                                              name->port, "value", value));
        break;
    case EVENT_CONTROL:
        *address = "/note/control";
        map = json_pack("{s:s, s:f}", "what", controllers[e->target], "value", value);
        break;
    case EVENT_KNOB:
        *address = "/knob/set";
        map = with_ramp(json_pack("{s:s, s:f}", "name", name->port, "value", value), e->detail);
        break;
    case EVENT_PARAM:
        *address = "/param/set";
        map = with_ramp(
            json_pack("{s:s, s:s, s:f}", "node", name->node, "param", name->port, "value", value),
            e->detail);
        break;
    case EVENT_PRESET:
        *address = "/preset/recall";
        map = json_pack("{s:s, s:f}", "name", name->port, "morph_ms", (double)e->detail * 1000);
        break;
    case EVENT_ALL_OFF:
        *address = "/note/all_off";
        map = json_object();
        break;
    case EVENT_EDIT:
        *address = s->edits[e->target].operations ? "/patch/edit" : "/patch/load";
        map = edit_map(&s->edits[e->target]);
        break;
    case EVENT_PANIC: *address = "/panic"; break; // has no time of its own
    }
    return map;
}
