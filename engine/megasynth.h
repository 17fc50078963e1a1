// SPDX-License-Identifier: MIT
// megasynth -- the engine: patch documents in, sound out.
//
// Roles. Each function names who may call it:
//   MEGA_CONTROL  one caller at a time; may allocate, lock, take long. Create, load, describe.
//   MEGA_EVENT    one caller at a time, any thread; never blocks. Notes, knobs, parameters.
//   MEGA_AUDIO    the audio callback; never blocks, allocates, or takes unbounded time. Render.
// One thread may hold all three roles. Different engines are independent of each other.
//
// Ownership. Arguments are copied. What a function returns as `const` lives until the object it was
// asked of goes; objects made by `mega_*_create` or handed out as non-const are the caller's to
// destroy.
//
// Errors. Whatever comes from outside (documents, names, numbers) gives a status, with everything
// that is wrong in a mega_report, and has then changed nothing. For every function, in release
// builds too:
//   - an enum may hold any number; one that it does not have gives MEGA_ERROR_VALUE, or an error in
//   the report;
//   - a number outside its stated range is held within it, infinity too, unless the text calls it
//   an error; NaN gives
//     MEGA_ERROR_VALUE; any frame, note and number of a name may be given;
//   - an index past the last gives NULL, 0, or a struct of those;
//   - a pointer may be NULL only where the text says so, or where it points to a text of 0 bytes.
// Misuse is a NULL elsewhere, a destroyed object, or two callers of one role at a time; checked
// builds assert roles.
#ifndef MEGASYNTH_H
#define MEGASYNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MEGA_API __attribute__((visibility("default")))
#else
#define MEGA_API
#endif
#define MEGA_CONTROL MEGA_API
#define MEGA_EVENT MEGA_API
#define MEGA_AUDIO MEGA_API

#define MEGA_VERSION "0.1.0"

/// Frames in a block, on an absolute grid from frame 0. Edits take effect, and buses are read, in
/// whole blocks.
#define MEGA_BLOCK_FRAMES 64

typedef struct mega_engine mega_engine;
typedef struct mega_patch mega_patch;
typedef struct mega_report mega_report;

typedef enum {
    MEGA_OK = 0,
    MEGA_ERROR_PATCH,  ///< the document is wrong; the report says where and how
    MEGA_ERROR_MEMORY, ///< out of memory
    MEGA_ERROR_LIMIT,  ///< a named limit was reached; the report or the function's text names it
    MEGA_ERROR_NAME,   ///< no such node, port, knob, module
    MEGA_ERROR_FULL,   ///< a ring is full: the event was not taken; try after the next render
    MEGA_ERROR_FILE,   ///< a file could not be read or written
    MEGA_ERROR_VALUE,  ///< an argument is NaN, or a number that its enum does not have
} mega_status;

/// A status as a stable word: "ok", "patch", "memory" ...
MEGA_API const char *mega_status_name(mega_status status);

// ---- reports -----------------------------------------------------------------------------------

typedef enum { MEGA_SEVERITY_ERROR, MEGA_SEVERITY_WARNING } mega_severity;

/// One thing wrong with a document. Texts are never NULL; `line` and `column` count from 1, 0 is
/// unknown.
typedef struct {
    mega_severity severity;
    const char *code; ///< stable word: "syntax", "unknown-key", "not-found", "bad-type",
                      ///< "bad-value", "duplicate", "cycle", "scope", "limit", "missing", "unused",
                      ///< "unsupported", "no-memory", "conflict"
    const char *path; ///< "nodes.filt.params.cutof", "connections[3].to", or ""
    uint32_t line, column;
    const char *message; ///< "no such parameter"
    const char *hint;    ///< "did you mean `cutoff`?", or ""
} mega_diagnostic;

/// An empty report, or NULL without memory. Reports are filled by the functions that take them.
MEGA_CONTROL mega_report *mega_report_create(void);
MEGA_CONTROL void mega_report_destroy(mega_report *report);
MEGA_CONTROL void mega_report_clear(mega_report *report);
MEGA_CONTROL size_t mega_report_count(const mega_report *report);
MEGA_CONTROL const mega_diagnostic *mega_report_get(const mega_report *report, size_t index);
/// Number of entries that are errors.
MEGA_CONTROL size_t mega_report_error_count(const mega_report *report);
/// One entry as a line for a person, place and hint included:
/// `error: not-found nodes.a.params.b:12:5: no such parameter; did you mean ...`.
/// @param buffer receives at most `bytes` bytes, its NUL included
/// @return the length of the whole text, as snprintf
MEGA_CONTROL size_t mega_diagnostic_text(const mega_diagnostic *diagnostic, char *buffer,
                                         size_t bytes);

