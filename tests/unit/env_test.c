// SPDX-License-Identifier: MIT
// env_test -- the envelope's times, against the figures of its row: 1 % or one frame.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/asserts.h"
#include "support/rig.h"

enum { LANES = 16, BLOCK = 64, PORTS = 10 };
enum { GATE, DELAY, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE, AMP, CURVE, RETRIGGER };

/// Sixteen envelopes whose ports stand still within a segment.
typedef struct {
    rig r;
    float port[PORTS][LANES * BLOCK];
    float out[LANES * BLOCK];
    uint32_t silent; // lanes that hold no voice
} bank;

static const mega_isa_table *widest(void) {
    const mega_isa_table *isa = NULL, *next;
    for (size_t i = 0; (next = mega_isa_at(i)); i++) isa = next;
    return isa;
}

static bank *bank_create(const mega_isa_table *isa, float rate) {
    bank *b = calloc(1, sizeof *b);
    b->r = rig_create(isa, rig_index("env"), rate);
    assert_int_equal(b->r.module->input_count + b->r.module->param_count, PORTS);
    for (uint32_t p = 0; p < b->r.module->param_count; p++)
        for (int i = 0; i < LANES * BLOCK; i++) b->port[1 + p][i] = b->r.module->params[p].initial;
    return b;
}
static void bank_destroy(bank *b) {
    rig_destroy(&b->r);
    free(b);
}
static void set(bank *b, int port, float value) {
    for (int i = 0; i < LANES * BLOCK; i++) b->port[port][i] = value;
}
/// @return what the module says of its output: 0 if it stands still
static uint64_t run_moving(bank *b, uint32_t frames, uint64_t moving) {
    const float *ports[PORTS];
    float *outputs[] = {b->out};
    for (int p = 0; p < PORTS; p++) ports[p] = b->port[p];
    uint64_t moved = b->r.module->process(&(mega_call){.ports = ports,
                                                       .moving = moving,
                                                       .silent = b->silent,
                                                       .outputs = outputs,
                                                       .state = b->r.state,
                                                       .state_stride = b->r.port_lanes,
                                                       .frames = frames,
                                                       .seconds_per_frame = 1 / b->r.rate,
                                                       .frames_per_second = b->r.rate,
                                                       .seeds = b->r.seeds});
    const uint32_t n = b->r.port_lanes;
    if (!(moved & 1))
        for (uint32_t t = 1; t < frames; t++) memcpy(b->out + t * n, b->out, n * sizeof(float));
    return moved & 1;
}
static uint64_t run(bank *b, uint32_t frames) { return run_moving(b, frames, 0); }

// ---- times ------------------------------------------------------------------------------------

/// What is seen of one lane, frame by frame.
typedef struct {
    int phase; // 0 attack, 1 decay, 2 sustaining, 3 release, 4 over
    float last, from;
    int64_t frames, attack, decay, release, over;
    bool monotone;
} sight;

static void see(sight *s, float v, float sustain) {
    s->frames++;
    if (s->phase == 0) {
        s->monotone &= v >= s->last;
        if (v >= 1) {
            s->attack = s->frames;
            s->phase = 1;
            s->frames = 0;
            s->monotone &= v == 1;
        }
    } else if (s->phase <= 2) {
        s->monotone &= v <= s->last && v >= sustain;
        if (s->decay < 0 && v - sustain <= 0.001f * (1 - sustain)) s->decay = s->frames;
        if (v == sustain) s->phase = 2;
    } else if (s->phase == 3) {
        s->monotone &= v <= s->last && v >= 0;
        if (s->release < 0 && v <= 0.001f * s->from) s->release = s->frames;
        if (v == 0) {
            s->over = s->frames;
            s->phase = 4;
        }
    } else s->monotone &= v == 0;
    s->last = v;
}

/// How far a count of frames is off, in units of what is allowed: 1 % or 1 frame.
static double off(int64_t frames, double seconds, double rate) {
    double want = seconds * rate;
    return fabs((double)frames - want) / fmax(1, 0.01 * want);
}

static const float sustains[] = {0, 1e-5f, 0.5f, 1};

