// SPDX-License-Identifier: MIT
#include "synths/client_taps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clients/session.h"
#include "protocol/osc.h"
#include "protocol/payload.h"
#include "synths/recordings.h"
#include "synths/sound.h"

#define ONCE_NS_MAX UINT64_C(500000000)

struct taps {
    struct place {
        tap *tap;                                              ///< NULL: free
        session *session;                                      ///< held
        int32_t number;                                        ///< of the bus
        void (*done)(void *context, const tap_levels *levels); ///< of one look; NULL: of a tap
        void *context;
        uint64_t interval_ns, due_ns, read; ///< from the ring
    } places[limit_taps_max];
};

taps *taps_create(void) { return calloc(1, sizeof(taps)); }

static void end(server *s, struct place *p, const tap_levels *last) {
    struct place was = *p;
    mixer_tap(s->mixer, (uint32_t)(p - s->taps->places), NULL);
    if (s->sound) audio_synchronize(sound_audio(s->sound));
    *p = (struct place){0};
    free(was.tap);
    if (was.done) was.done(was.context, last);
    session_release(was.session);
}

static void drop(server *s, struct place *p) { end(s, p, NULL); }

void taps_destroy(server *s) {
    for (uint32_t i = 0; s->taps && i < limit_taps_max; i++)
        if (s->taps->places[i].tap) drop(s, &s->taps->places[i]);
    free(s->taps);
    s->taps = NULL;
}

static code begin(server *s, session *of, const bus *b, uint32_t every, struct place **begun) {
    for (uint32_t i = 0; i < limit_taps_max; i++) {
        struct place *p = &s->taps->places[i];
        if (p->tap) continue;
        tap *t = bus_tap(b, every);
        if (!t) return CODE_NO_MEMORY;
        session_hold(of);
        *p = (struct place){.tap = t, .session = of, .number = b->number};
        mixer_tap(s->mixer, i, t);
        *begun = p;
        return CODE_NONE;
    }
    return CODE_LIMIT;
}

code taps_begin(server *s, session *of, const bus *b, uint32_t every, uint64_t ms) {
    struct place *p;
    taps_end(s, of, b->number);
    code failed = begin(s, of, b, every, &p);
    if (failed) return failed;
    p->interval_ns = ms * 1000000;
    p->due_ns = now_ns() + p->interval_ns;
    return CODE_NONE;
}

code taps_once(server *s, session *of, const bus *b,
               void (*done)(void *context, const tap_levels *levels), void *context) {
    struct place *p;
    code failed = begin(s, of, b, 0, &p);
    if (failed) return failed;
    p->done = done;
    p->context = context;
    p->due_ns = now_ns() + ONCE_NS_MAX;
    return CODE_NONE;
}

bool taps_end(server *s, const session *of, int32_t number) {
    for (uint32_t i = 0; i < limit_taps_max; i++) {
        struct place *p = &s->taps->places[i];
        if (!p->tap || p->session != of || p->number != number || p->done) continue;
        drop(s, p);
        return true;
    }
    return false;
}

void taps_of_bus_end(server *s, int32_t number) {
    recordings_of_bus_end(s, number);
    for (uint32_t i = 0; i < limit_taps_max; i++)
        if (s->taps->places[i].tap && s->taps->places[i].number == number)
            drop(s, &s->taps->places[i]);
}

void taps_of_synth_end(server *s, const synth *of) {
    recordings_of_synth_end(s, of);
    if (!of->input.engine) return; // taps of the clients' buses have none
    for (uint32_t i = 0; i < limit_taps_max; i++)
        if (s->taps->places[i].tap && s->taps->places[i].tap->engine == of->input.engine)
            drop(s, &s->taps->places[i]);
}

void taps_of_session_end(server *s, const session *of) {
    for (uint32_t i = 0; s->taps && i < limit_taps_max; i++)
        if (s->taps->places[i].tap && s->taps->places[i].session == of)
            drop(s, &s->taps->places[i]);
}

