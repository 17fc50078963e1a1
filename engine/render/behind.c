// SPDX-License-Identifier: MIT
#include "render/behind.h"

#include "render/renderer.h"
#include "render/turn.h"

static bool is_under_way(mega_renderer *r) { return r->coming || mega_witness_is_asked(r); }

static bool keep(mega_behind *b, const mega_event *event) {
    if (b->count == MEGA_BEHIND_MAX) return false;
    b->events[b->count++] = *event;
    return true;
}

void mega_behind_turn(mega_renderer *r, const mega_event *event) {
    bool known = mega_turn(r, event, false);
    bool kept = r->behind.changing && !mega_turn_is_older(r, event) && keep(&r->behind, event);
    if (kept) return;
    if (!known) MEGA_COUNT(r, events_dropped);
}

/// Whether a later one turns the same.
static bool is_superseded(const mega_behind *b, uint32_t at) {
    const mega_event *event = &b->events[at];
    for (uint32_t i = at + 1; i < b->count; i++) {
        const mega_event *later = &b->events[i];
        if (later->type == event->type && later->target == event->target &&
            later->note == event->note)
            return true;
    }
    return false;
}

/// What is older than the program is older than those that follow it, too.
static void forget_older(mega_renderer *r) {
    mega_behind *b = &r->behind;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        if (!mega_turn_is_older(r, &b->events[i])) b->events[kept++] = b->events[i];
        else if (!mega_turn_knows(r, &b->events[i])) MEGA_COUNT(r, events_dropped);
    }
    b->count = kept;
}

void mega_behind_follow(mega_renderer *r) {
    mega_behind *b = &r->behind;
    forget_older(r);
    for (uint32_t i = 0; i < b->count; i++)
        if (!is_superseded(b, i)) mega_turn(r, &b->events[i], true);
}

uint32_t mega_behind_heard(const mega_renderer *r) {
    const mega_behind *b = &r->behind;
    uint32_t heard = r->events.read;
    for (uint32_t i = 0; i < b->count; i++)
        if ((int32_t)(b->events[i].sent - heard) < 0) heard = b->events[i].sent;
    return heard;
}

void mega_behind_begin_block(mega_renderer *r) {
    mega_behind *b = &r->behind;
    b->changing = is_under_way(r);
    if (b->changing) return;
    for (uint32_t i = 0; i < b->count; i++)
        if (!mega_turn_knows(r, &b->events[i])) MEGA_COUNT(r, events_dropped); // nothing had it
    b->count = 0;
}