static void hold_times(float rate, const float *times, int count) {
    double worst[3] = {0}, longest = 0;
    for (int first = 0; first < count; first += 4) {
        bank *b = bank_create(widest(), rate);
        sight s[LANES];
        for (int l = 0; l < LANES; l++) {
            float seconds = times[first + l / 4 < count ? first + l / 4 : count - 1];
            s[l] = (sight){.attack = -1, .decay = -1, .release = -1, .over = -1, .monotone = true};
            b->port[GATE][l] = 1;
            b->port[ATTACK][l] = b->port[DECAY][l] = b->port[RELEASE][l] = seconds;
            b->port[SUSTAIN][l] = sustains[l % 4];
        }
        for (bool done = false; !done;) {
            run(b, BLOCK);
            done = true;
            for (int l = 0; l < LANES; l++) {
                for (int t = 0; t < BLOCK; t++) see(&s[l], b->out[t * LANES + l], sustains[l % 4]);
                if (s[l].phase == 2) {
                    b->port[GATE][l] = 0;
                    s[l].from = s[l].last;
                    s[l].frames = 0;
                    s[l].phase = 3;
                }
                done &= s[l].phase == 4;
            }
        }
        for (int l = 0; l < LANES; l++) {
            double seconds = b->port[ATTACK][l];
            bool falls = sustains[l % 4]<1, sounds = sustains[l % 4]> 0;
            double a = off(s[l].attack, seconds, rate);
            double d = falls ? off(s[l].decay, seconds, rate) : 0;
            double r = sounds ? off(s[l].release, seconds, rate) : 0;
            if (l % 4 == 2)
                printf("  %6.0f Hz %9.4f s: attack %9.2f, decay %9.2f, release %9.2f frames off by "
                       "%6.2f %6.2f %6.2f; over after %.3f releases\n",
                       (double)rate, seconds, seconds * rate, seconds * rate, seconds * rate,
                       (double)s[l].attack - seconds * rate, (double)s[l].decay - seconds * rate,
                       (double)s[l].release - seconds * rate,
                       seconds > 0 ? (double)s[l].over / (seconds * rate) : 0);
            worst[0] = fmax(worst[0], a);
            worst[1] = fmax(worst[1], d);
            worst[2] = fmax(worst[2], r);
            longest = fmax(longest, (double)s[l].over - 1.7 * seconds * rate);
            assert_true(s[l].monotone);
            assert_number(s[l].over, >, 0);
        }
        bank_destroy(b);
    }
    printf("  worst, in units of 1 %% or 1 frame: attack %.3f, decay %.3f, release %.3f\n",
           worst[0], worst[1], worst[2]);
    for (int i = 0; i < 3; i++) assert_true(worst[i] <= 1);
    assert_number(longest, <=, 2);
}

static void times_hold(void **unused) {
    (void)unused;
    hold_times(48000, (float[]){0, 1e-4f, 1e-3f, 0.01f, 0.1f, 1, 10, 60}, 8);
    hold_times(44100, (float[]){0, 2.5e-5f, 1e-4f, 0.35f}, 4);
}
static void times_hold_at_384_khz(void **unused) {
    (void)unused;
    hold_times(384000, (float[]){1e-4f, 0.01f, 1, 20}, 4);
}

/// Sixty seconds at 384 kHz, where a step is a ten-thousandth of the unit in the last place.
static void slowest_release_is_exact(void **unused) {
    (void)unused;
    bank *b = bank_create(widest(), 384000);
    set(b, GATE, 1);
    set(b, ATTACK, 0);
    set(b, SUSTAIN, 1);
    set(b, RELEASE, 60);
    for (int i = 0; i < 3; i++) run(b, BLOCK);
    set(b, GATE, 0);
    int64_t frames = 0, thousandth = -1;
    while (run(b, BLOCK)) {
        for (int t = 0; t < BLOCK; t++) {
            frames++;
            if (thousandth < 0 && b->out[t * LANES] <= 0.001f) thousandth = frames;
        }
    }
    printf("  60 s at 384 kHz: -60 dB off by %lld of 23040000 frames, over after %.3f s\n",
           (long long)(thousandth - 23040000), (double)frames / 384000);
    assert_number(llabs(thousandth - 23040000), <=, 2304);
    assert_number(b->out[0], ==, 0);
    bank_destroy(b);
}