/// The name nearest to `wrong` among `count` names, for "did you mean". @return NULL if none is
/// near
MEGA_API const char *mega_nearest(const char *wrong, const char *const *names, size_t count);
/// The key of a note's name: a letter, sharps or flats (`#` `b` and the printed ones, two at most),
/// an octave -9..9; C4 is 60.
/// @param end receives what follows the name; NULL: nothing may follow
/// @return false if it is no name, or its key is not within 0..127
MEGA_API bool mega_key_of_name(const char *text, const char **end, int *key);

// ---- patches: documents as data ----------------------------------------------------------------

typedef enum { MEGA_FORMAT_JSON, MEGA_FORMAT_SEXP, MEGA_FORMAT_MSGPACK } mega_format;

/// The format that a file's name ends in (.json .sexp .msgpack). @return false for any other
MEGA_CONTROL bool mega_format_of_file(const char *file_name, mega_format *format);

/// Reads a document of `bytes` bytes.
/// @param report takes every error and warning; may be NULL
/// @return the patch, or NULL where the report holds an error (or memory ran out)
MEGA_CONTROL mega_patch *mega_patch_read(const void *text, size_t bytes, mega_format format,
                                         mega_report *report);
/// Writes a document. @return MEGA_ERROR_VALUE if there is no such format
/// @param text receives a buffer to be released by `mega_free`; NUL-terminated, not counted
MEGA_CONTROL mega_status mega_patch_write(const mega_patch *patch, mega_format format, char **text,
                                          size_t *bytes);
MEGA_CONTROL void mega_patch_destroy(mega_patch *patch);
MEGA_CONTROL void mega_free(void *memory);

/// A dry compile: fills the report with everything that loading would say. @return MEGA_OK if it
/// would load
MEGA_CONTROL mega_status mega_patch_check(const mega_patch *patch, mega_report *report);
/// The program that the patch compiles to, as text. Released by `mega_free`.
MEGA_CONTROL mega_status mega_patch_disassemble(const mega_patch *patch, mega_report *report,
                                                char **text);
/// Overrides the document's number of voices; for render --voices. @return MEGA_ERROR_LIMIT
/// unless 1..4096
MEGA_CONTROL mega_status mega_patch_set_voices(mega_patch *patch, uint32_t voices);
/// Sets a knob's value in the document. @return MEGA_ERROR_NAME if there is no such knob,
/// MEGA_ERROR_LIMIT unless 0..1
MEGA_CONTROL mega_status mega_patch_set_knob(mega_patch *patch, const char *name, double value);

/// Applies an edit to a copy of a patch, all or nothing: an array of operations, or a whole
/// document.
///
///   [{"op": "add", "id": "lp", "type": "svf", "params": {"freq": 900}},
///    {"op": "connect", "from": ["osc", "out"], "to": ["lp", "in"], "amount": 0.5},
///    {"op": "disconnect", "from": ["osc", "out"], "to": ["vca", "in"]},
///    {"op": "set", "id": "lp", "param": "res", "value": 0.4},
///    {"op": "remove", "id": "old"}, {"op": "rename", "id": "lp", "to": "tone"},
///    {"op": "replace", "id": "tone", "type": "ladder"}, {"op": "voices", "count": 16},
///    {"op": "knob", "id": "cutoff", "value": 0.5, "range": [80, 12000], "scale": "exp"},
///    {"op": "preset", "id": "soft", "knobs": {"cutoff": 0.2}, "params": {"tone": {"res": 0.1}}}]
///
/// Adding a node or a cable that is there already, the same in all, changes nothing.
/// All operations and their keys: engine/document/edit.h. Cycles and scopes are found by
/// mega_patch_check.
/// @param format of the text; a list is JSON or MessagePack
/// @param report every error of the list at once, with paths like "ops[3].param"; may be NULL
/// @param inverse_json receives the edit that leads back, order and all, to be released by
///        `mega_free`; may be NULL
/// @return the edited patch, to be destroyed; NULL where the report holds an error (or memory ran
/// out)
MEGA_CONTROL mega_patch *mega_patch_edit(const mega_patch *before, const void *text, size_t bytes,
                                         mega_format format, mega_report *report,
                                         char **inverse_json);
/// The operations that lead from one patch to another, by id and type; what both have the same is
/// not mentioned. As JSON, one a line. @param operations_json to be released by `mega_free`
/// @return MEGA_OK or MEGA_ERROR_MEMORY
MEGA_CONTROL mega_status mega_patch_diff(const mega_patch *before, const mega_patch *after,
                                         char **operations_json);

