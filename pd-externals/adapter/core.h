// SPDX-License-Identifier: MIT
// core -- what the parts of the adapter share.
//
// The engine's CONTROL role is the worker's while it has a job, else the host's thread's; its EVENT
// role is the host's thread's; its AUDIO role is the one's who calls perform.
#ifndef MEGA_ADAPTER_CORE_H
#define MEGA_ADAPTER_CORE_H

#include <jansson.h>
#include <stdatomic.h>

#include "adapter.h"
#include "mega_midi.h"
#include "megasynth.h"
#include "worker.h"

enum {
    SYNTH_BLOCK_FRAMES = MEGA_BLOCK_FRAMES, ///< of the engine
    SYNTH_NOTES_MAX = 4096,                 ///< sounding at once, as the engine's voices
    SYNTH_NOTE_ID_BYTES = 48,               ///< of an id that is given to a note, its NUL included
    SYNTH_NAME_BYTES = 256,                 ///< "node.param"
    SYNTH_WORDS_BYTES = 1024,               ///< of a patch's name, a preset's doc
    SYNTH_PATH_BYTES = 1024,                ///< of a file
    SYNTH_FILE_BYTES_MAX = 64 << 20,        ///< of a document
    SYNTH_OPERATIONS_COLLECTED_MAX = 1 << 16, ///< of one edit, as many as the engine takes
    SYNTH_HELD_MAX = 4096,                    ///< messages that wait for a name that is being built
    SYNTH_SLOTS_MAX = 128,                    ///< patches made ready by `prepare`
    SYNTH_ERRORS_TOLD_MAX = 20,               ///< of one report, as warnings; the rest is counted
    SYNTH_MORPH_MS = 1000,                    ///< of `preset morph` without a time
    SYNTH_STATE_BYTES_MAX = 1 << 20,          ///< of what `save` answers
    SYNTH_VALUES_MS = 20,          ///< changed values are sent to the info outlet at most so often
    SYNTH_VALUES_SENT_MAX = 256,   ///< at once; the others follow after SYNTH_VALUES_MS
    SYNTH_VALUES_KNOWN_MAX = 4096, ///< parameters whose changes are followed
    SYNTH_UNDONE_MAX = 256,        ///< undos whose words are kept for `redo`
    SYNTH_PENDING_MAX = 64,        ///< changes of which we wait to tell the frame
    SYNTH_LISTENERS_MAX = 256,
    SYNTH_TEXT_BYTES = 400, ///< of an error
};

/// A handler of one message.
typedef void synth_command(mega_adapter *adapter, uint64_t frame, size_t count,
                           const mega_atom *atoms);

// ---- messages to be sent -----------------------------------------------------------------------

/// Messages for the host, collected by the worker: each is a JSON array of selector and atoms.
typedef struct {
    json_t *list;
} synth_messages;
/// @param format one letter an atom: 's' const char *, 'f' double
void synth_messages_add(synth_messages *messages, const char *selector, const char *format, ...);

// ---- a note that sounds ------------------------------------------------------------------------

typedef struct {
    _Atomic uint64_t
        note; ///< 0: free. A slot is a channel of the taps that have one for each voice
    float key, velocity;
    bool midi; ///< the interpreter started it
    bool held; ///< as far as messages say
    char id[SYNTH_NOTE_ID_BYTES];
} synth_sounding;

/// A name that was looked up: what a live value must be like.
typedef struct {
    int32_t number;        ///< the engine's; -1: there is none
    uint64_t epoch;        ///< of the document when it was looked up
    mega_param_info param; ///< of a parameter
} synth_known;

typedef struct {
    uint64_t frame;
    synth_command *run;
    size_t count;
    mega_atom *atoms; ///< words are its own
} synth_held;

typedef struct {
    uint64_t number; ///< the engine's, of a change
    char name[64];
} synth_pending;

struct mega_tap {
    mega_adapter *adapter;
    char *node, *port;
    uint32_t channels; ///< 0: the sum
    _Atomic int32_t bus;
    float *block; ///< the last whole block of each channel
    float *ring;  ///< of each channel
    uint64_t read;
    uint32_t step; ///< the longest block of adapter or tap so far: what the reader stays behind
};

struct mega_adapter {
    mega_host host;
    mega_adapter_options options;
    mega_engine *engine;
    bool whole_blocks;
    synth_worker *worker;
    uint64_t epoch; ///< counts documents, of the names' looking up

    // edits
    json_t *undone;    ///< messages that were told of each undo that `redo` would take back
    json_t *collected; ///< operations of this logical time, or since `begin`
    uint64_t collected_frame;
    bool begun;
    json_t *slots; ///< name -> JSON integer, index of `prepared`; the worker's
    mega_patch *prepared[SYNTH_SLOTS_MAX];

    // names
    json_t *known_index; ///< name -> index of `known`
    synth_known *known;
    size_t known_count;
    synth_held held[SYNTH_HELD_MAX];
    size_t held_count;

    // notes
    synth_sounding sounding[SYNTH_NOTES_MAX];
    uint32_t sounding_end; ///< slots from here on were never used
    mega_midi *midi;
    char *controllers[128]; ///< knob that a controller turns

