// SPDX-License-Identifier: MIT
#include "commands/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "commands/taps.h"
#include "record/record.h"
#include "requests/requests.h"
#include "synths/sound.h"
#include "synths/synth.h"

struct recordings {
    struct place {
        bool taken;         ///< from the time that its file is being made
        recorder *recorder; ///< NULL until it is made
        int32_t bus;        ///< 0: the output
        tap *tap;           ///< NULL: the output, or its bus has gone
        bool end_told;
    } places[limit_recordings_max];
};

recordings *recordings_create(void) { return calloc(1, sizeof(recordings)); }

/// The audio side forgets it. What it has so far is kept for record_stop.
static void detach(server *s, struct place *p) {
    uint32_t number = (uint32_t)(p - s->recordings->places);
    if (p->tap) mixer_tap(s->mixer, limit_taps_max + number, NULL);
    else sound_record(s->sound, (int)number, NULL);
    audio_synchronize(sound_audio(s->sound));
    free(p->tap);
    p->tap = NULL;
}

void recordings_destroy(server *s) {
    for (int i = 0; s->recordings && i < limit_recordings_max; i++) {
        struct place *p = &s->recordings->places[i];
        if (p->recorder) record_stop(p->recorder);
        free(p->tap);
    }
    free(s->recordings);
    s->recordings = NULL;
}

void recordings_of_bus_end(server *s, int32_t number) {
    for (int i = 0; i < limit_recordings_max; i++) {
        struct place *p = &s->recordings->places[i];
        if (p->tap && p->bus == number) detach(s, p);
    }
}

void recordings_of_synth_end(server *s, const synth *of) {
    if (!of->input.engine) return;
    for (int i = 0; i < limit_recordings_max; i++) {
        struct place *p = &s->recordings->places[i];
        if (p->tap && p->tap->engine == of->input.engine) detach(s, p);
    }
}

void recordings_tick(server *s) {
    for (int i = 0; i < limit_recordings_max; i++) {
        struct place *p = &s->recordings->places[i];
        if (!p->recorder || p->end_told) continue;
        record_state now = record_get(p->recorder);
        p->end_told = now.ended;
        if (now.status)
            log_line(LOG_WARNING, "record.failed", "%s after %llu frames: %s", now.path,
                     (unsigned long long)now.frames_written, now.cause);
        else if (now.ended) log_line(LOG_INFO, "record.ended", "%s", now.path);
    }
}

// ---- start ------------------------------------------------------------------------------------

static bool format_of(call *c, record_options *o) {
    static const char *const words[] = {"float", "pcm24", "pcm16"};
    const char *word = arg_text(c, "format");
    if (!word) return true;
    o->format_given = true;
    for (int i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) != 0) continue;
        o->format = (record_format)i;
        return true;
    }
    call_fail(c, CODE_BAD_VALUE, "format", "no such format: %s", word);
    call_note(c, "want", "float, pcm24 or pcm16");
    return false;
}

static code code_of(record_status status) {
    switch (status) {
    case RECORD_BAD_VALUE: return CODE_BAD_VALUE;
    case RECORD_CONFLICT: return CODE_CONFLICT;
    case RECORD_MEMORY: return CODE_NO_MEMORY;
    default: return CODE_FILE;
    }
}

/// On the builder: the file.
static void make(task *t) {
    call *c = &t->calls[0];
    sound *s = c->server->sound;
    char cause[RECORD_CAUSE_BYTES];
    record_options o = {.root = c->server->options->root,
                        .path = arg_text(c, "file"),
                        .rate = sound_rate(s),
                        .channels = arg_given(c, "bus") ? 1 : sound_outputs(s),
                        .make_folders = arg_bool(c, "folders", false)};
    o.frames_max = (uint64_t)(arg_number(c, "seconds", 0) * o.rate);
    recorder *made = NULL;
    record_status status = format_of(c, &o) ? record_start(&o, &made, cause) : RECORD_OK;
    if (status) call_fail(c, code_of(status), "file", "%s", cause);
    c->work = made;
}

static void made(task *t) {
    call *c = &t->calls[0];
    server *s = c->server;
    struct place *p = &s->recordings->places[c->number];
    p->recorder = c->work;
    if (!p->recorder) { // it failed, or the server is being stopped
        if (p->tap) detach(s, p);
        *p = (struct place){0};
        return;
    }
    if (p->tap) {
        p->tap->recorder = p->recorder;
        mixer_tap(s->mixer, limit_taps_max + (uint32_t)c->number, p->tap);
    } else if (!p->bus) {
        sound_record(s->sound, c->number, p->recorder);
    } // else the bus has gone meanwhile: nothing is recorded
    log_line(LOG_INFO, "record.started", "%s", arg_text(c, "file"));
    c->answer = json_pack("{s:s}", "file", arg_text(c, "file"));
    c->affects = sound_frame(s->sound);
}

