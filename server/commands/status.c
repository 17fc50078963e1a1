// SPDX-License-Identifier: MIT
// status -- how the server is, and what it can be asked for.
#include "commands/status.h"

#include "clients/net.h"
#include "requests/requests.h"
#include "synths/peaks.h"
#include "synths/sound.h"
#include "synths/synth.h"

static json_t *synth_status(const synth *s) {
    mega_counters n = mega_counters_get(s->input.engine);
    return json_pack(
        "{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "loaded",
        s->nodes != NULL, "rev", (json_int_t)s->rev, "voices", (json_int_t)n.voices_active, "held",
        (json_int_t)n.voices_held, "notes", (json_int_t)n.notes_started, "stolen",
        (json_int_t)n.notes_stolen, "dropped", (json_int_t)(n.notes_dropped + n.events_dropped),
        "late", (json_int_t)n.events_late, "nan",
        (json_int_t)(n.lanes_silenced + n.outputs_silenced), "swaps",
        (json_int_t)n.programs_swapped, "memory", (json_int_t)n.memory_bytes, "named_notes",
        (json_int_t)notes_count(s->notes), "fader", (double)atomic_load(&s->input.fader));
}

static json_t *device_status(server *s, const audio_status *a) {
    audio_description d = audio_describe(sound_audio(s->sound));
    return json_pack("{s:s, s:s*, s:s, s:i, s:i, s:i, s:i, s:f, s:b, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "backend", audio_backend_name(d.backend), "name", d.name, "state",
                     audio_state_name(a->state), "rate", (int)d.rate, "inputs", (int)d.inputs,
                     "outputs", (int)d.outputs, "period", (int)a->call_frames, "latency",
                     a->output_latency_seconds, "realtime", a->realtime == REALTIME_TAKEN, "losses",
                     (json_int_t)a->losses, "reopened", (json_int_t)a->reopened, "not_finite",
                     (json_int_t)a->not_finite, "over", (json_int_t)a->over, "input_dropped",
                     (json_int_t)a->input_dropped, "input_repaired", (json_int_t)a->input_repaired);
}

json_t *status_of_synths(server *s) {
    json_t *map = json_object();
    for (const synth *at = s->synths; at; at = at->next)
        if (at->state == SYNTH_LIVE && !at->leaving)
            json_object_set_new(map, at->name, synth_status(at));
    return map;
}

void command_status(call *c) {
    server *s = c->server;
    audio_status a = peaks_status(s);
    peaks highest = peaks_read(s, c->from);
    uint64_t voices = 0, memory = 0;
    for (const synth *at = s->synths; at; at = at->next) {
        if (at->state != SYNTH_LIVE) continue;
        mega_counters n = mega_counters_get(at->input.engine);
        voices += n.voices_active;
        memory += n.memory_bytes;
    }
    c->answer = json_pack(
        "{s:I, s:{s:f, s:f}, s:I, s:I, s:I, s:I, s:f, s:I, s:{s:i, s:I, s:I}, s:f, s:o, s:o, "
        "s:{s:I, s:I, s:I, s:I, s:I}}",
        "frame", (json_int_t)sound_frame(s->sound), "load", "mean", a.load_mean, "peak",
        highest.load, "xruns", (json_int_t)(a.xruns + a.late), "late", (json_int_t)s->tally.late,
        "voices", (json_int_t)voices, "memory", (json_int_t)memory, "level_peak",
        (double)highest.level, "clients", (json_int_t)s->session_count, "queues", "build",
        (int)builder_waiting(s->builder), "unread_bytes", (json_int_t)net_queued_bytes(s),
        "streams", (json_int_t)net_stream_count(s), "uptime",
        (double)(now_ns() - s->started_ns) * 1e-9, "device", device_status(s, &a), "synths",
        status_of_synths(s), "counts", "packets", (json_int_t)s->tally.packets, "commands",
        (json_int_t)s->tally.commands, "failures", (json_int_t)s->tally.failures, "failures_unsaid",
        (json_int_t)s->tally.failures_unsaid, "cut", (json_int_t)s->tally.cut);
}

static json_t *arguments_of(const command *row) {
    json_t *list = json_array();
    for (size_t i = 0; i < row->count; i++) {
        const argument *a = &row->parsed[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b, s:b}", "key", a->key, "type",
                                              argument_type_name(a->type), "optional", a->optional,
                                              "named", a->named, "rest", a->rest));
    }
    return list;
}

static json_t *keys_of(const argument *keys, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "key", keys[i].key, "type",
                                              argument_type_name(keys[i].type), "optional",
                                              keys[i].optional));
    return list;
}

static json_t *answer_of(const command *row) {
    json_t *list = keys_of(row->answers, row->answer_count);
    for (size_t i = 0; i < row->answer_count; i++) {
        const shape *s = command_shape(row, row->answers[i].key);
        if (s)
            json_object_set_new(json_array_get(list, i), "holds",
                                json_pack("{s:s, s:o}", "form", shape_form_name(s), "keys",
                                          keys_of(s->holds, s->count)));
    }
    return list;
}

void command_command_list(call *c) {
    json_t *list = json_array(), *codes = json_object();
    for (size_t i = 0; i < command_count(); i++) {
        const command *row = command_get(i);
        json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:s, s:s, s:b, s:b, s:b}", "address", row->address,
                            "arguments", arguments_of(row), "answer", answer_of(row), "route",
                            route_name(row->route), "doc", row->doc, "synth",
                            (row->flags & FLAG_SYNTH) != 0, "timed", (row->flags & FLAG_TIMED) != 0,
                            "bundle", (row->flags & FLAG_BUNDLE) != 0));
    }
    // Example: CODE(LATE, "late", "...")  Becomes: json_object_set_new(codes, "late",
    // json_string("..."));
#define CODE(name, word, doc) json_object_set_new(codes, word, json_string(doc));
#include "protocol/codes.def"
#undef CODE
    c->answer = json_pack("{s:o, s:o}", "commands", list, "codes", codes);
}
