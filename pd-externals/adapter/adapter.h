// SPDX-License-Identifier: MIT
// adapter -- what [megasynth~] is in any host of patch cords: messages in, sound and messages out.
//
// Knows neither Pd nor Max. A shim turns the host's atoms into these, says where in time a message
// is, and calls `mega_adapter_tick` when it was asked to. What takes long (reading, compiling,
// writing) is done by a worker thread, which never calls the host: every callback comes from within
// a function of this header, on its caller's thread.
//
// Threads. Everything is called by one thread at a time (Pd's only one; in Max hold a lock), but
// for `mega_adapter_perform` and `mega_tap_perform`, which an audio thread may call meanwhile: they
// allocate nothing, lock nothing and wait for nobody.
#ifndef MEGA_ADAPTER_H
#define MEGA_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mega_adapter mega_adapter;
typedef struct mega_tap mega_tap;

/// A number, or a word.
typedef struct {
    const char *word; ///< NULL: a number
    double number;
} mega_atom;

/// Who hears an answer: the info outlet, or whoever was given a number by `mega_adapter_listen`.
typedef uint32_t mega_listener;
#define MEGA_INFO ((mega_listener)0)

/// What the host does for an adapter.
typedef struct {
    void *context;
    /// A message for the info outlet.
    void (*info)(void *context, const char *selector, size_t count, const mega_atom *atoms);
    /// An error for the host's console; the info outlet gets its `error` apart from this.
    void (*error)(void *context, const char *text);
    /// Asks for one `mega_adapter_tick` in `ms` (instead of one asked for before); 0: once all
    /// messages of this logical time have been given.
    void (*wake)(void *context, double ms);
    /// The path of a file that a message names, to be read (or written). @return false: not found
    bool (*path)(void *context, const char *name, bool to_write, char *path, size_t bytes);
    /// Milliseconds of the host's own time, counted from anywhere.
    double (*now_ms)(void *context);
} mega_host;

typedef struct {
    uint32_t rate; ///< frames a second, as far as known; `mega_adapter_format` corrects it
    uint32_t input_channels;  ///< 0..64
    uint32_t output_channels; ///< 1..64
    uint32_t voices;          ///< instead of what the patch says; 0: as it says
    bool wait;                ///< as after the message `wait 1`
} mega_adapter_options;

/// @return NULL without memory, or with options out of range; then `host->error` was told
mega_adapter *mega_adapter_create(const mega_adapter_options *options, const mega_host *host);
/// Waits for the worker, at most for what it has begun.
void mega_adapter_destroy(mega_adapter *adapter);

/// Where in time a message is to be heard: a frame as counted by `mega_adapter_frame`.
#define MEGA_AT_ONCE UINT64_C(0)

/// One message. Errors go to the host, never further.
/// @param selector NULL: a list
void mega_adapter_message(mega_adapter *adapter, uint64_t frame, const char *selector, size_t count,
                          const mega_atom *atoms);
/// Finishes what the worker has done, sends off the edits of the logical time that is over.
void mega_adapter_tick(mega_adapter *adapter);
/// Loads a patch before it returns. @return false: an error was told
bool mega_adapter_load(mega_adapter *adapter, const char *file_name);

/// A message whose answers go to a function instead of the info outlet, before this returns:
/// `dump`, `nodes`, `get` and the like.
typedef void mega_answer(void *context, const char *selector, size_t count, const mega_atom *atoms);
/// @return a number never given twice
mega_listener mega_adapter_listen(mega_adapter *adapter, mega_answer *answer, void *context);
void mega_adapter_ignore(mega_adapter *adapter, mega_listener listener);
void mega_adapter_ask(mega_adapter *adapter, mega_listener listener, const char *selector,
                      size_t count, const mega_atom *atoms);

/// One of the messages that `dump` answers, without that word, or `state` and its bytes, from a
/// host's file that is being opened; the last one, `commit` or `state`, loads before it returns.
void mega_adapter_restore(mega_adapter *adapter, const char *selector, size_t count,
                          const mega_atom *atoms);
/// An atom as text that reads back as the same atom. @return false: too long
bool mega_atom_text(const mega_atom *atom, char *text, size_t bytes);

// ---- sound -------------------------------------------------------------------------------------

/// Rate and block size, before sound starts and whenever they change; not while it sounds. At
/// another rate the patch begins afresh: held notes are started again, undo is lost.
void mega_adapter_format(mega_adapter *adapter, uint32_t rate, uint32_t frames);
/// Frames rendered so far at this rate.
uint64_t mega_adapter_frame(const mega_adapter *adapter);
/// @param in `input_channels` pointers, or NULL for silence; @param out `output_channels` pointers
void mega_adapter_perform(mega_adapter *adapter, const float *const *in, float *const *out,
                          uint32_t frames);
/// The host's logical time of what is performed next, which stands still for a tick of at least
/// `tick_frames`. For hosts with taps: by it they know what is of this tick.
void mega_adapter_moment(mega_adapter *adapter, double time, uint32_t tick_frames);

#define MEGA_TAPS_MAX 64
#define MEGA_TAP_CHANNELS_MAX 64

/// The signal of an output port: all voices summed in one channel, or each voice in its own.
/// @param channels 0: the sum
/// @return NULL without memory or past MEGA_TAPS_MAX; an unknown port is told by `host->error`
/// later
mega_tap *mega_tap_open(mega_adapter *adapter, const char *node, const char *port,
                        uint32_t channels);
void mega_tap_close(mega_tap *tap);
/// The next `frames` frames, as long after they were rendered as the longest of a tick, a block of
/// the synth and a block of the tap, whichever of the two is performed first.
/// @param time the host's, as for `mega_adapter_moment`
void mega_tap_perform(mega_tap *tap, float *const *out, uint32_t frames, double time);

#endif
