// SPDX-License-Identifier: MIT
// calls -- a recording of the public calls that change an engine, from which replay.c makes the
// same bits.
//
// What an engine gives depends on the calls and on when each role saw what the others had done. So
// a recording holds three lists: CONTROL's calls, with what each of them observed of the audio
// role; EVENT's events, in order; and the audio role's blocks, with what each of them took from the
// others. EVENT and AUDIO put theirs into rings, which CONTROL empties; what does not fit is
// counted as lost. Sound from outside (inputs, the host's buses) is not kept.
#ifndef MEGA_CALLS_H
#define MEGA_CALLS_H

#include "core/text.h"
#include "render/witness.h"

struct json_t;
struct mega_program;

enum {
    MEGA_CALLS_EVENTS_MAX = 1 << 15, ///< in the ring: two full rings of events
    MEGA_CALLS_BLOCKS_MAX = 1 << 13, ///< 10 s of blocks at 48 kHz, if something happens in each
    MEGA_CALLS_BYTES_MAX = 64 << 20, ///< of text that was not taken yet
};

/// Where a replay stands: it gives each role what the recorded one saw.
typedef struct {
    void (*advance)(void *context, uint64_t taken); ///< renders until so many programs were taken
    void *context;
    struct json_t *observed; ///< of the call under way
    size_t observed_next;
    mega_witness_block block; ///< that is rendered
    bool strayed;             ///< a call observed something else than the recorded one
} mega_calls_replay;

typedef struct mega_calls {
    // CONTROL
    struct json_t *call; ///< under way, being recorded
    uint32_t depth;      ///< public calls make public calls: the outermost counts
    mega_text text;      ///< lines that were not taken yet
    bool begun;          ///< the first line was written
    uint64_t lost_told;
    // EVENT and AUDIO -> CONTROL
    mega_ring events;
    mega_witness witness;      ///< of blocks; counts the events that are lost too
    mega_calls_replay *replay; ///< NULL: recording
} mega_calls;

/// @return NULL without memory
mega_calls *mega_calls_create(void);
void mega_calls_destroy(mega_calls *calls);

// ---- CONTROL -----------------------------------------------------------------------------------

/// Begins the record of a public call. @return its arguments, to be filled; NULL: nothing is
/// recorded
struct json_t *mega_calls_begin(mega_engine *e, const char *name);
void mega_calls_end(mega_engine *e);
static inline void mega_calls_leave(mega_engine **e) { mega_calls_end(*e); }
/// At the start of a public function, after its role: `call` is where its arguments go.
#define MEGA_CALL(engine, name)                                                                    \
    __attribute__((cleanup(mega_calls_leave))) mega_engine *mega_calls_of = (engine);              \
    struct json_t *call = mega_calls_begin(mega_calls_of, name);                                   \
    (void)call
void mega_calls_put_text(struct json_t *call, const char *key, const void *text, size_t bytes);
void mega_calls_put_number(struct json_t *call, const char *key, double number);
void mega_calls_put_count(struct json_t *call, const char *key, uint64_t count);
void mega_calls_put_numbers(struct json_t *call, const char *key, const int32_t *numbers,
                            size_t count);
void mega_calls_put_patch(struct json_t *call, const mega_patch *patch);

/// What CONTROL reads of the other roles goes through this: noted, or in a replay what was noted
/// then.
uint64_t mega_calls_observe(const mega_engine *e, uint64_t live);
float mega_calls_observe_float(const mega_engine *e, float live);
/// The number of programs that the audio role has taken; in a replay it takes as many first.
uint64_t mega_calls_observe_taken(mega_engine *e);
/// Whether the audio role had not taken `first` yet, which is replaced then.
bool mega_calls_replace(mega_engine *e, struct mega_program *first, struct mega_program *next);

// ---- EVENT -------------------------------------------------------------------------------------

void mega_calls_event(mega_engine *e, const mega_event *event);

#endif
