// SPDX-License-Identifier: MIT
// synth -- synths made and freed. The name is taken at once, on the loop, so that what follows can
// use it; the engine is made by the builder.
#include "synths/synth.h"
#include "synths/mixer.h"

#include "commands/status.h"
#include "requests/requests.h"
#include "synths/client_taps.h"
#include "synths/sound.h"

// ---- new --------------------------------------------------------------------------------------

static void build(task *t) {
    call *c = &t->calls[0];
    if (c->synth->leaving) {
        call_fail(c, CODE_CONFLICT, "name", "a state was loaded in its place");
        return;
    }
    mega_report *report = mega_report_create();
    if (!synth_build(c->synth, report)) call_fail_report(c, MEGA_ERROR_MEMORY, report);
    mega_report_destroy(report);
}

static void built(task *t) {
    call *c = &t->calls[0];
    synth *s = c->synth;
    if (!c->code && !synth_enter(s)) call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    if (!c->code) {
        c->answer = json_pack("{s:s}", "synth", s->name);
        return;
    }
    synth_leave(s);
    synth_release(s);
}

/// What could be confused with a command, or would not fit an address.
static bool check_name(call *c, const char *name) {
    if (synth_name_is_good(name)) return true;
    call_fail(c, CODE_BAD_VALUE, "name", "invalid synth name");
    call_note(c, "want", "1..%d letters, digits, - _ .", limit_name_bytes_max);
    return false;
}

void command_synth_new(call *c) {
    const char *name = arg_text(c, "name");
    uint32_t outputs = sound_outputs(c->server->sound);
    if (!check_name(c, name) || !arg_within(c, "fader", 0, MIXER_FADER_MAX) ||
        !arg_within(c, "output", 0, outputs - 1))
        return;
    if (synth_find(c->server, name)) {
        call_fail(c, CODE_CONFLICT, "name", "there is a synth `%s`", name);
        return;
    }
    if (c->server->synth_count >= limit_synths_max) {
        call_fail(c, CODE_LIMIT, "", "too many synths");
        call_note(c, "limit", "synths_max");
        return;
    }
    synth *made = synth_create(c->server, name);
    if (!made) {
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return;
    }
    made->input.first_output = (uint32_t)arg_integer(c, "output", 0);
    made->input.gain = (float)arg_number(c, "fader", 1);
    atomic_store(&made->input.fader, made->input.gain);
    synth_hold(c->synth = made);
    c->later = true;
    c->task->work = build;
    c->task->landed = built;
    builder_submit(c->server->builder, c->task);
}

// ---- free -------------------------------------------------------------------------------------

static void forget(task *t) { synths_remove(t->server, t->calls[0].synth); }
static bool faded(task *t) { return now_ns() > t->calls[0].due_ns; }

static void forgotten(task *t) {
    synth *s = t->calls[0].synth;
    taps_of_synth_end(t->server, s);
    buses_forget(t->server->buses, s, 0);
    synth_leave(s);
    synth_silence(s);
}

void command_synth_free(call *c) {
    const char *name = arg_text(c, "name");
    synth *s = synth_find(c->server, name);
    if (!s || s == c->server->synths) {
        if (s) call_fail(c, CODE_BAD_VALUE, "name", "`main` stays");
        else call_fail(c, CODE_NOT_FOUND, "name", "no synth `%s`", name);
        return;
    }
    s->leaving = true;
    atomic_store(&s->input.fader, 0);
    synth_hold(c->synth = s);
    c->later = true;
    c->due_ns = now_ns() + MIXER_FADE_OUT_NS;
    c->task->work = forget;
    c->task->settled = faded;
    c->task->landed = forgotten;
    builder_submit(c->server->builder, c->task);
}

// ---- all --------------------------------------------------------------------------------------

void command_synth_list(call *c) {
    c->answer = json_pack("{s:o}", "synths", status_of_synths(c->server));
}

void command_synth_fader(call *c) {
    const char *name = arg_text(c, "name");
    synth *s = synth_find(c->server, name);
    if (!arg_within(c, "value", 0, MIXER_FADER_MAX)) return;
    if (!s) {
        call_fail(c, CODE_NOT_FOUND, "name", "no synth `%s`", name);
        return;
    }
    atomic_store(&s->input.fader, (float)arg_number(c, "value", 1));
    c->affects = sound_frame(c->server->sound);
}
