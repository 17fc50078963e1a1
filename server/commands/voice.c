// SPDX-License-Identifier: MIT
// voice -- voices without a note, and the buses of their ports.
#include <string.h>

#include "clients/session.h"
#include "requests/change.h"
#include "synths/buses.h"
#include "synths/client_taps.h"
#include "synths/sound.h"

/// On the builder: every output port of every node that each voice has; {node: {port: engine's
/// bus}}
static void open_ports(call *c) {
    const mega_patch *patch = change_document(c);
    if (!patch) return;
    json_t *map = json_object();
    for (size_t i = 0; i < mega_patch_node_count(patch); i++) {
        mega_node_info node = mega_patch_node(patch, i);
        if (node.per_voice) json_object_set_new(map, node.id, json_string(node.type));
    }
    const char *id;
    json_t *type;
    void *next;
    // opening a bus may let go of the patch: its texts are not used from here on
    json_object_foreach_safe(map, next, id, type) {
        const mega_module *module = mega_module_find(json_string_value(type));
        json_t *ports = json_object();
        for (size_t i = 0; i < mega_module_describe(module).output_count; i++) {
            const char *port = mega_module_output(module, i).name;
            int32_t number = mega_bus_open(c->synth->input.engine, id, port, NULL);
            if (number >= 0) json_object_set_new(ports, port, json_integer(number));
        }
        json_object_set_new(map, id, ports);
    }
    c->answer = map;
}

/// Without a voice the ports are closed.
static void number_ports(call *c, json_t *map, mega_note voice) {
    const char *node, *port;
    json_t *ports, *bus_number;
    json_object_foreach(map, node, ports) json_object_foreach(ports, port, bus_number) {
        int32_t engine_bus = (int32_t)json_integer_value(bus_number);
        if (!voice) {
            bus_close_port(c->server->buses, c->synth, engine_bus);
            continue;
        }
        bus *made = bus_of_port(c->server->buses, c->synth, node, port, engine_bus, voice);
        json_object_set_new(ports, port, json_integer(made ? made->number : 0));
    }
}

static void reserve(task *t) {
    call *c = &t->calls[0];
    note_entry entry = {.session = c->from->number,
                        .id = arg_integer(c, "id", -1),
                        .key = (float)arg_number(c, "key", 60),
                        .reserved = true};
    if (c->code) return;
    if (!call_check(
            c, mega_voice_reserve(c->synth->input.engine, MEGA_NOW, entry.key, &entry.handle))) {
        number_ports(c, c->answer, 0);
        return;
    }
    notes_add(c->synth->notes, &entry);
    json_t *map = c->answer;
    number_ports(c, map, entry.handle);
    c->answer = json_pack("{s:I, s:o}", "voice", (json_int_t)entry.handle, "buses", map);
    c->affects = sound_frame(c->server->sound);
}

void command_voice_alloc(call *c) {
    if (!arg_within(c, "key", 0, 127) || !arg_within(c, "id", 0, 9e15)) return;
    c->task->landed = reserve;
    open_ports(c);
}

void validate_voice_free(call *c) {
    mega_note voice = (mega_note)arg_integer(c, "voice", 0);
    if (call_has_document(c) && !notes_is_reserved(c->synth->notes, voice))
        call_fail(c, CODE_NOT_FOUND, "voice", "no reserved voice of that handle");
}

void apply_voice_free(call *c) {
    mega_note voice = (mega_note)arg_integer(c, "voice", 0);
    if (!call_check(c, mega_voice_free(c->synth->input.engine, call_engine_frame(c), voice)))
        return;
    notes_remove(c->synth->notes, voice, NULL);
    uint32_t at = 0;
    for (const bus *b; (b = bus_next(c->server->buses, &at));)
        if (b->synth == c->synth && b->voice == voice) taps_of_bus_end(c->server, b->number);
    buses_forget(c->server->buses, c->synth, voice);
}

void command_voice_list(call *c) {
    if (!call_has_document(c)) return;
    json_t *sounding = json_array(), *reserved = json_array();
    uint32_t at = 0;
    for (const note_entry *e; (e = notes_next(c->synth->notes, &at));) {
        if (e->coming) continue;
        json_t *entry =
            json_pack("{s:I, s:f}", "note", (json_int_t)e->handle, "key", (double)e->key);
        if (e->id >= 0) json_object_set_new(entry, "id", json_integer(e->id));
        json_array_append_new(e->reserved ? reserved : sounding, entry);
    }
    c->answer = json_pack("{s:I, s:o, s:o}", "voices",
                          (json_int_t)mega_counters_get(c->synth->input.engine).voices_active,
                          "notes", sounding, "reserved", reserved);
}
