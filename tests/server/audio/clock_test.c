// SPDX-License-Identifier: MIT
// clock_test -- the delay-locked loop under jitter, lost frames and odd calls; the wall clock under
// steps.
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "audio/clock.h"

#define SECOND INT64_C(1000000000)
#define STARTED (INT64_C(86400) * 40 * SECOND) // of an uptime of weeks

static uint64_t random_state = 1;
static double uniform(void) { // xorshift64*, 0..1
    random_state ^= random_state >> 12, random_state ^= random_state << 25,
        random_state ^= random_state >> 27;
    return (double)((random_state * UINT64_C(2685821657736338717)) >> 11) * 0x1p-53;
}

// ---- the loop ----------------------------------------------------------------------------------

typedef struct {
    double rate;       // nominal
    double true_rate;  // of the crystal
    uint32_t frames;   // of a call; 0: 1..480, what a filled buffer asks for
    double jitter_ns;  // mean of an exponential delay of each call
    double spike_ns;   // now and then
    double lost_every; // seconds between xruns of three calls; 0: none
} device;

typedef struct {
    double rms_ns, worst_ns, ppm;
} precision;

// Runs the loop for `seconds`, and judges the map over the last half, by the moments at which
// frames were truly due plus the mean delay, which nobody can know.
static precision simulate(const device *d, double seconds) {
    frame_clock c;
    uint64_t frame = 0;
    double now = 0, squares = 0, worst = 0, sum = 0, ppm = 0;
    int count = 0;
    double *errors = malloc(sizeof *errors * 2000000);
    assert_non_null(errors);
    frame_clock_init(&c, d->rate, STARTED);
    for (double lost = d->lost_every; now < seconds;) {
        uint32_t frames = d->frames ? d->frames : 1 + (uint32_t)(uniform() * 480);
        double delay = -log(1 - uniform()) * d->jitter_ns + (uniform() < 0.001 ? d->spike_ns : 0);
        now += frames / d->true_rate; // in which the device has played what it asks for now
        frame += frames;
        frame_clock_update(&c, frame, frames, STARTED + (int64_t)(now * 1e9 + delay));
        clock_reading r = frame_clock_read(&c);
        if (now > seconds / 2) {
            errors[count] = (double)(clock_ns_of_frame(&r, frame) - STARTED) - now * 1e9;
            sum += errors[count++];
            ppm = fmax(ppm, fabs(clock_rate(&r) / d->true_rate - 1) * 1e6);
        }
        if (d->lost_every && now > lost) now += 3 * frames / d->true_rate, lost += d->lost_every;
    }
    for (int i = 0; i < count; i++) {
        double error = errors[i] - sum / count;
        squares += error * error;
        worst = fmax(worst, fabs(error));
    }
    free(errors);
    return (precision){sqrt(squares / count), worst, ppm};
}

static void jitter(void **state) {
    static const struct {
        const char *name;
        device d;
        double rms_max, worst_max, ppm_max;
    } cases[] = {
        {"none, 64 frames", {48000, 48000, 64, 0, 0, 0}, 1, 2, 0.1},
        {"crystal 80 ppm fast, 64", {48000, 48003.84, 64, 0, 0, 0}, 50, 100, 2},
        {"50 us, 64", {48000, 48002, 64, 50e3, 0, 0}, 3e3, 10e3, 20},
        {"50 us and spikes of 8 ms, 64", {48000, 48002, 64, 50e3, 8e6, 0}, 5e3, 20e3, 30},
        {"200 us, 1024", {44100, 44098, 1024, 200e3, 0, 0}, 40e3, 130e3, 150},
        {"100 us, 1..480", {48000, 47998, 0, 100e3, 0, 0}, 10e3, 35e3, 50},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        precision p = simulate(&cases[i].d, 40);
        printf("jitter %-30s: map rms %8.0f ns, worst %8.0f ns, rate within %7.2f ppm\n",
               cases[i].name, p.rms_ns, p.worst_ns, p.ppm);
        assert_true(p.rms_ns <= cases[i].rms_max && p.worst_ns <= cases[i].worst_max &&
                    p.ppm <= cases[i].ppm_max);
    }
}

// Xruns move the phase; the rate must not believe that the device had slowed down.
static void lost_frames(void **state) {
    (void)state;
    device d = {48000, 48000, 64, 20e3, 0, 2};
    precision p = simulate(&d, 40);
    printf("three calls lost every 2 s: map rms %.0f ns, worst %.0f ns, rate within %.2f ppm\n",
           p.rms_ns, p.worst_ns, p.ppm);
    assert_true(p.ppm < 500);
    assert_true(p.worst_ns < 6e6); // until it is sure: 50 ms
}

// A frame and a time lead to each other, wherever they are.
static void there_and_back(void **state) {
    (void)state;
    clock_reading r = {5000000000u, STARTED, 1e9 / 44100};
    for (int64_t k = -1000000; k <= 1000000; k += 7919) {
        uint64_t frame = (uint64_t)(5000000000 + k);
        int64_t ns = clock_ns_of_frame(&r, frame);
        assert_in_range(clock_frame_of_ns(&r, ns + 1), frame, frame);
        assert_true(clock_frame_of_ns(&r, ns - 3) == frame - 1);
    }
    assert_true(clock_frame_of_ns(&(clock_reading){10, STARTED, 20833}, 0) == 0);
}

