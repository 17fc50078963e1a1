// SPDX-License-Identifier: MIT
// events -- the queue of what is to come; see events.h.
#include "core/events.h"

#include "core/heap.h"
#include "core/memory.h"

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

MEGA_HEAP(heap, mega_event, before)

bool mega_queue_push(mega_queue *queue, const mega_event *event) {
    if (queue->count == MEGA_EVENTS_MAX) return false;
    mega_event item = *event;
    item.arrival = queue->arrivals++;
    queue->beginnings += begins(event);
    heap_up(queue->events, queue->count++, &item);
    return true;
}

const mega_event *mega_queue_peek(const mega_queue *queue) {
    return queue->count ? &queue->events[0] : NULL;
}

void mega_queue_pop(mega_queue *queue) {
    queue->beginnings -= begins(&queue->events[0]);
    mega_event last = queue->events[--queue->count];
    if (queue->count) heap_down(queue->events, queue->count, 0, &last);
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
        heap_down(queue->events, kept, i, &item);
    }
}