static void delay_and_hold_count_frames(void **unused) {
    (void)unused;
    bank *b = bank_create(widest(), 48000);
    set(b, GATE, 1);
    set(b, ATTACK, 0);
    set(b, DECAY, 0);
    set(b, SUSTAIN, 0.25f);
    for (int l = 0; l < LANES; l++) {
        b->port[DELAY][l] = (float)(l * l * 7) / 48000;
        b->port[HOLD][l] = (float)(l * 13) / 48000;
    }
    int first[LANES], ones[LANES] = {0};
    for (int l = 0; l < LANES; l++) first[l] = -1;
    for (int t = 0; t < 4096; t += BLOCK) {
        run(b, BLOCK);
        for (int i = 0; i < BLOCK; i++)
            for (int l = 0; l < LANES; l++) {
                float v = b->out[i * LANES + l];
                if (first[l] < 0 && v > 0) first[l] = t + i;
                ones[l] += v == 1;
            }
    }
    for (int l = 0; l < LANES; l++) {
        assert_int_equal(first[l], l * l * 7);
        assert_int_equal(ones[l], l * 13 + 1); // the attack's last frame, then the hold
    }
    printf("  delay and hold are exact in frames\n");
    bank_destroy(b);
}

static void long_delay_is_exact(void **unused) {
    (void)unused;
    bank *b = bank_create(widest(), 48000);
    set(b, GATE, 1);
    set(b, DELAY, 60);
    int64_t silent = 0;
    for (bool sounds = false; !sounds;) {
        run(b, BLOCK);
        for (int t = 0; t < BLOCK && !sounds; t++) {
            sounds = b->out[t * LANES] > 0;
            silent += !sounds;
        }
    }
    printf("  60 s of delay: off by %lld frames\n", (long long)(silent - 60 * 48000));
    assert_number(llabs(silent - 60 * 48000), <=, 1);
    bank_destroy(b);
}

// ---- gates ------------------------------------------------------------------------------------

static void release_before_the_attack_is_over(void **unused) {
    (void)unused;
    bank *b = bank_create(widest(), 48000);
    set(b, GATE, 1);
    set(b, ATTACK, 1);
    set(b, RELEASE, 0.1f);
    for (int i = 0; i < 100; i++) run(b, BLOCK);
    float from = b->out[63 * LANES], last = from;
    assert_number(from, >, 0.1f);
    assert_number(from, <, 0.3f);
    set(b, GATE, 0);
    int frames = 0, thousandth = 0;
    float step = 0;
    while (last > 0) {
        run(b, BLOCK);
        for (int t = 0; t < BLOCK; t++) {
            float v = b->out[t * LANES];
            assert_number(v, <=, last);
            step = fmaxf(step, last - v);
            frames++;
            if (!thousandth && v <= 0.001f * from) thousandth = frames;
            last = v;
        }
    }
    printf("  released at %.4f: greatest step %.6f, -60 dB after %d of 4800 frames\n", (double)from,
           (double)step, thousandth);
    assert_number(abs(thousandth - 4800), <=, 48);
    assert_number(step, <, from * 0.002f);
    bank_destroy(b);
}

static void retrigger_starts_where_it_is(void **unused) {
    (void)unused;
    for (int zero = 0; zero < 2; zero++) {
        bank *b = bank_create(widest(), 48000);
        set(b, ATTACK, 0.05f);
        set(b, RELEASE, 0.5f);
        set(b, RETRIGGER, (float)zero);
        set(b, GATE, 1);
        for (int i = 0; i < 100; i++) run(b, BLOCK);
        set(b, GATE, 0);
        for (int i = 0; i < 50; i++) run(b, BLOCK);
        float before = b->out[63 * LANES];
        set(b, GATE, 1);
        run(b, BLOCK);
        float step = b->out[0] - before;
        printf("  retrigger=%d at %.4f: first step %.6f\n", zero, (double)before, (double)step);
        if (zero) assert_true(b->out[0] > 0 && b->out[0] < 0.001f);
        else assert_true(step > 0 && step < 0.001f);
        for (int t = 1; t < BLOCK; t++) assert_true(b->out[t * LANES] > b->out[(t - 1) * LANES]);
        bank_destroy(b);
    }
}

