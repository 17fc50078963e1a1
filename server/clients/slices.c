// SPDX-License-Identifier: MIT
#include "clients/slices.h"

static struct {
    uv_idle_t idle;
    slice *first, *last;
} ring;

uint64_t slices_end_time(void) { return now_ns() + limit_slice_us * UINT64_C(1000); }

/// Some turns, then back to the sockets: whoever has sent little is served from there.
static void on_idle(uv_idle_t *idle) {
    uint64_t end = now_ns() + limit_turns_us * UINT64_C(1000);
    while (ring.first && now_ns() < end) {
        slice *t = ring.first;
        slices_remove(t);
        if (t->serve(t)) slices_add(t);
    }
    if (!ring.first) uv_idle_stop(idle);
}

void slices_begin(server *s) { uv_idle_init(&s->loop, &ring.idle); }

void slices_end(server *s) {
    (void)s;
    while (ring.first) slices_remove(ring.first);
    uv_close((uv_handle_t *)&ring.idle, NULL);
}

void slices_add(slice *t) {
    if (t->listed) return;
    t->listed = true;
    t->next = NULL;
    t->previous = ring.last;
    if (ring.last) ring.last->next = t;
    else ring.first = t;
    ring.last = t;
    if (!uv_is_active((uv_handle_t *)&ring.idle)) uv_idle_start(&ring.idle, on_idle);
}

void slices_remove(slice *t) {
    if (!t->listed) return;
    t->listed = false;
    if (t->previous) t->previous->next = t->next;
    else ring.first = t->next;
    if (t->next) t->next->previous = t->previous;
    else ring.last = t->previous;
}
