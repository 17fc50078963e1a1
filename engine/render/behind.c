// SPDX-License-Identifier: MIT
#include "render/behind.h"

#include "session/engine.h"
#include "render/turn.h"

static bool is_under_way(mega_engine *e) { return e->coming || mega_calls_is_asked(e); }

static bool keep(mega_behind *b, const mega_event *event) {
    if (b->count == MEGA_BEHIND_MAX) return false;
    b->events[b->count++] = *event;
    return true;
}

void mega_behind_turn(mega_engine *e, const mega_event *event) {
    bool known = mega_turn(e, event, false);
    bool kept = e->behind.changing && !mega_turn_is_older(e, event) && keep(&e->behind, event);
    if (kept) return;
    if (!known) MEGA_COUNT(e, events_dropped);
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
static void forget_older(mega_engine *e) {
    mega_behind *b = &e->behind;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        if (!mega_turn_is_older(e, &b->events[i])) b->events[kept++] = b->events[i];
        else if (!mega_turn_knows(e, &b->events[i])) MEGA_COUNT(e, events_dropped);
    }
    b->count = kept;
}

void mega_behind_follow(mega_engine *e) {
    mega_behind *b = &e->behind;
    forget_older(e);
    for (uint32_t i = 0; i < b->count; i++)
        if (!is_superseded(b, i)) mega_turn(e, &b->events[i], true);
}

uint32_t mega_behind_heard(const mega_engine *e) {
    const mega_behind *b = &e->behind;
    uint32_t heard = e->events.read;
    for (uint32_t i = 0; i < b->count; i++)
        if ((int32_t)(b->events[i].sent - heard) < 0) heard = b->events[i].sent;
    return heard;
}

void mega_behind_begin_block(mega_engine *e) {
    mega_behind *b = &e->behind;
    b->changing = is_under_way(e);
    if (b->changing) return;
    for (uint32_t i = 0; i < b->count; i++)
        if (!mega_turn_knows(e, &b->events[i])) MEGA_COUNT(e, events_dropped); // nothing had it
    b->count = 0;
}