/// What there is to know of a patch's graph, for drawing and listing it.
typedef struct {
    const char *id, *type;
    bool per_voice;
} mega_node_info;
/// A cable. `from_node` is NULL where a knob is the source; then `from_port` is the knob's name.
typedef struct {
    const char *from_node, *from_port, *to_node, *to_port;
    double amount;
    const char *as; ///< "add", "octaves", "semitones"
} mega_cable_info;
MEGA_CONTROL const char *mega_patch_name(const mega_patch *patch);
MEGA_CONTROL uint32_t mega_patch_voices(const mega_patch *patch);
MEGA_CONTROL size_t mega_patch_node_count(const mega_patch *patch);
MEGA_CONTROL mega_node_info mega_patch_node(const mega_patch *patch, size_t index);
MEGA_CONTROL size_t mega_patch_cable_count(const mega_patch *patch);
MEGA_CONTROL mega_cable_info mega_patch_cable(const mega_patch *patch, size_t index);
MEGA_CONTROL size_t mega_patch_knob_count(const mega_patch *patch);
MEGA_CONTROL const char *mega_patch_knob(const mega_patch *patch, size_t index);

/// How a knob's 0..1 covers a range: `min + (max - min) * x`, or `min * pow(max / min, x)`.
typedef enum { MEGA_LIN, MEGA_EXP } mega_scale;
/// "lin", "exp".
MEGA_API const char *mega_scale_name(mega_scale scale);

/// A knob as its document has it. Texts live as long as the patch.
typedef struct {
    const char *id;
    double value;   ///< 0..1, as written; what it is now: mega_knob_get
    bool has_range; ///< false: it covers the range of each parameter that it is connected to; `min`
                    ///< is 0, `max` 1
    double min, max; ///< in `unit`; `min` may be above `max`
    bool has_scale;  ///< false: it takes the scale of each parameter that it is connected to;
                     ///< `scale` is MEGA_LIN
    mega_scale scale;
    const char *unit; ///< "" if none
} mega_knob_info;
/// @return all 0 and NULL for an index past the last
MEGA_CONTROL mega_knob_info mega_patch_knob_info(const mega_patch *patch, size_t index);

/// Presets: named sets of values of knobs and parameters, part of the document.
///
///   "presets": {"soft": {"knobs": {"cutoff": 0.2}, "params": {"filt": {"res": 0.1}}}}
typedef struct {
    const char *id, *doc; ///< `doc` is "" if there is none
    size_t value_count;
} mega_preset_info;
/// One value. `node` is NULL where it is a knob's, 0..1; else `name` is a parameter of that node,
/// in its unit; of one that is a choice, its number.
typedef struct {
    const char *node, *name;
    double value;
} mega_preset_value;
MEGA_CONTROL size_t mega_patch_preset_count(const mega_patch *patch);
MEGA_CONTROL mega_preset_info mega_patch_preset(const mega_patch *patch, size_t index);
MEGA_CONTROL mega_preset_value mega_patch_preset_value(const mega_patch *patch, size_t index,
                                                       size_t value);

// ---- modules: what a patch can be made of ------------------------------------------------------

typedef struct mega_module mega_module; ///< see engine/core/module.h for its fields

MEGA_CONTROL size_t mega_module_count(void);
/// Modules by category, in the order of listings. @return NULL for an index past the last
MEGA_CONTROL const mega_module *mega_module_get(size_t index);
/// @return NULL if there is none of that name
MEGA_CONTROL const mega_module *mega_module_find(const char *name);
/// The module of a node. @return NULL if the patch has no such node
MEGA_CONTROL const mega_module *mega_patch_node_module(const mega_patch *patch, const char *id);

/// What a module is and does. All texts here and below are constants of the library: they need not
/// be released.
typedef struct {
    const char *name;     ///< "osc.saw"
    const char *category; ///< "source", "control", "filter", "math", "effect", "io"
    const char *heading;  ///< of its category in listings: "Sources"
    const char *doc;      ///< one sentence, in lower case, without a full stop
    /// "inferred": once per voice downstream of a `note`, else once; "after": once, after the
    /// voices, unless the node says otherwise; "once": always so
    const char *scope;
    size_t input_count, param_count, output_count;
    bool pure;         ///< each frame of its outputs depends on the same frame of its ports alone
    bool delays;       ///< may close a cycle of cables, which it delays by one block
    bool delays_frame; ///< the same, by one frame
    bool note;         ///< the note that a voice plays: nodes downstream of it exist once per voice
    double memory_seconds; ///< of its longest delay line; 0: it has none
    double tail_seconds;   ///< how long it may sound after its inputs fall silent
} mega_module_info;
/// @return all 0 and NULL for NULL, as mega_module_find gives for an unknown name
MEGA_API mega_module_info mega_module_describe(const mega_module *module);

