// SPDX-License-Identifier: MIT
// clock -- the delay-locked loop and its readers; see clock.h.
#include "audio/clock.h"

#include <string.h>
#include <time.h>

// Bandwidth of the loop in Hz: wide at first, to find rate and phase within a second, then narrow,
// to average the jitter of some ten seconds of calls.
#define BANDWIDTH_WIDE 2.0
#define BANDWIDTH_NARROW 0.1
#define SECONDS_WIDE 1.0
// An error of more than a call, and than this, is no jitter. One such call came late and the next
// catches up; where they go on for SLIP_SECONDS, frames were lost between us and the device (an
// xrun): the phase moves, the rate does not.
#define ASTRAY_NS 1e6
#define SLIP_SECONDS 0.05
// At first a device fills its buffers: those calls say nothing of the rate, only the last where it
// stands.
#define CALLS_OF_FILLING 8
// A device whose rate is farther off than this from what it says is not believed.
#define RATE_ERROR_MAX 0.02

int64_t clock_mono_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_signed_frame_of_ns(const clock_reading *r, int64_t mono_ns) {
    double frames = (double)(mono_ns - r->mono_ns) / r->ns_per_frame;
    int64_t whole = (int64_t)frames;
    if ((double)whole > frames) whole--; // floor
    return (int64_t)r->frame + whole;
}

uint64_t clock_frame_of_ns(const clock_reading *r, int64_t mono_ns) {
    int64_t frame = clock_signed_frame_of_ns(r, mono_ns);
    return frame < 0 ? 0 : (uint64_t)frame;
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double value_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// Odd while the three do not belong together.
static void publish(frame_clock *c) {
    unsigned sequence = atomic_load_explicit(&c->sequence, memory_order_relaxed);
    atomic_store_explicit(&c->sequence, sequence + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&c->out_frame, c->frame, memory_order_relaxed);
    atomic_store_explicit(&c->out_ns, (uint64_t)(c->base_ns + (int64_t)c->due_ns),
                          memory_order_relaxed);
    atomic_store_explicit(&c->out_ns_per_frame, bits_of(c->ns_per_frame), memory_order_relaxed);
    atomic_store_explicit(&c->sequence, sequence + 2, memory_order_release);
}

clock_reading frame_clock_read(const frame_clock *c) {
    for (;;) {
        unsigned before = atomic_load_explicit(&c->sequence, memory_order_acquire);
        clock_reading r = {
            atomic_load_explicit(&c->out_frame, memory_order_relaxed),
            (int64_t)atomic_load_explicit(&c->out_ns, memory_order_relaxed),
            value_of(atomic_load_explicit(&c->out_ns_per_frame, memory_order_relaxed)),
        };
        atomic_thread_fence(memory_order_acquire);
        unsigned after = atomic_load_explicit(&c->sequence, memory_order_relaxed);
        if (before == after && !(before & 1)) return r;
    }
}

static void begin(frame_clock *c, uint64_t frame, int64_t now_ns) {
    c->ns_per_frame = 1e9 / c->rate;
    c->base_ns = now_ns;
    c->due_ns = 0;
    c->frame = frame;
    c->age_seconds = 0;
    c->astray_seconds = 0;
}

void frame_clock_init(frame_clock *c, double rate, int64_t now_ns) {
    *c = (frame_clock){.rate = rate};
    begin(c, 0, now_ns);
    publish(c);
}

void frame_clock_restart(frame_clock *c) { c->calls = 0; }

// One step of the loop, the second-order one of the paper: phase and period are corrected by the
// error of what was expected, with b = sqrt(2) w T and c = (w T)^2 over T.
static void step(frame_clock *c, double error_ns, double seconds) {
    double bandwidth = c->age_seconds < SECONDS_WIDE ? BANDWIDTH_WIDE : BANDWIDTH_NARROW;
    double turn = 6.283185307179586 * bandwidth * seconds; // w T
    if (turn > 0.5) turn = 0.5;                            // very long calls: stable still
    c->due_ns += 1.4142135623730951 * turn * error_ns;
    double frames = seconds * c->rate;
    c->ns_per_frame += turn * turn * error_ns / frames;
    double nominal = 1e9 / c->rate;
    double low = nominal * (1 - RATE_ERROR_MAX), high = nominal * (1 + RATE_ERROR_MAX);
    if (c->ns_per_frame < low) c->ns_per_frame = low;
    if (c->ns_per_frame > high) c->ns_per_frame = high;
}

// Whether this call tells nothing of the rate; keeps the least error of those that go on in one
// direction.
static bool astray(frame_clock *c, double error_ns, double seconds) {
    double far = 1e9 * seconds > ASTRAY_NS ? 1e9 * seconds : ASTRAY_NS;
    double size = error_ns < 0 ? -error_ns : error_ns;
    double least = c->astray_least_ns < 0 ? -c->astray_least_ns : c->astray_least_ns;
    bool far_off = size > far, goes_on = c->astray_seconds > 0 && error_ns * c->astray_least_ns > 0;
    if (!goes_on || size < least) c->astray_least_ns = error_ns;
    c->astray_seconds = far_off ? (goes_on ? c->astray_seconds : 0) + seconds : 0;
    return far_off;
}

void frame_clock_update(frame_clock *c, uint64_t frame, uint32_t frames, int64_t now_ns) {
    if (c->calls < CALLS_OF_FILLING) {
        c->calls++;
        begin(c, frame, now_ns);
        publish(c);
        return;
    }
    c->due_ns += (double)(frame - c->frame) * c->ns_per_frame;
    c->frame = frame;
    double error = (double)(now_ns - c->base_ns) - c->due_ns;
    double seconds = frames / c->rate;
    if (astray(c, error, seconds)) {
        if (c->astray_seconds > SLIP_SECONDS) {
            c->due_ns += c->astray_least_ns;
            c->astray_seconds = 0;
        }
    } else {
        step(c, error, seconds);
        c->age_seconds += seconds;
    }
    // The map must not lose precision over weeks: keep the sums small.
    if (c->due_ns > 1e9) {
        int64_t whole = (int64_t)c->due_ns;
        c->base_ns += whole;
        c->due_ns -= (double)whole;
    }
    publish(c);
}
