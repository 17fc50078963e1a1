// SPDX-License-Identifier: MIT
// edit -- changes to a patch document as data: lists of operations, what undoes them, what leads
// from one document to another, and the history of a session.
//
// An edit (`mega_patch_edit`) is an array of operations, applied in order, all or nothing:
//
// clang-format off
//   add         id, type, params?, scope?, x-..., at?       a node as in a document
//   remove      id                                          its cables and presets' values of it go too
//   replace     id, type, params?                           cables of ports that both types have stay; so do `x-` keys, a
//                                                           scope that is allowed, presets' values that it takes, and,
//                                                           without `params`, what was written of parameters of both
//   rename      id | knob | preset, to                      cables and presets follow
//   set         id, param, value?, override?                null or no value: not written any more
//   set         id, scope?, x-...?, unset?                  scope null: inferred
//   set         from, to, nth?, amount?, as?, x-..., unset? of a cable
//   set         sampleRate?, channels?, x-..., unset?       of the document; null: none
//   connect     from, to, amount?, as?, x-..., at?          as in a document
//   disconnect  from, to, nth?
//   knob        id, value?, range?, scale?, unit?,          a new knob, or changes to one; range, scale and unit may be
//               x-..., unset?, at?                          null: none
//   unknob      id                                          its cables and presets' values of it go too
//   preset      id, knobs?, params?, doc?,                  a new preset, or changes to one: `knobs` and `params` take
//               x-..., unset?, at?                          the place of all values of their kind
//   unpreset    id
//   voices      count
//   name        name
//   move        id | knob | preset | from, to, nth?; at     to another place in the document
// clang-format on
//
// `add`, `replace`, `set` and `knob` take `override` too: values set during play in the place of
// the document's, for parameters by name (`set`: for its one) or for the knob. The undo of a
// removal or of a new value has it, so that undo restores the sound.
//
// `at` is a place in the order of nodes, knobs, cables or presets as it is then; without it things
// are added at the end. Order is part of a document: cables into a port are summed in it. `unset`
// lists `x-` keys that go. A cable is known by its ends; where several join the same, `nth` counts
// from 0 which of them is meant, and to make a second one `connect` takes an `at`, since it is
// rarely meant.
//
// Or an edit is a whole document, and what it changes is found by `mega_patch_diff`.
#ifndef MEGA_EDIT_H
#define MEGA_EDIT_H

#include "document/patch.h"

struct json_t;

enum {
    /// In one list: room for everything that two documents can differ in.
    MEGA_OPERATIONS_MAX = 1 << 16,
    /// What `x-` keys, the name, units and docs may come to in a document that is edited, as JSON,
    /// so that it and what undoes the edit can always be written and read again.
    MEGA_WORDS_BYTES_MAX = 4 << 20,
    MEGA_WORDS_VALUES_MAX = 1 << 18,
    /// Edits that can be undone, and the memory they take.
    MEGA_HISTORY_EDITS_MAX = 1000,
    MEGA_HISTORY_BYTES_MAX = 16 << 20,
};

/// Applies an edit to a patch that carries overrides, and makes the edit that undoes it.
/// @return the patch after it, whose new nodes and knobs have no births: not to be compiled; NULL
/// without memory, or where the edit does not fit
mega_patch *mega_edit_undo(const mega_patch *before, const void *text, size_t bytes,
                           mega_format format, char **inverse_json);
/// The operations that lead from one patch to another, as a tree. @return NULL without memory
struct json_t *mega_diff_tree(const mega_patch *before, const mega_patch *after);

// ---- history -----------------------------------------------------------------------------------

/// The edits of a session. The caller edits and compiles; what has come into force is told here:
///
///   if (!mega_history_current(h, rev, report)) return;           // somebody else was faster
///   after = mega_patch_edit(now, text, bytes, format, report, &inverse);   // and compile it
///   mega_history_push(h, inverse);                               // in force
///
///   text = mega_history_peek(h, MEGA_UNDO);                      // NULL: nothing to undo
///   after = mega_patch_edit(now, text, strlen(text), MEGA_FORMAT_JSON, report, &inverse);
///   mega_history_step(h, MEGA_UNDO, inverse);                    // in force
typedef struct mega_history mega_history;
typedef enum { MEGA_UNDO, MEGA_REDO } mega_direction;

/// @return NULL without memory
mega_history *mega_history_create(void);
void mega_history_destroy(mega_history *history);
/// The number of the document in force: 0 at first, one more with each edit, undo and redo.
uint64_t mega_history_rev(const mega_history *history);
/// Whether an edit that was made for revision `rev` still fits. @return false with a `conflict`
bool mega_history_current(const mega_history *history, uint64_t rev, mega_report *report);
/// An edit came into force. What had been undone is forgotten; so are the oldest edits beyond the
/// limits. One whose inverse is an empty list has a number, but makes no step. @param inverse is
/// copied; NULL, or without memory: nothing before now can be undone
void mega_history_push(mega_history *history, const char *inverse);
/// The list that undoes or redoes one edit, or NULL; lives until the next call that changes.
const char *mega_history_peek(const mega_history *history, mega_direction direction);
/// That list came into force. @param inverse as for `mega_history_push`
void mega_history_step(mega_history *history, mega_direction direction, const char *inverse);
/// How many edits can be undone or redone, and the bytes of all.
size_t mega_history_count(const mega_history *history, mega_direction direction);
size_t mega_history_bytes(const mega_history *history);

#endif
