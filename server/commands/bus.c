// SPDX-License-Identifier: MIT
// bus -- buses that clients make, and ports of nodes that they listen to.
#include <stdio.h>
#include <string.h>

#include "requests/change.h"
#include "synths/client_taps.h"
#include "synths/sound.h"

enum { TAP_MS = 50 }; ///< between two notices of a tap

static bus *find_bus(call *c) {
    bus *found = bus_find(c->server->buses, arg_integer(c, "bus", 0));
    if (!found) call_fail(c, CODE_NOT_FOUND, "bus", "no bus has this number; /bus/list lists all");
    return found;
}

static json_t *describe(const bus *b) {
    if (!b->synth)
        return json_pack("{s:i, s:s, s:s, s:f}", "bus", b->number, "kind",
                         b->control ? "control" : "audio", "name", b->name, "value", b->value);
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:I}", "bus", b->number, "kind", "port", "synth",
                     b->synth->name, "node", b->node, "port", b->port, "voice",
                     (json_int_t)b->voice);
}

// ---- new --------------------------------------------------------------------------------------

/// On the builder: a port of a node.
static void open_port(task *t) {
    call *c = &t->calls[0];
    mega_report *report = mega_report_create();
    mega_engine *engine = change_engine(c);
    int32_t number =
        engine ? mega_bus_open(engine, arg_text(c, "node"), arg_text(c, "port"), report) : -1;
    if (number < 0) call_fail_report(c, MEGA_ERROR_NAME, report);
    c->number = number;
    mega_report_destroy(report);
}

static void port_opened(task *t) {
    call *c = &t->calls[0];
    if (c->code) return;
    bus *made = bus_of_port(c->server->buses, c->synth, arg_text(c, "node"), arg_text(c, "port"),
                            c->number, (mega_note)arg_integer(c, "voice", 0));
    if (made) {
        c->answer = json_pack("{s:i}", "bus", made->number);
        return;
    }
    call_fail(c, CODE_LIMIT, "", "too many buses");
}

void command_bus_new(call *c) {
    const char *kind = arg_text(c, "kind");
    if (arg_given(c, "node") != arg_given(c, "port")) {
        call_fail(c, CODE_BAD_TYPE, "port", "give `node` and `port` together");
        return;
    }
    if (arg_given(c, "node")) {
        c->later = true;
        c->task->work = open_port;
        c->task->landed = port_opened;
        builder_submit(c->server->builder, c->task);
        return;
    }
    bool control = kind && strcmp(kind, "control") == 0;
    if (kind && !control && strcmp(kind, "audio") != 0) {
        call_fail(c, CODE_BAD_VALUE, "kind", "no such kind: %s", kind);
        call_note(c, "want", "audio or control");
        return;
    }
    bus *made = bus_new(c->server->buses, control, arg_text(c, "name"));
    if (!made) {
        call_fail(c, CODE_LIMIT, "", "all %d buses are in use; free one with /bus/free",
                  MIXER_BUSES_MAX);
        return;
    }
    c->answer = json_pack("{s:i}", "bus", made->number);
}

// ---- values -----------------------------------------------------------------------------------

void command_bus_free(call *c) {
    bus *b = find_bus(c);
    if (!b) return;
    taps_of_bus_end(c->server, b->number);
    bus_free(c->server->buses, b);
}

void command_bus_set(call *c) {
    bus *b = find_bus(c);
    if (!b) return;
    if (!b->control) {
        call_fail(c, CODE_BAD_VALUE, "bus",
                  "an audio bus has no settable value; use a control bus");
        return;
    }
    if (!arg_within(c, "value", -1e9, 1e9)) return;
    b->value = arg_number(c, "value", 0);
    mixer_bus_set(c->server->mixer, (uint32_t)b->number, (float)b->value);
    c->affects = sound_frame(c->server->sound);
}

/// @return whether the tap could not be made
static bool tap_failed(call *c, code failed) {
    if (failed == CODE_LIMIT) {
        call_fail(c, CODE_LIMIT, "", "too many streamed buses; stop one with /bus/untap");
        call_note(c, "limit", "taps_max");
    } else if (failed) {
        call_fail(c, failed, "", "out of memory");
    }
    return failed != CODE_NONE;
}

/// @param l NULL: the bus has gone; the description alone is the answer
static void answer_levels(void *call_, const tap_levels *l) {
    call *c = call_;
    if (l)
        json_object_update_new(c->answer, json_pack("{s:f, s:f, s:f, s:I}", "value",
                                                    (double)l->last, "peak", (double)l->peak, "rms",
                                                    (double)l->rms, "frame", (json_int_t)l->frame));
    task_finish(c->task);
}

void command_bus_get(call *c) {
    bus *b = find_bus(c);
    if (!b) return;
    c->answer = describe(b);
    if (b->control) return;
    c->later = !tap_failed(c, taps_once(c->server, c->from, b, answer_levels, c));
}

void command_bus_list(call *c) {
    json_t *list = json_array();
    uint32_t at = 0;
    for (const bus *b; (b = bus_next(c->server->buses, &at));)
        json_array_append_new(list, describe(b));
    c->answer = json_pack("{s:o}", "buses", list);
}

void command_bus_tap(call *c) {
    bus *b = find_bus(c);
    if (!b || !arg_within(c, "every", 0, 65536) || !arg_within(c, "ms", 10, 10000)) return;
    uint32_t every = (uint32_t)arg_integer(c, "every", 0);
    uint64_t ms = (uint64_t)arg_integer(c, "ms", TAP_MS);
    if (tap_failed(c, taps_begin(c->server, c->from, b, every, ms))) return;
    c->answer = json_pack("{s:i, s:i, s:i}", "bus", b->number, "every", (int)every, "rate",
                          (int)sound_rate(c->server->sound));
}

void command_bus_untap(call *c) {
    bus *b = find_bus(c);
    if (b && !taps_end(c->server, c->from, b->number))
        call_fail(c, CODE_NOT_FOUND, "bus",
                  "this client does not stream this bus; /bus/tap starts that");
}