static void a_key_let_go_at_sustain_zero_ends(void **unused) {
    (void)unused;
    for (int early = 0; early < 2; early++) {
        bank *b = bank_create(widest(), 48000);
        set(b, GATE, 1);
        set(b, SUSTAIN, 0);
        set(b, ATTACK, 0.001f);
        set(b, DECAY, 0.05f);
        set(b, RELEASE, 10);
        for (int i = 0; i < (early ? 20 : 100); i++) run(b, BLOCK);
        float level = b->out[63 * LANES];
        assert_true(early ? level > 0 : level == 0);
        set(b, GATE, 0);
        int blocks = 0;
        while (run(b, BLOCK)) assert_true(++blocks < 17 * 750 + 2);
        assert_number(b->out[0], ==, 0);
        printf("  let go at %.5f of sustain 0: still and 0 after %.2f s\n", (double)level,
               blocks * 64 / 48000.0);
        bank_destroy(b);
    }
}

static void a_moving_gate_is_heard_on_its_frame(void **unused) {
    (void)unused;
    bank *b = bank_create(widest(), 48000);
    set(b, ATTACK, 0);
    set(b, DECAY, 0);
    set(b, SUSTAIN, 0.5f);
    set(b, RELEASE, 0);
    for (int t = 0; t < BLOCK; t++)
        for (int l = 0; l < LANES; l++)
            b->port[GATE][t * LANES + l] = (t - l) % 24 >= 12 ? 0.6f : 0.4f;
    for (int t = 0; t < LANES; t++)
        for (int l = 0; l < LANES; l++) b->port[GATE][t * LANES + l] = 0;
    run_moving(b, BLOCK, 1);
    for (int l = 0; l < LANES; l++)
        for (int t = 1; t < BLOCK; t++) {
            bool on = b->port[GATE][t * LANES + l] > 0.5f;
            bool was = b->port[GATE][(t - 1) * LANES + l] > 0.5f;
            assert_true(b->out[t * LANES + l] == (on ? was ? 0.5f : 1.0f : 0.0f));
        }
    bank_destroy(b);
}

// ---- shapes and bits --------------------------------------------------------------------------

static void curves_bend(void **unused) {
    (void)unused;
    bank *b = bank_create(widest(), 48000);
    set(b, GATE, 1);
    set(b, ATTACK, 0.1f);
    for (int l = 0; l < LANES; l++) b->port[CURVE][l] = (float)(l - 8) / 7;
    float halfway[LANES];
    double line = 0;
    for (int t = 0; t < 4800; t += BLOCK) {
        run(b, BLOCK);
        for (int i = 0; i < BLOCK; i++) {
            line = fmax(line, fabs(b->out[i * LANES + 8] - (t + i + 1) / 4800.0));
            for (int l = 0; l < LANES; l++)
                if (t + i == 2399) halfway[l] = b->out[i * LANES + l];
        }
    }
    printf("  curve 0 is off a straight line by %.2g; halfway at -1: %.3f, at 1: %.3f\n", line,
           (double)halfway[1], (double)halfway[15]);
    for (int l = 2; l < LANES; l++) assert_true(halfway[l] > halfway[l - 1]);
    assert_number(line, <, 5e-4);
    assert_number(halfway[1] + halfway[15], >, 0.999f);
    assert_number(halfway[1] + halfway[15], <, 1.001f);
    bank_destroy(b);
}

