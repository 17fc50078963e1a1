// SPDX-License-Identifier: MIT
#include "live/perform.h"

#include <math.h>
#include <poll.h>
#include <string.h>

static const double silent_peak = 1e-4, tail_step_seconds = 0.1;

/// Refused because the note has ended by itself, or all have: `render` passes over such events,
/// too.
static bool is_too_late(const packet *p) {
    const char *what = strstr(p->address, "/note/");
    return what && strcmp(p->code, "not-found") == 0 &&
           (strcmp(what, "/note/off") == 0 || strcmp(what, "/note/set") == 0);
}

/// Takes in what has come. @return false after a message
static bool take(client *c, double seconds) {
    packet p;
    link_status status = link_receive(c->link, fmax(0, seconds), &p);
    if (status == LINK_TIMEOUT || status == LINK_INTERRUPTED) return true;
    if (status != LINK_OK) {
        c->code = client_link_error(c, status, "/note/on");
        return false;
    }
    bool good = p.kind != PACKET_FAIL || is_too_late(&p);
    if (!good) c->code = client_refusal(c, &p);
    packet_finish(&p);
    return good;
}

bool perform_wait(client *c, double until) {
    while (!interrupted && clock_seconds() < until)
        if (!take(c, fmin(until - clock_seconds(), 3600))) return false;
    return true;
}

// ---- a sequence --------------------------------------------------------------------------------

static bool send_event(client *c, const mega_sequence *s, const mega_timed_event *e,
                       uint64_t first_frame) {
    char room[320];
    int32_t id;
    const char *address;
    json_t *map = event_request(s, e, &address);
    if (e->kind == EVENT_PANIC && c->synth) address = "/note/all_off"; // others play there, too
    if (map) {
        json_t *at = json_pack("{s:I}", "frame", (json_int_t)(first_frame + e->frame));
        json_object_set_new(map, "at", at);
    }
    address = client_address(c, address, room);
    link_status status = link_request(c->link, address, map, &id);
    json_decref(map);
    if (status == LINK_OK) return true;
    c->code = client_link_error(c, status, address);
    return false;
}

/// How long before its time an event is sent: all but a panic, which happens when it comes.
static double ahead_of(const mega_timed_event *e) {
    return e->kind == EVENT_PANIC ? 0 : PERFORM_AHEAD_SECONDS;
}

bool perform_sequence(client *c, const mega_sequence *s, uint64_t first_frame, double began,
                      double until) {
    for (size_t i = 0; i < s->count; i++) {
        double due = began + (double)s->events[i].frame / s->rate - ahead_of(&s->events[i]);
        if (!perform_wait(c, fmin(due, until))) return false;
        if (interrupted || due > until) break;
        if (!send_event(c, s, &s->events[i], first_frame) || !take(c, 0)) return false;
    }
    return perform_wait(c, fmin(began + (double)mega_sequence_end(s) / s->rate, until));
}

/// Whether the synth is silent; on a server that others play on as well its voices alone tell.
static bool is_quiet(const client *c, const json_t *status, bool shared) {
    const json_t *synth =
        json_object_get(json_object_get(status, "synths"), c->synth ? c->synth : "main");
    return number_in(synth, "voices") == 0 &&
           (shared || number_in(status, "level_peak") < silent_peak);
}

bool perform_tail(client *c, double seconds_max, bool shared) {
    double until = clock_seconds() + seconds_max;
    int silent = 0;
    while (silent < 3 && clock_seconds() < until && !interrupted) {
        if (!perform_wait(c, clock_seconds() + tail_step_seconds)) return false;
        json_t *status = client_call(c, "/status", NULL);
        if (!status) return c->code == CLI_INTERRUPTED;
        silent = is_quiet(c, status, shared) ? silent + 1 : 0;
        json_decref(status);
    }
    return true;
}
