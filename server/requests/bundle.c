// SPDX-License-Identifier: MIT
// bundle -- a bundle of which a message edits a document: its edits are collected and tried on
// copies first; then all edits and events get one frame, far enough ahead for the compiler. Nothing
// is applied unless all of it fits. Bundles without edits: perform_queue.c. What the messages of a
// bundle that fails are answered: task.c.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/session.h"
#include "requests/change.h"
#include "requests/param_number.h"
#include "requests/requests.h"
#include "synths/sound.h"

enum { COMPILE_MARGIN_MS = 20 }; // and three times what trying took

/// What comes of one synth.
typedef struct {
    synth *synth;
    call *first;       ///< of its builds: takes the answer
    mega_patch *after; ///< owned
    json_t *ops;       ///< all of them; owned. NULL where a whole document is among the builds
    bool whole;
} target;

// ---- on the builder: tried --------------------------------------------------------------------

static target *target_of(target *targets, uint32_t *count, call *c) {
    for (uint32_t i = 0; i < *count; i++)
        if (targets[i].synth == c->synth) return &targets[i];
    targets[*count] = (target){.synth = c->synth, .first = c, .ops = json_array()};
    return &targets[(*count)++];
}

static bool edit(call *c, target *t) {
    const mega_patch *before = t->after ? t->after : change_base(c);
    char *text = json_dumps(c->ops, JSON_COMPACT);
    mega_report *report = mega_report_create();
    mega_patch *after = NULL;
    if (before && text)
        after = mega_patch_edit(before, text, strlen(text), MEGA_FORMAT_JSON, report, NULL);
    if (!after) call_fail_report(c, MEGA_ERROR_PATCH, report);
    mega_report_destroy(report);
    free(text);
    if (!after) return false;
    mega_patch_destroy(t->after);
    t->after = after;
    json_array_extend(t->ops, c->ops);
    return true;
}

/// What one build wants, on top of what those before it want.
static bool fold(call *c, target *t) {
    if (!change_engine(c)) return false;
    if (c->ops) return edit(c, t);
    mega_patch_destroy(t->after);
    t->after = c->patch;
    c->patch = NULL;
    t->whole = true;
    return true;
}

static bool compiles(target *t) {
    mega_report *report = mega_report_create();
    mega_status status = mega_patch_check(t->after, report);
    if (status) call_fail_report(t->first, status, report);
    mega_report_destroy(report);
    return !status;
}

static bool rev_fits(call *c) {
    int64_t wanted = change_wanted_rev(c), now = (int64_t)mega_rev(c->synth->input.engine);
    if (wanted < 0 || wanted == now) return true;
    call_fail(c, CODE_CONFLICT, "rev",
              "the patch has another revision; read it with /patch/get and try again");
    call_note(c, "got", "%lld", (long long)wanted);
    call_note(c, "want", "%lld", (long long)now);
    return false;
}

static bool prepare(task *t, target *targets, uint32_t *count) {
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->command->route != ROUTE_BUILD) continue;
        c->command->run(c);
        if (c->code || !fold(c, target_of(targets, count, c)) || !rev_fits(c)) return false;
    }
    for (uint32_t i = 0; i < *count; i++)
        if (!compiles(&targets[i])) return false;
    return true;
}

// ---- on the builder: what the performing part names -------------------------------------------

static bool has_knob(const mega_patch *patch, const char *name) {
    for (size_t i = 0; i < mega_patch_knob_count(patch); i++)
        if (strcmp(mega_patch_knob(patch, i), name) == 0) return true;
    return false;
}

/// A parameter of all voices, or of one note.
static bool sets_param(const call *c) {
    return strcmp(c->command->address, "/param/set") == 0 ||
           (strcmp(c->command->address, "/note/set") == 0 && arg_given(c, "node"));
}

static bool names_fit(call *c, const mega_patch *after) {
    const mega_patch *patch = after ? after : change_document(c);
    if (!patch) return false;
    if (strcmp(c->command->address, "/knob/set") == 0) {
        if (!has_knob(patch, arg_text(c, "name")))
            call_fail(c, CODE_NOT_FOUND, "name", "no knob `%s`", arg_text(c, "name"));
    } else if (sets_param(c)) {
        const char *node = arg_text(c, "node"), *param = arg_text(c, "param");
        mega_param_info info;
        if (mega_module_param_named(mega_patch_node_module(patch, node), param, &info))
            arg_within(c, "value", info.min, info.max);
        else call_fail(c, CODE_NOT_FOUND, "param", "no parameter `%s.%s`", node, param);
    }
    return !c->code;
}

static bool all_names_fit(task *t, const target *targets, uint32_t count) {
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        const mega_patch *after = NULL;
        for (uint32_t k = 0; k < count; k++)
            if (targets[k].synth == c->synth) after = targets[k].after;
        if (c->command->route == ROUTE_PERFORM && !names_fit(c, after)) return false;
    }
    return true;
}