/// An input (it sums its cables, and is 0 without any) or an output.
typedef struct {
    const char *name, *doc;
} mega_port_info;
/// @return all NULL for an index past the last, and for no module
MEGA_API mega_port_info mega_module_input(const mega_module *module, size_t index);
MEGA_API mega_port_info mega_module_output(const mega_module *module, size_t index);

/// How a value that is written while it sounds reaches its target.
typedef enum {
    MEGA_SMOOTH_NONE,   ///< at once: switches, counts, and times that must not glide
    MEGA_SMOOTH_COSINE, ///< in a raised cosine, `smooth_ms` long
    MEGA_SMOOTH_EXP,    ///< exponentially, `smooth_ms` to 99 %
} mega_smoothing;
/// "none", "cosine", "exp".
MEGA_API const char *mega_smoothing_name(mega_smoothing smoothing);

/// A parameter: an input with a value of its own. `min`, `max` and `initial` are the shortest
/// decimals of the floats that the engine compares with: compare as floats.
typedef struct {
    const char *name, *doc;
    const char *unit; ///< "Hz", "s", "dB", "semitones", "cents" ...; "" if none
    /// In `unit`: values outside are errors in documents, and held within them elsewhere
    double min, max;
    double initial;   ///< the value where the document writes none and no adding cable is connected
    mega_scale scale; ///< of a knob that has none of its own
    mega_smoothing smoothing;
    double smooth_ms;           ///< 0 with MEGA_SMOOTH_NONE
    const char *const *choices; ///< names of the values 0, 1, 2 ..., or NULL
    size_t choice_count;        ///< 0 with `choices` NULL
    bool fixed;                 ///< a whole number that takes no cables and changes only by edits
} mega_param_info;
/// @return all 0 and NULL for an index past the last, and for no module
MEGA_API mega_param_info mega_module_param(const mega_module *module, size_t index);
/// The parameter of that name. @param module may be NULL, which has none
/// @return false, `info` untouched, if there is none
MEGA_API bool mega_module_param_named(const mega_module *module, const char *name,
                                      mega_param_info *info);

/// One module, or all for NULL, as JSON or Markdown text. Released by `mega_free`; NULL without
/// memory.
MEGA_CONTROL char *mega_module_describe_json(const mega_module *module);
MEGA_CONTROL char *mega_module_describe_markdown(const mega_module *module);

// ---- engines -----------------------------------------------------------------------------------

typedef struct {
    uint32_t rate;            ///< frames a second, 8000..384000; 0: 48000
    uint32_t input_channels;  ///< 0..64
    uint32_t output_channels; ///< 1..64; 0: 2
    bool whole_blocks;        ///< the host always asks for multiples of 64: no input delay
    size_t memory_bytes_max;  ///< budget of programs and their state; 0: 1 GiB
    uint32_t seed;            ///< of everything random
    const char *isa;   ///< "v2" "v3" "v4" "neon" "one"; NULL: MEGASYNTH_ISA, else the best there is
    bool record_calls; ///< for mega_calls_take_text
} mega_options;

/// @param options NULL for all defaults
/// @param report says what is wrong with the options; may be NULL
/// @return NULL without memory or with a bad option
MEGA_CONTROL mega_engine *mega_create(const mega_options *options, mega_report *report);
/// No other call may be under way.
MEGA_CONTROL void mega_destroy(mega_engine *engine);

/// The instruction set in use: "v2", "v3", "v4", "neon" or "one".
MEGA_CONTROL const char *mega_isa(const mega_engine *engine);
MEGA_CONTROL uint32_t mega_rate(const mega_engine *engine);
/// Changes `mega_options.whole_blocks`, for a host that learns its block size late; not while
/// `mega_render` runs.
/// @return what holds from here on: in the middle of a block of 64 frames it cannot become true
MEGA_CONTROL bool mega_set_whole_blocks(mega_engine *engine, bool whole);

/// Compiles a patch and makes it the one that sounds, from the next block on. Nodes of the same id
/// and type keep their state; values that a player has set stay (below). Scheduled changes are
/// dropped. On an error the old patch keeps playing.
MEGA_CONTROL mega_status mega_load(mega_engine *engine, const mega_patch *patch,
                                   mega_report *report);

