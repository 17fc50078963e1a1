// SPDX-License-Identifier: MIT
#include "commands/taps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clients/session.h"
#include "commands/record.h"
#include "requests/requests.h"
#include "synths/sound.h"

enum { INTERVAL_MS = 50 };
#define ONCE_NS_MAX UINT64_C(500000000)

struct taps {
    struct place {
        tap *tap;         ///< NULL: free
        session *session; ///< held
        int32_t number;   ///< of the bus
        call *once;
        uint64_t interval_ns, due_ns, read; ///< from the ring
    } places[limit_taps_max];
};

taps *taps_create(void) { return calloc(1, sizeof(taps)); }

static void end(server *s, struct place *p) {
    mixer_tap(s->mixer, (uint32_t)(p - s->taps->places), NULL);
    if (s->sound) audio_synchronize(sound_audio(s->sound));
    free(p->tap);
    if (p->once) task_finish(p->once->task);
    session_release(p->session);
    *p = (struct place){0};
}

void taps_destroy(server *s) {
    for (uint32_t i = 0; s->taps && i < limit_taps_max; i++)
        if (s->taps->places[i].tap) end(s, &s->taps->places[i]);
    free(s->taps);
    s->taps = NULL;
}

tap *tap_create(const bus *b, uint32_t every) {
    tap *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->engine = b->synth ? b->synth->input.engine : NULL;
    t->engine_bus = b->engine_bus;
    t->voice = b->voice;
    t->client_bus = b->synth ? 0 : (uint32_t)b->number;
    t->every = every;
    return t;
}

static struct place *begin(call *c, const bus *b, uint32_t every) {
    for (uint32_t i = 0; i < limit_taps_max; i++) {
        struct place *p = &c->server->taps->places[i];
        if (p->tap) continue;
        tap *t = tap_create(b, every);
        if (!t) {
            call_fail(c, CODE_NO_MEMORY, "", "out of memory");
            return NULL;
        }
        session_hold(c->from);
        *p = (struct place){.tap = t,
                            .session = c->from,
                            .number = b->number,
                            .interval_ns = INTERVAL_MS * UINT64_C(1000000)};
        mixer_tap(c->server->mixer, i, t);
        return p;
    }
    call_fail(c, CODE_LIMIT, "", "too many taps");
    call_note(c, "limit", "taps_max");
    return NULL;
}

void tap_begin(call *c, const bus *b) {
    tap_end(c->server, c->from, b->number); // one for a client and a bus: the newer
    uint32_t every = (uint32_t)arg_integer(c, "every", 0);
    struct place *p = begin(c, b, every);
    if (!p) return;
    p->interval_ns = (uint64_t)arg_integer(c, "ms", INTERVAL_MS) * 1000000;
    p->due_ns = now_ns() + p->interval_ns;
    c->answer = json_pack("{s:i, s:i, s:i}", "bus", b->number, "every", (int)every, "rate",
                          (int)sound_rate(c->server->sound));
}

void tap_once(call *c, const bus *b) {
    struct place *p = begin(c, b, 0);
    if (!p) return;
    c->later = true;
    p->once = c;
    p->due_ns = now_ns() + ONCE_NS_MAX;
}

bool tap_end(server *s, const session *of, int32_t number) {
    for (uint32_t i = 0; i < limit_taps_max; i++) {
        struct place *p = &s->taps->places[i];
        if (!p->tap || p->session != of || p->number != number || p->once) continue;
        end(s, p);
        return true;
    }
    return false;
}

void taps_of_bus_end(server *s, int32_t number) {
    recordings_of_bus_end(s, number);
    for (uint32_t i = 0; i < limit_taps_max; i++)
        if (s->taps->places[i].tap && s->taps->places[i].number == number)
            end(s, &s->taps->places[i]);
}

void taps_of_synth_end(server *s, const synth *of) {
    recordings_of_synth_end(s, of);
    if (!of->input.engine) return; // taps of the clients' buses have none
    for (uint32_t i = 0; i < limit_taps_max; i++)
        if (s->taps->places[i].tap && s->taps->places[i].tap->engine == of->input.engine)
            end(s, &s->taps->places[i]);
}

void taps_of_session_end(server *s, const session *of) {
    for (uint32_t i = 0; s->taps && i < limit_taps_max; i++)
        if (s->taps->places[i].tap && s->taps->places[i].session == of) end(s, &s->taps->places[i]);
}

// ---- what is told -----------------------------------------------------------------------------

typedef struct {
    float peak, rms, last;
    uint64_t frame;
} levels;

static bool take_levels(tap *t, levels *l) {
    uint32_t frames = atomic_exchange(&t->frames, 0);
    if (!frames) return false;
    float squares = atomic_exchange(&t->squares, 0);
    *l = (levels){atomic_exchange(&t->peak, 0), sqrtf(squares / (float)frames),
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
static void tell(server *s, struct place *p, const levels *l) {
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

static void answer_once(server *s, struct place *p, const levels *l) {
    json_object_update_new(p->once->answer,
                           json_pack("{s:f, s:f, s:f, s:I}", "value", (double)l->last, "peak",
                                     (double)l->peak, "rms", (double)l->rms, "frame",
                                     (json_int_t)l->frame));
    end(s, p);
}

void taps_tick(server *s) {
    uint64_t now = now_ns();
    for (uint32_t i = 0; i < limit_taps_max; i++) {
        struct place *p = &s->taps->places[i];
        levels l = {0};
        if (!p->tap || (!p->once && now < p->due_ns)) continue;
        bool some = take_levels(p->tap, &l);
        if (p->once) {
            if (some || now > p->due_ns) answer_once(s, p, &l);
            continue;
        }
        p->due_ns += p->interval_ns;
        if (p->due_ns < now) p->due_ns = now + p->interval_ns;
        if (some) tell(s, p, &l);
    }
}