// ---- what is told -----------------------------------------------------------------------------

static bool take_levels(tap *t, tap_levels *l) {
    uint32_t frames = atomic_exchange(&t->frames, 0);
    if (!frames) return false;
    float squares = atomic_exchange(&t->squares, 0);
    *l = (tap_levels){atomic_exchange(&t->peak, 0), sqrtf(squares / (float)frames),
                      atomic_load(&t->last), atomic_load(&t->frame)};
    return true;
}

static void key(msgpack_packer *packer, const char *name) {
    msgpack_pack_str(packer, strlen(name));
    msgpack_pack_str_body(packer, name, strlen(name));
}

static void number(msgpack_packer *packer, const char *name, double value) {
    key(packer, name);
    msgpack_pack_double(packer, value);
}

/// The frames that have come since: at most a ring of them, the newest.
/// @return where they end
static uint64_t frames_to_tell(struct place *p) {
    uint64_t written = atomic_load_explicit(&p->tap->written, memory_order_acquire);
    // a quarter of the ring is left to the writer while it is read
    if (written - p->read > TAP_RING_FRAMES * 3 / 4) p->read = written - TAP_RING_FRAMES * 3 / 4;
    return written;
}

static void pack_frames(msgpack_packer *packer, struct place *p, uint64_t written,
                        msgpack_sbuffer *samples) {
    for (; p->read < written; p->read++) {
        float value = p->tap->ring[p->read % TAP_RING_FRAMES];
        msgpack_sbuffer_write(samples, (const char *)&value,
                              sizeof value); // the machine is little-endian
    }
    key(packer, "samples");
    msgpack_pack_bin(packer, samples->size);
    msgpack_pack_bin_body(packer, samples->data ? samples->data : "", samples->size);
}

/// `/tap ,ib bus map`, keys in order.
static void tell(server *s, struct place *p, const tap_levels *l) {
    msgpack_sbuffer payload, samples;
    msgpack_packer packer;
    msgpack_sbuffer_init(&payload);
    msgpack_sbuffer_init(&samples);
    msgpack_packer_init(&packer, &payload, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, p->tap->every ? 7 : 3);
    if (p->tap->every) {
        key(&packer, "channels");
        msgpack_pack_int(&packer, 1);
        key(&packer, "every");
        msgpack_pack_uint32(&packer, p->tap->every);
    }
    uint64_t frame = l->frame, written = 0;
    if (p->tap->every) {
        written = frames_to_tell(p);
        frame = p->tap->first_frame + p->read * p->tap->every;
    }
    key(&packer, "frame");
    msgpack_pack_uint64(&packer, frame);
    number(&packer, "peak", (double)l->peak);
    if (p->tap->every) {
        key(&packer, "rate");
        msgpack_pack_uint32(&packer, sound_rate(s->sound));
    }
    number(&packer, "rms", (double)l->rms);
    if (p->tap->every) pack_frames(&packer, p, written, &samples);
    size_t bytes;
    void *packet = osc_write(&bytes, "/tap", "ib", p->number, payload.data, payload.size);
    if (packet) p->session->send(p->session, packet, bytes, SEND_METER);
    free(packet);
    msgpack_sbuffer_destroy(&payload);
    msgpack_sbuffer_destroy(&samples);
}

void taps_tick(server *s) {
    uint64_t now = now_ns();
    for (uint32_t i = 0; i < limit_taps_max; i++) {
        struct place *p = &s->taps->places[i];
        tap_levels l = {0};
        if (!p->tap || (!p->done && now < p->due_ns)) continue;
        bool some = take_levels(p->tap, &l);
        if (p->done) {
            if (some || now > p->due_ns) end(s, p, &l);
            continue;
        }
        p->due_ns += p->interval_ns;
        if (p->due_ns < now) p->due_ns = now + p->interval_ns;
        if (some) tell(s, p, &l);
    }
}