/// Numbers for parameters that are set, where the document has too many for all.
/// @return false, having failed: single notes have values of their own of too many
static bool number_params(task *t, const target *of, json_t *names) {
    mega_engine *engine = of->synth->input.engine;
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->synth != of->synth || !sets_param(c)) continue;
        char key[200];
        const char *node = arg_text(c, "node"), *param = arg_text(c, "param");
        bool of_note = strcmp(c->command->address, "/note/set") == 0;
        mega_report *report = mega_report_create();
        int32_t number = of_note ? mega_find_note_param(engine, node, param, report)
                                 : mega_find_param(engine, node, param);
        if (number < 0 && of_note) call_fail_report(c, MEGA_ERROR_LIMIT, report);
        mega_report_destroy(report);
        if (c->code) return false;
        param_key(key, sizeof key, node, param, of_note);
        json_object_set_new(json_object_get(names, "params"), key, json_integer(number));
    }
    return true;
}

// ---- on the builder: committed ----------------------------------------------------------------

static void give_frame(task *t, uint64_t took_ns) {
    server *s = t->server;
    double margin_ms = COMPILE_MARGIN_MS + 3e-6 * (double)took_ns;
    uint64_t soonest = sound_frame_ahead(s->sound) +
                       (uint64_t)(margin_ms * 1e-3 * sound_rate(s->sound)) / MIXER_SLICE_FRAMES *
                           MIXER_SLICE_FRAMES; // changes begin with a block
    // one frame for all is worth more than the right one: what is late is told
    t->late_by = t->frame && t->frame < soonest ? soonest - t->frame + t->before : 0;
    if (t->frame < soonest) t->frame = soonest;
    for (size_t i = 0; i < t->count; i++) t->calls[i].frame = t->calls[i].affects = t->frame;
}

static bool commit(task *t, target *at) {
    if (!change_commit(at->first, at->whole ? at->after : NULL, at->ops, -1))
        return false; // revisions were compared before
    at->first->coming = synth_names_of(at->synth, at->after);
    return number_params(t, at, at->first->coming);
}

static void take_back(task *t) {
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->made) mega_change_cancel(c->synth->input.engine, c->made, NULL);
        c->made = c->change = 0;
    }
}

static void work(task *t) {
    static target targets[limit_synths_max]; // the builder's
    uint32_t count = 0;
    uint64_t began = now_ns();
    bool ok = prepare(t, targets, &count) && all_names_fit(t, targets, count);
    if (ok) give_frame(t, now_ns() - began);
    for (uint32_t i = 0; i < count && ok; i++) ok = commit(t, &targets[i]);
    // a limit of one synth, met after another's change was taken: that one is taken back
    if (!ok) take_back(t);
    for (uint32_t i = 0; i < count; i++) {
        mega_patch_destroy(targets[i].after);
        json_decref(targets[i].ops);
    }
    t->settled = NULL; // events first, then the wait
}

static void nothing(task *t) { (void)t; }

// ---- on the loop ------------------------------------------------------------------------------

/// The names that come with the change, for the events that come with it.
static void exchange_names(task *t) {
    for (size_t i = 0; i < t->count; i++)
        if (t->calls[i].coming) synth_exchange_names(t->calls[i].synth, t->calls[i].coming);
}

static void landed(task *t) {
    for (size_t i = 0; i < t->count; i++)
        if (t->calls[i].code) return;
    exchange_names(t);
    bool applied = perform_validate(t) && perform_apply(t); // now that the names are there
    exchange_names(t);
    t->again = true;
    t->landed = NULL;
    if (!applied) {
        t->work = take_back;
        t->takes_back = true;
        return;
    }
    if (t->late_by)
        notice_send(t->server, TOPIC_late,
                    json_pack("{s:s, s:I, s:I}", "command", "#bundle", "frame",
                              (json_int_t)t->frame, "late_frames", (json_int_t)t->late_by));
    t->work = nothing;
    t->settled = change_settled;
}

/// The frame that the messages themselves ask for. @return false, having failed: they ask for
/// several
static bool agree_on_frame(task *t) {
    if (t->frame) return true;
    for (size_t i = 0; i < t->count; i++) {
        if (t->calls[i].frame == t->calls[0].frame) continue;
        call_fail(&t->calls[i], CODE_BAD_VALUE, "at", "a bundle with edits must have one time");
        call_note(&t->calls[i], "hint",
                  "give each message the same `at`, or the bundle a time tag");
        return false;
    }
    t->frame = t->calls[0].frame;
    return true;
}

void bundle_receive(task *t) {
    if (!agree_on_frame(t)) {
        task_finish(t);
        return;
    }
    // what a name may be is known when the builds are: all else is checked at once
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->command->route != ROUTE_PERFORM) continue;
        c->command->validate(c);
        if (c->code == CODE_NOT_FOUND) call_forgive(c);
        if (c->code) {
            task_finish(t);
            return;
        }
    }
    t->work = work;
    t->landed = landed;
    task_submit(t);
}
