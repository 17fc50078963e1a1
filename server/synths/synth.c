// SPDX-License-Identifier: MIT
// synth -- the loop's part: the list of synths, their names, what they tell.
#include "synths/synth.h"
#include "synths/synth_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clients/session.h"
#include "synths/midi_player.h"
#include "synths/sound.h"

synth *synth_find(server *s, const char *name) {
    for (synth *at = s->synths; at; at = at->next)
        if (!at->leaving && strcmp(at->name, name) == 0) return at;
    return NULL;
}

bool synth_name_is_good(const char *name) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t bytes = strlen(name);
    return bytes && bytes <= limit_name_bytes_max && strspn(name, letters) == bytes;
}

synth *synth_make(server *s, const char *name) {
    synth *made = calloc(1, sizeof *made);
    notes *table = notes_create();
    if (!made || !table) {
        free(made);
        notes_destroy(table);
        return NULL;
    }
    made->server = s;
    made->references = 1;
    made->notes = table;
    snprintf(made->name, sizeof made->name, "%s", name);
    atomic_init(&made->input.fader, 1.0f);
    made->input.gain = 1.0f;
    return made;
}

void synth_list(synth *made) {
    synth **end = &made->server->synths;
    while (*end) end = &(*end)->next;
    *end = made;
    made->server->synth_count++;
}

synth *synth_create(server *s, const char *name) {
    synth *made = synth_make(s, name);
    if (made) synth_list(made);
    return made;
}

void synth_hold(synth *s) { s->references++; }

void synth_release(synth *s) {
    if (--s->references) return;
    if (s->input.engine) synth_calls_close(s);
    if (s->input.engine) mega_destroy(s->input.engine);
    json_decref(s->nodes);
    json_decref(s->knobs);
    json_decref(s->params);
    json_decref(s->presets);
    notes_destroy(s->notes);
    midi_players_destroy(s->midi);
    free(s);
}

// ---- the mix ----------------------------------------------------------------------------------

enum { MIXED_MAX = 2 * limit_synths_max }; // those of a state, and those that leave for it

static bool mix(server *s) {
    mixer_input *inputs[MIXED_MAX];
    uint32_t count = 0;
    for (synth *at = s->synths; at; at = at->next)
        if (at->state == SYNTH_LIVE && count < MIXED_MAX) inputs[count++] = &at->input;
    return mixer_set(s->mixer, inputs, count);
}

bool synth_enter(synth *s) {
    s->state = SYNTH_LIVE;
    if (mix(s->server)) return true;
    s->state = SYNTH_MADE;
    return false;
}

void synth_leave(synth *s) {
    synth **at = &s->server->synths;
    while (*at && *at != s) at = &(*at)->next;
    if (!*at) return;
    *at = s->next;
    s->server->synth_count--;
}

void synth_silence(synth *s) {
    s->state = SYNTH_GONE;
    if (!mix(s->server))
        return; // no memory for a shorter list: it stays in the mix, with its engine
    audio_synchronize(sound_audio(s->server->sound));
    mixer_collect(s->server->mixer);
    synth_release(s);
}

static bool has_name(synth *const *list, uint32_t count, const char *name) {
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i]->name, name) == 0) return true;
    return false;
}

bool synths_replace(server *s, synth *const *to, uint32_t count) {
    mixer_input *inputs[MIXED_MAX];
    uint32_t mixed = 0, room = limit_synths_max - count;
    for (; mixed < count; mixed++) inputs[mixed] = &to[mixed]->input;
    for (synth *at = s->synths; at; at = at->next)
        if (at->state == SYNTH_LIVE && !at->leaving) inputs[mixed++] = &at->input;
    if (!mixer_set(s->mixer, inputs, mixed)) return false;

    for (synth *at = s->synths; at; at = at->next) {
        if (at->leaving && at->state == SYNTH_LIVE) at->state = SYNTH_GONE; // its fade is cut short
        // one that is being made comes after this, where its name and a place are left
        if (at->state == SYNTH_MADE && room && !has_name(to, count, at->name)) {
            room--;
            continue;
        }
        at->leaving = true;
        atomic_store(&at->input.fader, 0);
    }
    synth *before = s->synths, **end = &s->synths;
    *end = NULL;
    for (uint32_t i = 0; i < count; i++) {
        to[i]->state = SYNTH_LIVE;
        synth_list(s->built[i] = to[i]);
    }
    s->built_count = count;
    while (*end) end = &(*end)->next;
    *end = before;
    return true;
}

uint64_t synth_engine_frame(const synth *s, uint64_t frame) {
    uint64_t origin = atomic_load(&s->input.origin);
    return origin && frame >= origin - 1 ? frame - (origin - 1) : 0;
}