// What was due stays due: maps of one second ago and of now agree on a frame to come.
static void steady(void **state) {
    (void)state;
    frame_clock c;
    frame_clock_init(&c, 48000, STARTED);
    clock_reading before = {0};
    double worst = 0;
    for (uint64_t i = 1; i < 30 * 750; i++) {
        int64_t now = STARTED + (int64_t)((double)i * 64 / 48000 * 1e9 + uniform() * 100e3);
        frame_clock_update(&c, i * 64, 64, now);
        clock_reading r = frame_clock_read(&c);
        if (i % 750 == 0) {
            if (i > 10 * 750)
                worst = fmax(worst, fabs((double)(clock_ns_of_frame(&r, i * 64 + 48000) -
                                                  clock_ns_of_frame(&before, i * 64 + 48000))));
            before = r;
        }
    }
    printf("a frame 1 s to come moves by %.0f ns at most within a second (jitter 0..100 us)\n",
           worst);
    assert_true(worst < 25e3);
}

// Readers on another thread never see halves of two maps.
typedef struct {
    frame_clock clock;
    atomic_bool done;
    uint64_t reads, torn;
} shared;

static void *read_on(void *pointer) {
    shared *s = pointer;
    while (!atomic_load(&s->done)) {
        clock_reading r = frame_clock_read(&s->clock);
        s->reads++;
        if (fabs((double)(r.mono_ns - STARTED) - (double)r.frame * 1e9 / 48000) > 2e3) s->torn++;
    }
    return NULL;
}

static void readers(void **state) {
    (void)state;
    static shared s;
    pthread_t thread;
    frame_clock_init(&s.clock, 48000, STARTED);
    assert_int_equal(pthread_create(&thread, NULL, read_on, &s), 0);
    for (uint64_t i = 1; i <= 400000; i++)
        frame_clock_update(&s.clock, i * 64, 64, STARTED + (int64_t)((double)i * 64 / 48000 * 1e9));
    atomic_store(&s.done, true);
    pthread_join(thread, NULL);
    printf("%llu readings beside 400000 updates, %llu torn\n", (unsigned long long)s.reads,
           (unsigned long long)s.torn);
    assert_int_equal(s.torn, 0);
}

// ---- the wall clock ----------------------------------------------------------------------------

static const int64_t wall_of_start = INT64_C(1763700000) * SECOND; // some day in 2025
static uint64_t ntp_of(int64_t wall_ns) {
    uint64_t seconds = (uint64_t)(wall_ns / SECOND) + 2208988800u,
             rest = (uint64_t)(wall_ns % SECOND);
    return seconds << 32 | (rest << 32) / SECOND;
}

static wall_clock wall_at(int64_t mono) {
    return (wall_clock){.offset_ns = wall_of_start - mono, .updated_ns = mono};
}

static void tags(void **state) {
    (void)state;
    wall_clock w = wall_at(STARTED);
    for (int64_t ns = -SECOND; ns < 3 * SECOND; ns += 12345678) {
        assert_true(llabs(wall_clock_mono_of_ntp(&w, ntp_of(wall_of_start + ns), STARTED) -
                          STARTED - ns) <= 1);
        assert_true(
            llabs(wall_clock_mono_of_ntp(&w, wall_clock_ntp_of_mono(&w, STARTED + ns), STARTED) -
                  STARTED - ns) <= 1);
    }
    // 2036: seconds begin at 0 anew
    int64_t later = INT64_C(2085978496) * SECOND; // 2^32 s after 1900, as Unix time
    w = (wall_clock){.offset_ns = later - STARTED};
    assert_int_equal(wall_clock_mono_of_ntp(&w, (uint64_t)5 << 32, STARTED), STARTED + 5 * SECOND);
}

// One hour forth, or back: tags of before and tags of after are both heard in time, and nothing
// that was told moves.
static void steps(void **state) {
    (void)state;
    for (int64_t step = -3600; step <= 3600; step += 7200) {
        wall_clock w = wall_at(STARTED);
        uint64_t pending = ntp_of(wall_of_start + 2 * SECOND);
        int64_t due = wall_clock_mono_of_ntp(&w, pending, STARTED);
        int64_t now = STARTED + SECOND, wall = wall_of_start + SECOND + step * SECOND;
        wall_clock_update_at(&w, now, wall);
        assert_int_equal(wall_clock_mono_of_ntp(&w, pending, now), due);
        assert_true(llabs(wall_clock_mono_of_ntp(&w, ntp_of(wall + SECOND / 2), now) - now -
                          SECOND / 2) <= 1);
        assert_int_equal(w.offset_ns, wall_of_start - STARTED);
        wall_clock_update_at(&w, now + SECOND, wall_of_start + 2 * SECOND); // and back
        assert_int_equal(w.stepped_ns, 0);
    }
}

static void slewed(void **state) {
    (void)state;
    wall_clock w = wall_at(STARTED);
    int64_t before = w.offset_ns, most = 0;
    for (int64_t i = 1; i <= 1000; i++) { // 100 ms off at once, as ntpd may do
        int64_t held = w.offset_ns;
        wall_clock_update_at(&w, STARTED + i * SECOND, wall_of_start + i * SECOND + SECOND / 10);
        if (w.offset_ns - held > most) most = w.offset_ns - held;
    }
    printf("100 ms are made up by %lld ns a second at most\n", (long long)most);
    assert_int_equal(w.offset_ns - before, SECOND / 10);
    assert_true(most <= 500000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jitter), cmocka_unit_test(lost_frames), cmocka_unit_test(there_and_back),
        cmocka_unit_test(steady), cmocka_unit_test(readers),     cmocka_unit_test(tags),
        cmocka_unit_test(steps),  cmocka_unit_test(slewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