// ---- recordings of calls -----------------------------------------------------------------------
//
// An engine made with `record_calls` notes every call that changes it, by all three roles, with its
// frame. Played again, a recording gives the same bits, on any machine: to be sent with a report.
// Sound from outside (inputs, the host's buses) is not in it. The roles EVENT and AUDIO note theirs
// in rings: take the text at least every few seconds while notes are played; what does not fit is
// counted, and a replay warns of it.

/// The lines since the last time: one recording, end to end, is a file. @param text receives a text
/// to be released by `mega_free`, NUL-terminated
/// @return MEGA_ERROR_NAME if the engine records no calls
MEGA_CONTROL mega_status mega_calls_take_text(mega_engine *engine, char **text, size_t *bytes);

/// Takes the frames of a replay. @param channels NULL at the beginning, with no frames @return
/// false to stop
typedef bool mega_replay_write(void *context, const float *const *channels, uint32_t frames);

/// What a recording says of its engine.
typedef struct {
    uint32_t rate, output_channels;
} mega_replay_info;
/// @return false if it is no recording
MEGA_CONTROL bool mega_replay_describe(const char *text, size_t bytes, mega_replay_info *info);
/// Makes an engine, and all calls of a recording on it; checks the sound against the recording's
/// hashes.
/// @param write may be NULL
/// @return MEGA_OK if all was the same; else MEGA_ERROR_PATCH, and the report says from which frame
/// on it is not
MEGA_CONTROL mega_status mega_replay(const char *text, size_t bytes, mega_replay_write *write,
                                     void *context, mega_report *report);

// ---- changes while it sounds -------------------------------------------------------------------
//
// Nodes of the same id, type and scope go on with their state and their values, held notes go on;
// cables that come fade in and those that go fade out. A change takes effect at the start of a
// block: the next one, or the one that holds the frame it is scheduled for. It is compiled at once.
// Changes that come before the audio role has taken the one before become one; a change that is due
// while a fade is under way begins at once beside it; a cable whose fade it reverses turns around
// at its present level. From eight such fades on the rest of the older ones takes 3 ms; only where
// more than 20 are under way at once does a change wait for that, at most 7 blocks at 48 kHz.
//
// Scheduled changes follow one another in the order of their frames. Each is a list of operations,
// which must fit the document as it will be then: when something changes before it, the list is
// applied anew to what that leaves, and a change that would make a scheduled one impossible is
// refused as a `conflict`.

// Values that were turned (knobs, parameters, choices, by a preset too) stay turned, until they are
// turned again or the document changes that value: through edits, undo, redo, renames, loads of a
// document with the same names; through a replacement where the new type has the parameter and
// takes the value; and what undoes a removal (`undo_json` too) brings them back. A change that is
// made for a frame sounds the same whenever it was made; the undo of one that waited for its frame
// brings back what the document says.

#define MEGA_FADE_MS_DEFAULT 3.0f
#define MEGA_FADE_MS_MAX 2000.0f
#define MEGA_REV_ANY UINT64_MAX
#define MEGA_SCHEDULED_MAX 64 ///< changes that wait for their frames

/// How a change is made.
typedef struct {
    uint64_t rev;   ///< the revision that it was made for: another one in force is a `conflict`;
                    ///< MEGA_REV_ANY
    float fade_ms;  ///< 0..2000, else MEGA_ERROR_LIMIT; 0: at once
    uint64_t frame; ///< it takes effect at the start of the block that holds this frame; MEGA_NOW:
                    ///< as soon as can be
} mega_change;
/// Any revision, 3 ms, as soon as can be.
#define MEGA_CHANGE_NOW ((mega_change){MEGA_REV_ANY, MEGA_FADE_MS_DEFAULT, 0})

/// What became of it.
typedef struct {
    uint64_t number; ///< of the change, for mega_change_frame and mega_change_cancel: from 1, never
                     ///< given twice
    /// Of the document in force: with this change in it, unless that waits for its frame
    uint64_t rev;
    uint64_t frame;  ///< the first that is affected, unless the audio role runs ahead of the call:
                     ///< mega_change_frame
    char *undo_json; ///< the list that leads back, to be released by `mega_free`; NULL for a whole
                     ///< patch
} mega_changed;

/// Changes the patch that sounds into another. With nothing loaded it is a load.
/// @param how NULL: MEGA_CHANGE_NOW
/// @param done may be NULL; written only on success
MEGA_CONTROL mega_status mega_rewire(mega_engine *engine, const mega_patch *patch,
                                     const mega_change *how, mega_changed *done,
                                     mega_report *report);