uint64_t synth_server_frame(const synth *s, uint64_t engine_frame) {
    uint64_t origin = atomic_load(&s->input.origin);
    return engine_frame + (origin ? origin - 1 : 0);
}

// ---- names ------------------------------------------------------------------------------------

void synth_take_names(synth *s, json_t *names) {
    uint64_t rev = (uint64_t)json_integer_value(json_object_get(names, "rev"));
    if (s->nodes && rev < s->rev) return; // of before what is known
    s->rev = rev;
    json_decref(s->nodes);
    json_decref(s->knobs);
    json_decref(s->presets);
    s->presets = json_incref(json_object_get(names, "presets"));
    s->nodes = json_incref(json_object_get(names, "nodes"));
    s->knobs = json_incref(json_object_get(names, "knobs"));
    // numbers stay valid for good: those that were asked for before are kept
    if (!s->params) s->params = json_object();
    const char *key;
    json_t *number;
    void *next;
    json_object_foreach_safe(s->params, next, key, number) if (json_integer_value(number) < 0)
        json_object_del(s->params, key); // there may be one now
    json_object_update(s->params, json_object_get(names, "params"));
}

static void exchange(json_t **mine, json_t *names, const char *key) {
    json_t *theirs = json_incref(json_object_get(names, key));
    if (*mine) json_object_set_new(names, key, *mine);
    else json_object_del(names, key);
    *mine = theirs;
}

void synth_exchange_names(synth *s, json_t *names) {
    exchange(&s->nodes, names, "nodes");
    exchange(&s->knobs, names, "knobs");
    exchange(&s->params, names, "params");
    exchange(&s->presets, names, "presets");
}

void synth_built_by(synth *s, uint64_t serial) { s->built_by = serial; }
uint64_t synth_last_build(const synth *s) { return s->built_by; }

// ---- what it tells ----------------------------------------------------------------------------

void synth_tell_note(synth *s, const char *event, const note_entry *note, uint64_t frame) {
    if (!notice_wanted(s->server, TOPIC_note)) return;
    json_t *map =
        json_pack("{s:s, s:s, s:I, s:f, s:I}", "event", event, "synth", s->name, "note",
                  (json_int_t)note->handle, "key", (double)note->key, "frame", (json_int_t)frame);
    if (note->id >= 0) json_object_set_new(map, "id", json_integer(note->id));
    notice_send(s->server, TOPIC_note, map);
}

static void tell_ended(synth *s, mega_note handle, uint64_t frame) {
    note_entry was;
    midi_players_ended(s->midi, handle);
    if (notes_remove(s->notes, handle, &was))
        synth_tell_note(s, "ended", &was, synth_server_frame(s, frame));
}

/// Notes that were sent ahead and have begun meanwhile.
static void tell_begun(synth *s) {
    uint64_t frame = mega_counters_get(s->input.engine).frame_rendered;
    for (const note_entry *e; (e = notes_begin(s->notes, frame));)
        synth_tell_note(s, "started", e, synth_server_frame(s, e->frame));
}

static void tell_counters(synth *s) {
    mega_counters now = mega_counters_get(s->input.engine);
    struct {
        topic topic;
        const char *event;
        uint64_t now, *before;
    } counted[] = {
        {TOPIC_nan, "silenced", now.lanes_silenced + now.outputs_silenced, &s->told.silenced},
        {TOPIC_late, "late", now.events_late + now.changes_late, &s->told.late},
        {TOPIC_voice, "stolen", now.notes_stolen, &s->told.stolen},
        {TOPIC_voice, "dropped", now.notes_dropped + now.events_dropped, &s->told.dropped}};
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
        uint64_t more = counted[i].now - *counted[i].before;
        *counted[i].before = counted[i].now;
        if (!more) continue;
        if (counted[i].topic == TOPIC_nan)
            log_line(LOG_WARNING, "synth.nan", "%s: %llu times NaN or infinity were silenced",
                     s->name, (unsigned long long)more);
        notice_send(s->server, counted[i].topic,
                    json_pack("{s:s, s:s, s:I, s:I}", "event", counted[i].event, "synth", s->name,
                              "count", (json_int_t)more, "frame",
                              (json_int_t)sound_frame(s->server->sound)));
    }
}

void synths_tick(server *all) {
    for (synth *s = all->synths; s; s = s->next) {
        if (s->state != SYNTH_LIVE) continue;
        mega_note note;
        uint64_t frame;
        tell_begun(s); // before what has ended: a note may do both in one turn
        while (mega_next_ended(s->input.engine, &note, &frame)) tell_ended(s, note, frame);
        tell_counters(s);
    }
}
