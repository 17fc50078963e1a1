// SPDX-License-Identifier: MIT
// events -- wait-free rings, and the queue of what is to come; see events.h.
#include "core/events.h"

#include <string.h>

#include "core/memory.h"

bool mega_ring_init(mega_ring *ring, uint32_t count, uint32_t item_bytes) {
    atomic_init(&ring->written, 0);
    atomic_init(&ring->read, 0);
    ring->count = count;
    ring->item_bytes = item_bytes;
    ring->items = mega_calloc_touched(count, item_bytes);
    return ring->items != NULL;
}

void mega_ring_finish(mega_ring *ring) {
    free(ring->items);
    ring->items = NULL;
}

bool mega_ring_push(mega_ring *ring, const void *item) {
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    if (written - read == ring->count) return false;
    memcpy(ring->items + (size_t)(written & (ring->count - 1)) * ring->item_bytes, item,
           ring->item_bytes);
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

uint32_t mega_ring_room(const mega_ring *ring) {
    return ring->count - (atomic_load_explicit(&ring->written, memory_order_relaxed) -
                          atomic_load_explicit(&ring->read, memory_order_acquire));
}

bool mega_ring_pop(mega_ring *ring, void *item) {
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (written == read) return false;
    memcpy(item, ring->items + (size_t)(read & (ring->count - 1)) * ring->item_bytes,
           ring->item_bytes);
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}

bool mega_queue_init(mega_queue *queue) {
    *queue = (mega_queue){.events = mega_calloc_touched(MEGA_EVENTS_MAX, sizeof *queue->events)};
    return queue->events != NULL;
}

void mega_queue_finish(mega_queue *queue) {
    free(queue->events);
    queue->events = NULL;
}

static bool before(const mega_event *a, const mega_event *b) {
    return a->frame != b->frame ? a->frame < b->frame : a->arrival < b->arrival;
}

static bool begins(const mega_event *event) {
    return event->type == MEGA_EVENT_NOTE_ON || event->type == MEGA_EVENT_RESERVE;
}

/// Puts an event at `at` or above it.
static void sift_up(mega_queue *queue, uint32_t at, const mega_event *item) {
    while (at && before(item, &queue->events[(at - 1) / 2])) {
        queue->events[at] = queue->events[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->events[at] = *item;
}

/// Puts an event at `at` or below it.
static void sift_down(mega_queue *queue, uint32_t at, const mega_event *item) {
    uint32_t child;
    while ((child = 2 * at + 1) < queue->count) {
        if (child + 1 < queue->count && before(&queue->events[child + 1], &queue->events[child]))
            child++;
        if (!before(&queue->events[child], item)) break;
        queue->events[at] = queue->events[child];
        at = child;
    }
    queue->events[at] = *item;
}

bool mega_queue_push(mega_queue *queue, const mega_event *event) {
    if (queue->count == MEGA_EVENTS_MAX) return false;
    mega_event item = *event;
    item.arrival = queue->arrivals++;
    queue->beginnings += begins(event);
    sift_up(queue, queue->count++, &item);
    return true;
}

const mega_event *mega_queue_peek(const mega_queue *queue) {
    return queue->count ? &queue->events[0] : NULL;
}

void mega_queue_pop(mega_queue *queue) {
    queue->beginnings -= begins(&queue->events[0]);
    mega_event last = queue->events[--queue->count];
    if (queue->count) sift_down(queue, 0, &last);
}

void mega_queue_remove(mega_queue *queue, mega_queue_test *gone, void *context) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < queue->count; i++) {
        if (gone(context, &queue->events[i])) queue->beginnings -= begins(&queue->events[i]);
        else queue->events[kept++] = queue->events[i];
    }
    if (kept == queue->count) return;
    queue->count = kept;
    for (uint32_t i = kept / 2; i-- > 0;) { // a heap again: R. Floyd, "Treesort 3", CACM 1964
        mega_event item = queue->events[i];
        sift_down(queue, i, &item);
    }
}