/// The same sequence for each way to run it: still ports, ports flagged as moving, short segments,
/// every instruction set.
static uint64_t sequence(const mega_isa_table *isa, uint64_t moving, uint32_t segment, int lane) {
    bank *b = bank_create(isa, 48000);
    uint64_t hash = 0;
    const uint32_t lanes = b->r.port_lanes, at = lanes == 1 ? 0 : (uint32_t)lane;
    for (uint32_t l = 0; l < lanes; l++) {
        int n = lanes == 1 ? lane : (int)l;
        for (int t = 0; t < BLOCK; t++) {
            b->port[ATTACK][(uint32_t)t * lanes + l] = 0.001f * (float)n;
            b->port[DECAY][(uint32_t)t * lanes + l] = 0.02f / (float)(n + 1);
            b->port[SUSTAIN][(uint32_t)t * lanes + l] = (float)n / 15;
            b->port[RELEASE][(uint32_t)t * lanes + l] = 0.03f;
            b->port[HOLD][(uint32_t)t * lanes + l] = n & 1 ? 0.002f : 0;
            b->port[DELAY][(uint32_t)t * lanes + l] = n & 2 ? 0.001f : 0;
            b->port[CURVE][(uint32_t)t * lanes + l] = (float)(n - 7) / 8;
        }
    }
    for (int part = 0; part < 40; part++) {
        for (uint32_t i = 0; i < lanes * BLOCK; i++)
            b->port[GATE][i] =
                (part * 37 + (int)(lanes == 1 ? (uint32_t)lane : i % lanes)) % 11 < 6;
        for (uint32_t t = 0; t < 192; t += segment) {
            uint32_t n = 192 - t < segment ? 192 - t : segment;
            run_moving(b, n, moving);
            for (uint32_t i = 0; i < n; i++) {
                uint32_t bits;
                memcpy(&bits, &b->out[i * lanes + at], 4);
                hash = (hash ^ bits) * UINT64_C(0x100000001b3);
            }
        }
    }
    bank_destroy(b);
    return hash;
}
/// A voice has ended, by another envelope, while this one has a long way to go: it must not make
/// those that rest move.
static void lanes_without_a_voice_keep_none_from_resting(void **unused) {
    (void)unused;
    const mega_isa_table *isa = widest();
    bank *b = bank_create(isa, 48000);
    if (b->r.port_lanes == LANES) {
        set(b, GATE, 1);
        set(b, ATTACK, 0);
        set(b, DECAY, 0.01f);
        b->port[DECAY][3] = 60;
        for (int i = 0; i < 20; i++) run(b, BLOCK);
        assert_int_equal(run(b, BLOCK), 1);
        b->silent = 1u << 3 | ~0xffffu;
        assert_int_equal(run(b, BLOCK), 0);
        for (int l = 0; l < LANES; l++) assert_true(l == 3 || b->out[l] == b->port[SUSTAIN][l]);
        b->silent = 0;
        assert_int_equal(run(b, BLOCK), 1);
    }
    bank_destroy(b);
}

static void bits_do_not_depend_on_the_path(void **unused) {
    (void)unused;
    for (int lane = 0; lane < LANES; lane++) {
        uint64_t want = sequence(&mega_isa_one, 0, 64, lane);
        const mega_isa_table *isa;
        for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
            for (int m = 0; m < 4; m++) {
                uint64_t moving = (uint64_t[]){0, 1, 1 << AMP, 1 << SUSTAIN | 1 << ATTACK}[m];
                uint32_t segment = (uint32_t[]){1, 7, 64, 19}[m];
                assert_int_equal(sequence(isa, moving, segment, lane), want);
            }
        }
    }
    printf("  one hash for every instruction set, segment and kind of port\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_hold),
        cmocka_unit_test(times_hold_at_384_khz),
        cmocka_unit_test(slowest_release_is_exact),
        cmocka_unit_test(delay_and_hold_count_frames),
        cmocka_unit_test(long_delay_is_exact),
        cmocka_unit_test(release_before_the_attack_is_over),
        cmocka_unit_test(retrigger_starts_where_it_is),
        cmocka_unit_test(a_key_let_go_at_sustain_zero_ends),
        cmocka_unit_test(a_moving_gate_is_heard_on_its_frame),
        cmocka_unit_test(curves_bend),
        cmocka_unit_test(lanes_without_a_voice_keep_none_from_resting),
        cmocka_unit_test(bits_do_not_depend_on_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