    // values that the host was sent, see changes.c
    json_t *sent;    ///< path -> value
    json_t *touched; ///< path -> null
    bool knobs_touched;
    double values_ms; ///< when the next may be sent

    // what is told
    bool waits;      ///< each tick ends once all that was asked for is in force
    json_t *warned;  ///< warnings of the document in force that were told
    unsigned hinted; ///< bits of synth_hint
    synth_pending pending[SYNTH_PENDING_MAX];
    size_t pending_count;
    uint64_t frame_seen;    ///< at the last tick
    uint64_t collect_frame; ///< when what has faded is freed; UINT64_MAX: nothing is left
    bool ready_told;
    synth_messages early; ///< before that
    double poll_ms;       ///< 0: off
    uint64_t poll_frame;
    uint32_t voices_told;
    struct {
        mega_answer *answer;
        void *context;
        mega_listener number;
    } listeners[SYNTH_LISTENERS_MAX];
    mega_listener listener_last;
    mega_listener asking;                        ///< who asked the message that is being handled
    _Atomic uint64_t perform_ns, perform_frames; ///< while polling

    _Atomic(mega_tap *) taps[MEGA_TAPS_MAX];
    _Atomic uint64_t written;                    ///< frames of the taps' rings
    uint32_t block_frames;                       ///< the host's longest
    _Atomic double moment;                       ///< the host's time at the last perform
    _Atomic uint32_t moment_frames, tick_frames; ///< rendered at that time; of the host's tick
};

// ---- jobs --------------------------------------------------------------------------------------

/// A job for the worker, with what it found. `run` works on the engine; `finish` tells the host.
typedef struct synth_work synth_work;
struct synth_work {
    synth_job job;
    void (*work)(mega_adapter *adapter, synth_work *work);
    void (*finish)(mega_adapter *adapter, synth_work *work); ///< NULL: messages and errors, no more
    char what[64];               ///< in front of errors, and in `loaded` and `swapped`
    char name[SYNTH_NAME_BYTES]; ///< slot, path in the document, module, port
    char node[SYNTH_NAME_BYTES];
    char path[SYNTH_PATH_BYTES];
    json_t *operations;
    uint8_t *bytes;
    size_t byte_count;
    mega_change change;
    bool document; ///< a new document, not a change of the one before
    mega_tap *tap;
    mega_listener listener;
    // found
    mega_status status;
    mega_report *report;
    mega_changed changed;
    char code[24], error[SYNTH_TEXT_BYTES]; ///< beyond what the report says
    synth_messages messages;
};

/// @return NULL without memory, which is told
synth_work *synth_work_create(mega_adapter *adapter, const char *what,
                              void (*work)(mega_adapter *, synth_work *));
void synth_work_destroy(synth_work *work);
/// Notes an error that no report holds.
__attribute__((format(printf, 4, 5))) void
synth_work_fail(synth_work *work, mega_status status, const char *code, const char *format, ...);
/// Gives it to the worker.
void synth_work_post(mega_adapter *adapter, synth_work *work);
/// Does it here and now, after all that waits. @return whether it went well
bool synth_work_do(mega_adapter *adapter, synth_work *work);
/// Tells what the worker has finished.
void synth_work_finish_all(mega_adapter *adapter);

// ---- parts -------------------------------------------------------------------------------------

// adapter.c
/// @param code a stable word @param format as printf
__attribute__((format(printf, 3, 4))) void synth_tell_error(mega_adapter *adapter, const char *code,
                                                            const char *format, ...);
void synth_tell(mega_adapter *adapter, mega_listener listener, const char *selector, size_t count,
                const mega_atom *atoms);
void synth_tell_messages(mega_adapter *adapter, mega_listener listener,
                         const synth_messages *messages);
/// @param operations that the report is about; or NULL
/// @param of_document the document in force: of its warnings those that were told before are not
void synth_tell_report(mega_adapter *adapter, const char *what, const mega_report *report,
                       const json_t *operations, mega_status status, bool of_document);
/// An operation as the message that asks for it, without its values.
void synth_operation_message(synth_messages *messages, const char *selector,
                             const json_t *operation);
/// Advice, once for each object.
typedef enum { HINT_CHANNEL = 1, HINT_VELOCITY = 2 } synth_hint;
__attribute__((format(printf, 3, 4))) void synth_tell_hint(mega_adapter *adapter, synth_hint hint,
                                                           const char *format, ...);
/// One message of that selector.
void synth_run(mega_adapter *adapter, uint64_t frame, const char *selector, size_t count,
               const mega_atom *atoms);
/// Flushes, waits, tells.
void mega_adapter_join(mega_adapter *adapter);

// atoms.c
json_t *synth_atom_json(const mega_atom *atom);
/// Atoms as the words of one text; to be released.
json_t *synth_words_json(size_t count, const mega_atom *atoms);
/// "node.port" at its last dot. @return false without one
bool synth_split(const char *text, char *node, char *port);