/// Applies a list of operations (or a whole document) to the patch that sounds, all or nothing: see
/// `mega_patch_edit`. The edit can be undone. With nothing loaded it changes an empty document.
MEGA_CONTROL mega_status mega_edit(mega_engine *engine, const void *text, size_t bytes,
                                   mega_format format, const mega_change *how, mega_changed *done,
                                   mega_report *report);
/// Undoes the last edit in force, or redoes it, as soon as possible.
/// @return MEGA_ERROR_NAME if there is none
MEGA_CONTROL mega_status mega_undo(mega_engine *engine, float fade_ms, mega_changed *done,
                                   mega_report *report);
MEGA_CONTROL mega_status mega_redo(mega_engine *engine, float fade_ms, mega_changed *done,
                                   mega_report *report);
/// Since which frame a change has been heard. Of the last 1,024 changes.
/// @return false if it waits, was cancelled, or is not known any more
MEGA_CONTROL bool mega_change_frame(mega_engine *engine, uint64_t number, uint64_t *frame);
/// Forgets a scheduled change. @return MEGA_ERROR_NAME if it is not waiting (any more),
/// MEGA_ERROR_PATCH if one after it needs it
MEGA_CONTROL mega_status mega_change_cancel(mega_engine *engine, uint64_t number,
                                            mega_report *report);
/// Changes that wait for their frames.
MEGA_CONTROL size_t mega_changes_scheduled(mega_engine *engine);

/// Number of the document in force: one more with each load, rewiring, edit, undo and redo, when it
/// comes in force. Edits before a load or a rewiring cannot be undone.
MEGA_CONTROL uint64_t mega_rev(const mega_engine *engine);
/// The document in force, edits and all, without scheduled ones; NULL before the first. Lives until
/// mega_collect or the next change; asking for names and values leaves it alone.
MEGA_CONTROL const mega_patch *mega_loaded_patch(const mega_engine *engine);

/// Frees what the audio role has given back, and takes note of the changes that have come in force.
/// Called by every CONTROL function too; call it now and then, every 20 ms say.
MEGA_CONTROL void mega_collect(mega_engine *engine);

/// Stable numbers for names, to be used by EVENT functions; they stay valid across loads.
/// @return the number, or -1 if the patch last loaded has no such name; also for a parameter that
/// does not change while
///         it sounds (`fixed` in its row)
MEGA_CONTROL int32_t mega_find_knob(mega_engine *engine, const char *name);
MEGA_CONTROL int32_t mega_find_param(mega_engine *engine, const char *node, const char *param);
MEGA_CONTROL int32_t mega_find_preset(mega_engine *engine, const char *name);

/// Where a knob is, 0..1, or is going to: as the document says, or as it was turned since, be it
/// just now.
/// @return MEGA_ERROR_NAME if the document in force has no such knob
MEGA_CONTROL mega_status mega_knob_get(mega_engine *engine, const char *name, float *value);
/// The same of a parameter, in its unit, without what cables bring; where nothing is written and
/// cables add, that is 0.
MEGA_CONTROL mega_status mega_param_get(mega_engine *engine, const char *node, const char *param,
                                        float *value);
/// The document in force with all knobs, parameters and choices as they are now, or where they are
/// going: loaded into an engine it sounds as this one does once its ramps have ended. Values of
/// single notes are not in it.
/// @return to be destroyed by `mega_patch_destroy`; NULL before the first document, or without
/// memory
MEGA_CONTROL mega_patch *mega_snapshot(mega_engine *engine);
/// Saves the current values of all knobs and parameters as a preset, or overwrites one: an edit of
/// the document. Left out are parameters where nothing is written and cables add.
/// @param done may be NULL
MEGA_CONTROL mega_status mega_preset_save(mega_engine *engine, const char *name, mega_changed *done,
                                          mega_report *report);

/// Makes a parameter one of which single notes can have their own values, from the next block on:
/// see `mega_note_param_set`. It costs a little for each voice. At most 16 in an engine's life.
/// @return the number, or -1 with the reason in the report
MEGA_CONTROL int32_t mega_find_note_param(mega_engine *engine, const char *node, const char *param,
                                          mega_report *report);

/// Makes an output port readable from outside, from the next block on; `mega_bus_read` takes the
/// number.
/// @return the number, or -1 with the reason in the report
MEGA_CONTROL int32_t mega_bus_open(mega_engine *engine, const char *node, const char *port,
                                   mega_report *report);
