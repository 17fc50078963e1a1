// SPDX-License-Identifier: MIT
// history -- undo and redo, and which messages they take back or make again.
#include <string.h>

#include "core.h"

static void step(mega_adapter *a, synth_work *w) {
    bool undo = strcmp(w->what, "undo") == 0;
    w->status =
        (undo ? mega_undo : mega_redo)(a->engine, w->change.fade_ms, &w->changed, w->report);
}

bool synth_is_history(const synth_work *w) { return w->work == step; }

/// The operations of an undone edit as messages, `undone` in front; kept for `redo`.
static void tell_undone(mega_adapter *a, synth_work *w) {
    json_t *operations = w->changed.undo_json ? json_loads(w->changed.undo_json, 0, NULL) : NULL;
    synth_messages undone = {0};
    size_t count = json_array_size(operations);
    for (size_t i = 0; i < count && i < SYNTH_ERRORS_TOLD_MAX; i++)
        synth_operation_message(&undone, "undone", json_array_get(operations, i));
    if (count > SYNTH_ERRORS_TOLD_MAX)
        synth_messages_add(&undone, "undone", "sf", "more",
                           (double)(count - SYNTH_ERRORS_TOLD_MAX));
    if (!count) synth_messages_add(&undone, "undone", "s", "patch");
    json_decref(operations);
    synth_tell_messages(a, w->listener, &undone);
    if (!a->undone) a->undone = json_array();
    if (json_array_size(a->undone) == SYNTH_UNDONE_MAX) json_array_remove(a->undone, 0);
    json_array_append_new(a->undone, undone.list);
}

static void tell_redone(mega_adapter *a, synth_work *w) {
    size_t i, last = json_array_size(a->undone);
    if (!last) return;
    synth_messages redone = {json_incref(json_array_get(a->undone, last - 1))};
    json_array_remove(a->undone, last - 1);
    json_t *message;
    json_array_foreach(redone.list, i, message)
        json_array_set_new(message, 0, json_string("redone"));
    synth_tell_messages(a, w->listener, &redone);
    json_decref(redone.list);
}

static void history(mega_adapter *a, const char *what, size_t count, const mega_atom *atoms) {
    float fade_ms;
    if (!synth_fade_of(a, count, atoms, &fade_ms)) return;
    synth_edits_flush(a);
    synth_work *w = synth_work_create(a, what, step);
    if (!w) return;
    w->change.fade_ms = fade_ms;
    w->job.replaced_by_load = true;
    w->finish = strcmp(what, "undo") == 0 ? tell_undone : tell_redone;
    synth_work_post(a, w);
}

void synth_command_undo(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame;
    history(a, "undo", count, atoms);
}

void synth_command_redo(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame;
    history(a, "redo", count, atoms);
}
