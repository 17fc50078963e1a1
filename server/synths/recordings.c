// SPDX-License-Identifier: MIT
#include "synths/recordings.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
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

// ---- begun and ended ---------------------------------------------------------------------------

code recordings_reserve(server *s, const bus *b, int *place) {
    for (int i = 0; i < limit_recordings_max; i++) {
        struct place *p = &s->recordings->places[i];
        if (p->taken) continue;
        tap *listens = b ? bus_tap(b, 0) : NULL;
        if (b && !listens) return CODE_NO_MEMORY;
        *p = (struct place){.taken = true, .tap = listens, .bus = b ? b->number : 0};
        *place = i;
        return CODE_NONE;
    }
    return CODE_LIMIT;
}

void recordings_begin(server *s, int place, recorder *made) {
    struct place *p = &s->recordings->places[place];
    p->recorder = made;
    if (!made) {
        if (p->tap) detach(s, p);
        *p = (struct place){0};
    } else if (p->tap) {
        p->tap->recorder = made;
        mixer_tap(s->mixer, limit_taps_max + (uint32_t)place, p->tap);
    } else if (!p->bus) {
        sound_record(s->sound, place, made);
    } // else the bus has gone meanwhile: nothing is recorded
}

int recordings_take_out(server *s, const char *path, recording taken[limit_recordings_max]) {
    int count = 0;
    for (int i = 0; i < limit_recordings_max; i++) {
        struct place *p = &s->recordings->places[i];
        if (!p->recorder || (path && strcmp(path, record_get(p->recorder).path) != 0)) continue;
        detach(s, p);
        taken[count++] = (recording){p->recorder, p->bus};
        *p = (struct place){0};
    }
    return count;
}

bool recordings_next(const server *s, uint32_t *at, recording *next) {
    while (*at < limit_recordings_max) {
        const struct place *p = &s->recordings->places[(*at)++];
        if (!p->recorder) continue;
        *next = (recording){p->recorder, p->bus};
        return true;
    }
    return false;
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