/// Ends that. Who opens a port that is open already shares its number: it stays until it was closed
/// as often, then the number may be given to another.
/// @param buses numbers from `mega_bus_open`
/// @return MEGA_ERROR_NAME, nothing closed, if one of them is not open
MEGA_CONTROL mega_status mega_bus_close(mega_engine *engine, const int32_t *buses, size_t count);

// ---- events: notes, knobs, parameters ----------------------------------------------------------

/// Frames are absolute: 0 is the first ever rendered. An event in the past plays at once and is
/// counted. A value that is set while a change of the patch fades in, or waits to, also holds in
/// the patch after the fade. Where an event and an edit set the same value, the later call wins.
#define MEGA_NOW UINT64_C(0)

/// How many more events are taken now. It only grows until the next one: for those who want several
/// or none.
MEGA_EVENT uint32_t mega_events_room(const mega_engine *engine);

/// A note. Never reused: an old one touches nothing. 0 is none.
typedef uint64_t mega_note;

/// Starts a note.
/// @param key MIDI key, fractions allowed; 69 is 440 Hz. 0..127
/// @param velocity 0..1
/// @param note receives its handle; may be NULL
MEGA_EVENT mega_status mega_note_on(mega_engine *engine, uint64_t frame, float key, float velocity,
                                    mega_note *note);
/// Releases a note. One that is to begin later never begins. On the frame of its start its gate
/// shows for one frame.
/// @param release_velocity 0..1
MEGA_EVENT mega_status mega_note_off(mega_engine *engine, uint64_t frame, mega_note note,
                                     float release_velocity);
/// Releases the oldest note of that key that is down; if there is none, the first that was sent
/// before this call and is to begin later never begins.
MEGA_EVENT mega_status mega_key_off(mega_engine *engine, uint64_t frame, float key,
                                    float release_velocity);

typedef enum {
    MEGA_NOTE_BEND,         ///< semitones, added to the key
    MEGA_NOTE_PRESSURE,     ///< 0..1
    MEGA_NOTE_TIMBRE,       ///< 0..1
    MEGA_NOTE_SET_KEY,      ///< another key, 0..127, to which it glides as its `note` says
    MEGA_NOTE_SET_VELOCITY, ///< 0..1
    MEGA_NOTE_SET_GATE,     ///< 0 or 1; of a reserved voice only
    MEGA_NOTE_SET_WHEEL,    ///< -1..1, times the note module's bend_range: MEGA_CONTROL_BEND of one
                            ///< note
    MEGA_NOTE_SET_HELD, ///< a pedal holds this note from 0.5 on: its off ends it only once this is
                        ///< below
} mega_note_expression;
MEGA_EVENT mega_status mega_note_set(mega_engine *engine, uint64_t frame, mega_note note,
                                     mega_note_expression what, float value);

/// Gives one note its own value of a parameter of a per-voice node, in the place of what is written
/// for all; cables add to it as ever. It lasts until the note ends. Of a node that is shared it is
/// dropped, and counted.
/// @param param from `mega_find_note_param`; @param value in the parameter's unit, held within its
/// range
/// @param ramp_seconds as of `mega_param_set`
MEGA_EVENT mega_status mega_note_param_set(mega_engine *engine, uint64_t frame, mega_note note,
                                           int32_t param, float value, float ramp_seconds);

/// Takes a voice without a note, to be played by hand: its gate is shut until `mega_note_set` opens
/// it (`trigger` stays 0), it is never stolen and does not end. It counts among the patch's voices;
/// if all are reserved it is dropped.
/// @param key 0..127; @param note receives its handle
MEGA_EVENT mega_status mega_voice_reserve(mega_engine *engine, uint64_t frame, float key,
                                          mega_note *note);
/// Gives it back: it fades out in 3 ms.
MEGA_EVENT mega_status mega_voice_free(mega_engine *engine, uint64_t frame, mega_note note);

typedef enum {
    MEGA_CONTROL_BEND,      ///< -1..1, times the note module's bend_range; all notes
    MEGA_CONTROL_PRESSURE,  ///< 0..1, all notes
    MEGA_CONTROL_TIMBRE,    ///< 0..1, all notes
    MEGA_CONTROL_SUSTAIN,   ///< pedal: down from 0.5
    MEGA_CONTROL_SOSTENUTO, ///< pedal: holds the notes that are held when it goes down
} mega_controller;
MEGA_EVENT mega_status mega_controller_set(mega_engine *engine, uint64_t frame,
                                           mega_controller which, float value);