static struct place *find_place(server *s) {
    for (int i = 0; i < limit_recordings_max; i++)
        if (!s->recordings->places[i].taken) return &s->recordings->places[i];
    return NULL;
}

void command_record_start(call *c) {
    struct place *p = find_place(c->server);
    const bus *b = NULL;
    if (!arg_within(c, "seconds", 0, 1e7)) return;
    if (arg_given(c, "bus") && !(b = bus_find(c->server->buses, arg_integer(c, "bus", 0)))) {
        call_fail(c, CODE_NOT_FOUND, "bus", "no bus of that number");
        return;
    }
    if (!p) {
        call_fail(c, CODE_LIMIT, "", "too many recordings at once");
        call_note(c, "limit", "recordings_max");
        return;
    }
    tap *listens = b ? tap_create(b, 0) : NULL;
    if (b && !listens) {
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return;
    }
    *p = (struct place){.taken = true, .tap = listens, .bus = b ? b->number : 0};
    c->number = (int32_t)(p - c->server->recordings->places);
    c->later = true;
    c->task->work = make;
    c->task->landed = made;
    builder_submit(c->server->builder, c->task);
}

// ---- stop, status -----------------------------------------------------------------------------

static json_t *describe(const char *path, int32_t of_bus, const record_state *r) {
    json_t *map = json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:b}", "file", path, "rate",
                            (int)r->rate, "channels", (int)r->channels, "frames",
                            (json_int_t)r->frames_written, "synced", (json_int_t)r->frames_synced,
                            "dropped", (json_int_t)r->frames_dropped, "ended", r->ended);
    if (of_bus) json_object_set_new(map, "bus", json_integer(of_bus));
    if (r->status) json_object_set_new(map, "error", json_string(r->cause));
    return map;
}

/// What is taken out of the table to be closed on the builder.
typedef struct {
    int count;
    recorder *recorders[limit_recordings_max];
    int32_t buses[limit_recordings_max];
} ending;

static void close_all(task *t) {
    call *c = &t->calls[0];
    ending *e = c->work;
    json_t *list = json_array();
    for (int i = 0; i < e->count; i++) {
        char name[RECORD_PATH_BYTES_MAX];
        strcpy(name, record_get(e->recorders[i]).path); // its last state has none
        record_state last = record_stop(e->recorders[i]);
        log_line(LOG_INFO, "record.stopped", "%s after %llu frames", name,
                 (unsigned long long)last.frames_written);
        json_array_append_new(list, describe(name, e->buses[i], &last));
    }
    free(e);
    c->work = NULL;
    c->answer = json_pack("{s:o}", "recordings", list);
}

static void take_out(server *s, const char *path, ending *e) {
    for (int i = 0; i < limit_recordings_max; i++) {
        struct place *p = &s->recordings->places[i];
        if (!p->recorder || (path && strcmp(path, record_get(p->recorder).path) != 0)) continue;
        detach(s, p);
        e->recorders[e->count] = p->recorder;
        e->buses[e->count++] = p->bus;
        *p = (struct place){0};
    }
}

/// On the loop, when all that was asked for before is made.
static void end(task *t) {
    call *c = &t->calls[0];
    const char *path = arg_text(c, "file");
    ending *e = calloc(1, sizeof *e);
    if (!e) {
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return;
    }
    take_out(t->server, path, e);
    if (path && !e->count) {
        free(e);
        call_fail(c, CODE_NOT_FOUND, "file", "nothing is recorded to `%s`", path);
        return;
    }
    c->work = e;
    if (t->server->quitting) { // the builder may not run any more, and nobody waits
        close_all(t);
        return;
    }
    t->work = close_all;
    t->landed = NULL;
    t->again = true;
}

static void nothing(task *t) { (void)t; }

void command_record_stop(call *c) {
    c->later = true;
    c->task->work = nothing;
    c->task->landed = end;
    builder_submit(c->server->builder, c->task);
}

void command_record_status(call *c) {
    json_t *list = json_array();
    for (int i = 0; i < limit_recordings_max; i++) {
        const struct place *p = &c->server->recordings->places[i];
        if (!p->recorder) continue;
        record_state now = record_get(p->recorder);
        json_array_append_new(list, describe(now.path, p->bus, &now));
    }
    c->answer = json_pack("{s:o}", "recordings", list);
}
