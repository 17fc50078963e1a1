// SPDX-License-Identifier: MIT
// events -- what the roles tell each other, and the audio role's queue of what is to come.
#ifndef MEGA_EVENTS_H
#define MEGA_EVENTS_H

#include "core/ring.h"
#include "megasynth.h"

enum {
    MEGA_EVENTS_MAX = 16384, ///< in the ring, and in the queue: seconds of dense automation
    MEGA_ENDED_MAX = 8192,   ///< notes that have ended and were not asked for yet
    MEGA_GARBAGE_MAX =
        256, ///< programs given back and not freed yet: three of each scheduled change
};

typedef enum {
    MEGA_EVENT_NOTE_ON,
    MEGA_EVENT_NOTE_OFF,
    MEGA_EVENT_KEY_OFF,
    MEGA_EVENT_NOTE_SET,
    MEGA_EVENT_CONTROLLER,
    MEGA_EVENT_ALL_OFF,
    MEGA_EVENT_KNOB,
    MEGA_EVENT_PARAM,
    MEGA_EVENT_PRESET,
    MEGA_EVENT_RESERVE,
    MEGA_EVENT_FREE,
    MEGA_EVENT_NOTE_PARAM,
} mega_event_type;

typedef struct {
    uint64_t frame;
    uint64_t arrival; ///< among events of one frame; set by the queue
    mega_note note;
    uint32_t type;     ///< mega_event_type
    int32_t target;    ///< knob, param, expression, controller
    float value, more; ///< key and velocity; value and ramp seconds
    uint32_t sent;     ///< its position in the ring
} mega_event;

/// A binary heap by (frame, arrival).
typedef struct {
    mega_event *events; ///< MEGA_EVENTS_MAX
    uint32_t count;
    uint32_t beginnings; ///< of these, events that make a note or reserve a voice
    uint64_t arrivals;
} mega_queue;

bool mega_queue_init(mega_queue *queue);
void mega_queue_finish(mega_queue *queue);
/// @return false if the queue is full
bool mega_queue_push(mega_queue *queue, const mega_event *event);
/// The earliest, or NULL.
const mega_event *mega_queue_peek(const mega_queue *queue);
void mega_queue_pop(mega_queue *queue);
/// Takes out what `gone` says yes to, in no order.
typedef bool mega_queue_test(void *context, const mega_event *event);
void mega_queue_remove(mega_queue *queue, mega_queue_test *gone, void *context);

#endif