/// Releases every note; those that were sent before this call and are to begin later never begin.
MEGA_EVENT mega_status mega_all_notes_off(mega_engine *engine, uint64_t frame);
/// All sound off within a block: voices end, effects are emptied, notes that were sent for later
/// frames never begin. Drones are silent too, until a note begins, the gate of a reserved voice
/// opens, or a document is loaded
/// (`mega_load`, `mega_rewire`). Values that are set meanwhile are kept.
MEGA_EVENT mega_status mega_panic(mega_engine *engine);

/// @param knob from `mega_find_knob`; @param value 0..1
MEGA_EVENT mega_status mega_knob_set(mega_engine *engine, uint64_t frame, int32_t knob,
                                     float value);
/// Moves the knob on a linear ramp; targets with an exponential range ramp geometrically.
/// @param ramp_seconds negative: the usual smoothing
MEGA_EVENT mega_status mega_knob_ramp(mega_engine *engine, uint64_t frame, int32_t knob,
                                      float value, float ramp_seconds);
/// A choice goes to the nearest of its values and crossfades for 3 ms, as an edit of it does,
/// whatever turns it: this, a knob, a preset, a cable. Until that is over further changes of it
/// wait; then the latest counts.
/// @param param from `mega_find_param`; @param value in the parameter's unit, held within its range
/// @param ramp_seconds length of a straight ramp; negative: as the module's row says
MEGA_EVENT mega_status mega_param_set(mega_engine *engine, uint64_t frame, int32_t param,
                                      float value, float ramp_seconds);

/// Sets all knobs and parameters of a preset, on the same frame.
/// @param preset from `mega_find_preset`
/// @param morph_seconds length of the ramps: linear, or geometric where the range is exponential;
///        0: at once, with the usual smoothing
MEGA_EVENT mega_status mega_preset_recall(mega_engine *engine, uint64_t frame, int32_t preset,
                                          float morph_seconds);

// ---- audio -------------------------------------------------------------------------------------

/// Renders `frames` frames.
/// @param in `input_channels` pointers to `frames` floats each; NULL is silence
/// @param out `output_channels` pointers to `frames` floats each; written, not added to. NULL: that
/// channel is not
///        wanted
MEGA_AUDIO void mega_render(mega_engine *engine, const float *const *in, float *const *out,
                            uint32_t frames);
/// The last whole block of a bus: its 64 frames.
/// @param bus from `mega_bus_open`; @param note one voice of a per-voice bus; 0: the sum of all, or
/// a shared bus
/// @param block receives 64 floats
/// @return false, and silence, if the note has no voice or the bus is not there yet
MEGA_AUDIO bool mega_bus_read(const mega_engine *engine, int32_t bus, mega_note note, float *block);

/// Puts a block on a bus of the host, for the `bus.in` nodes of the next block that is rendered;
/// silence where none is put. For hosts that render a block of 64 frames at a time.
/// @param bus 1..64, else nothing is done; @param block 64 floats, finite
MEGA_AUDIO void mega_host_bus_write(mega_engine *engine, uint32_t bus, const float *block);
/// What `bus.out` nodes have put on a bus in the last block.
/// @param block receives 64 floats @return false, and silence, if none did
MEGA_AUDIO bool mega_host_bus_read(const mega_engine *engine, uint32_t bus, float *block);

/// What has happened since create. Readable from any thread at any time.
typedef struct {
    uint64_t frame;          ///< next frame to be given out
    uint64_t frame_rendered; ///< first frame that a new event can still affect
    uint32_t voices_active;  ///< sounding, releasing ones included; stolen ones that fade are not
    uint32_t voices_held;    ///< gate on
    uint64_t notes_started, notes_ended, notes_stolen;
    uint64_t notes_dropped; ///< no lane was free, not even by stealing
    uint64_t events_late, events_dropped;
    uint64_t lanes_silenced;   ///< lanes that gave NaN or infinity and were stopped
    uint64_t outputs_silenced; ///< blocks whose output was not finite and was zeroed
    uint64_t programs_swapped;
    uint64_t changes_late; ///< that came in force after the block of their frame
    size_t memory_bytes;   ///< of the program in force, its state included
} mega_counters;
MEGA_API mega_counters mega_counters_get(const mega_engine *engine);

/// The next note that has ended, in order. @return false if there is none
MEGA_EVENT bool mega_next_ended(mega_engine *engine, mega_note *note, uint64_t *frame);

/// Measures while rendering: time of each node. Off by default.
MEGA_CONTROL void mega_profile(mega_engine *engine, bool on);
/// Nanoseconds spent in all nodes of a module type since profiling began. @return false past the
/// last index
MEGA_CONTROL bool mega_profile_get(const mega_engine *engine, size_t index, const char **type,
                                   double *nanoseconds);

#ifdef __cplusplus
}
#endif
#endif