typedef struct {
    const char *selector, *arguments, *doc;
    uint8_t least, most; ///< atoms; 255: any number
    synth_command *run;
} synth_command_row;
/// All commands, ending with a NULL selector.
extern const synth_command_row synth_commands[];

// commands of edits.c, history.c, files.c, state.c, play.c, values.c, presets.c, queries.c; see
// commands.def
#define COMMAND(name, arguments, doc, least, most) synth_command synth_command_##name;
#include "commands.def"
#undef COMMAND

// history.c
/// Whether it is an undo or a redo.
bool synth_is_history(const synth_work *work);

// edits.c
/// An optional length of a fade. @return false, told: it is none
bool synth_fade_of(mega_adapter *adapter, size_t count, const mega_atom *atoms, float *fade_ms);
void synth_edits_flush(mega_adapter *adapter);
/// Whether operations are collected that make or change what is called so.
bool synth_edits_name(const mega_adapter *adapter, const char *id);
/// An operation that is not to spoil others by its failing; taken over.
void synth_edits_alone(mega_adapter *adapter, uint64_t frame, json_t *operation);
/// Adds an operation, which it takes over, to those collected.
void synth_edits_add(mega_adapter *adapter, uint64_t frame, json_t *operation);

// files.c
synth_work *synth_file_load(mega_adapter *adapter, const char *name);
synth_work *synth_bytes_load(mega_adapter *adapter, const char *what, const uint8_t *bytes,
                             size_t count);
/// @return NULL, told: not bytes; to be released
uint8_t *synth_bytes_of(mega_adapter *adapter, const char *what, size_t count,
                        const mega_atom *atoms);
/// The number of voices that creation arguments ask for.
void synth_apply_voices(const mega_adapter *adapter, mega_patch *patch);

// queries.c
/// Where a knob or parameter is or is going to, as documents write it. CONTROL
/// @return NULL: there is none of that name
json_t *synth_value_of(mega_adapter *adapter, const char *path);

// written.c
/// A parameter's value as documents have it, a choice by its name; to be released.
json_t *synth_value_json(const mega_patch *patch, const char *node, const char *port, float value);

// values.c
typedef enum { SYNTH_KNOB, SYNTH_PARAM, SYNTH_PRESET } synth_kind;
/// @return NULL: not to be found out while the worker works
synth_known *synth_look_up(mega_adapter *adapter, synth_kind of, const char *id, const char *port);
/// Keeps a message until names can be looked up.
void synth_hold(mega_adapter *adapter, uint64_t frame, synth_command *run, size_t count,
                const mega_atom *atoms);
/// An optional length in milliseconds. @return false, told: it is none
bool synth_read_ramp(mega_adapter *adapter, const char *what, size_t count, const mega_atom *atom,
                     float *seconds);
void synth_values_replay(mega_adapter *adapter);
void synth_values_forget_names(mega_adapter *adapter);
void synth_values_finish(mega_adapter *adapter);
/// Turns a knob, as from a controller.
void synth_turn_knob(mega_adapter *adapter, uint64_t frame, const char *name, double value);

// changes.c
/// Sends `value path v` later if a parameter has another value than was sent before.
void synth_changes_touch(mega_adapter *adapter, const char *path);
/// The same of all knobs.
void synth_changes_touch_knobs(mega_adapter *adapter);
/// The same of a preset's values.
void synth_changes_touch_preset(mega_adapter *adapter, const char *name);
/// The same of all that was sent so far; `document`: of all knobs in any case.
void synth_changes_touch_all(mega_adapter *adapter, bool document);
/// Sends them, if it is time. @return milliseconds until it is time; below 0: nothing is left
double synth_changes_send(mega_adapter *adapter);

// play.c
/// A list that begins with a number.
void synth_play_list(mega_adapter *adapter, uint64_t frame, size_t count, const mega_atom *atoms);
/// Starts the notes that are held again, in another engine.
void synth_notes_again(mega_adapter *adapter);
void synth_notes_collect(mega_adapter *adapter);
mega_note synth_note_start(mega_adapter *adapter, uint64_t frame, float key, float velocity,
                           const char *id);
/// A slot for a note that was started. @return NULL: there is none
synth_sounding *synth_note_slot(mega_adapter *adapter, mega_note note, float key, float velocity,
                                const char *id);
void synth_note_stop(mega_adapter *adapter, uint64_t frame, mega_note note, float velocity);
/// The newest note of an id, or 0.
mega_note synth_note_of_id(const mega_adapter *adapter, const char *id);
void synth_check_event(mega_adapter *adapter, mega_status status);

// midi.c
/// @return false without memory
bool synth_midi_create(mega_adapter *adapter);
void synth_midi_bytes(mega_adapter *adapter, uint64_t frame, const uint8_t *bytes, size_t count);
void synth_play_controller(mega_adapter *adapter, uint64_t frame, int number, double value);

// taps.c
void synth_taps_render(mega_adapter *adapter, const float *const *in, float *const *out,
                       uint32_t frames);
bool synth_taps_any(const mega_adapter *adapter);
void synth_taps_open_again(mega_adapter *adapter);

#endif
