// SPDX-License-Identifier: MIT
#include "render/carryover.h"

#include "render/renderer.h"
#include "render/value_events.h"

static bool is_under_way(mega_renderer *r) { return r->coming || mega_witness_is_asked(r); }

static bool keep(mega_carryover *b, const mega_event *event) {
    if (b->count == MEGA_CARRYOVER_MAX) return false;
    b->events[b->count++] = *event;
    return true;
}

void mega_carryover_apply(mega_renderer *r, const mega_event *event) {
    bool known = mega_value_event_apply(r, event, false);
    bool kept =
        r->carryover.changing && !mega_value_event_is_older(r, event) && keep(&r->carryover, event);
    if (kept) return;
    if (!known) MEGA_COUNT(r, events_dropped);
}

/// Whether a later event sets the same value.
static bool is_superseded(const mega_carryover *b, uint32_t at) {
    const mega_event *event = &b->events[at];
    for (uint32_t i = at + 1; i < b->count; i++) {
        const mega_event *later = &b->events[i];
        if (later->type == event->type && later->target == event->target &&
            later->note == event->note)
            return true;
    }
    return false;
}

/// Forgets events older than the program: they are older than the following programs, too.
static void drop_older(mega_renderer *r) {
    mega_carryover *b = &r->carryover;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        if (!mega_value_event_is_older(r, &b->events[i])) b->events[kept++] = b->events[i];
        else if (!mega_value_event_is_known(r, &b->events[i])) MEGA_COUNT(r, events_dropped);
    }
    b->count = kept;
}

void mega_carryover_replay(mega_renderer *r) {
    mega_carryover *b = &r->carryover;
    drop_older(r);
    for (uint32_t i = 0; i < b->count; i++)
        if (!is_superseded(b, i)) mega_value_event_apply(r, &b->events[i], true);
}

uint32_t mega_carryover_applied(const mega_renderer *r) {
    const mega_carryover *b = &r->carryover;
    uint32_t applied = r->events.read;
    for (uint32_t i = 0; i < b->count; i++)
        if ((int32_t)(b->events[i].sent - applied) < 0) applied = b->events[i].sent;
    return applied;
}

void mega_carryover_begin_block(mega_renderer *r) {
    mega_carryover *b = &r->carryover;
    b->changing = is_under_way(r);
    if (b->changing) return;
    for (uint32_t i = 0; i < b->count; i++)
        if (!mega_value_event_is_known(r, &b->events[i]))
            MEGA_COUNT(r, events_dropped); // no program had its target
    b->count = 0;
}
