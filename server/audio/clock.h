// SPDX-License-Identifier: MIT
// clock -- which frame falls due when: a delay-locked loop over the times of the device's calls,
// and a map of the wall clock onto the monotonic one that no step of the wall clock disturbs.
//
// Paper: F. Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005; here for calls
// of any length.
//
// A frame falls due at the moment at which what is said about it can still be heard in it: at the
// start of a call for n frames, the frame after those n. So "now" maps to a frame that is not
// rendered yet, by less than one call.
#ifndef CLOCK_H
#define CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// CLOCK_MONOTONIC in nanoseconds.
int64_t clock_mono_ns(void);

/// The map at one moment; plain data.
typedef struct {
    uint64_t frame;
    int64_t mono_ns;     ///< when `frame` falls due
    double ns_per_frame; ///< as measured
} clock_reading;

static inline int64_t clock_ns_of_frame(const clock_reading *r, uint64_t frame) {
    return r->mono_ns + (int64_t)((double)(int64_t)(frame - r->frame) * r->ns_per_frame);
}
/// The frame that falls due at or just before that time; 0 before the first.
uint64_t clock_frame_of_ns(const clock_reading *r, int64_t mono_ns);
/// The same; negative before the first.
int64_t clock_signed_frame_of_ns(const clock_reading *r, int64_t mono_ns);
/// Frames a second, as measured.
static inline double clock_rate(const clock_reading *r) { return 1e9 / r->ns_per_frame; }

// ---- the loop ----------------------------------------------------------------------------------

/// One writer (the audio side), any number of readers on any threads: a sequence lock, on which the
/// writer never waits.
typedef struct {
    // the writer's
    double rate, ns_per_frame;
    double due_ns; ///< filtered time of `frame`, relative to base_ns
    int64_t base_ns;
    uint64_t frame;
    double age_seconds;                     ///< since the loop began: it begins wide and narrows
    double astray_seconds, astray_least_ns; ///< calls are far off for so long, by at least so much
    uint32_t calls;                         ///< since the loop began, up to where it is believed
    // the readers'
    atomic_uint sequence;
    _Atomic uint64_t out_frame, out_ns, out_ns_per_frame;
} frame_clock;

/// The first reading says that frame 0 falls due now.
void frame_clock_init(frame_clock *c, double rate, int64_t now_ns);
/// AUDIO. At the start of a call. @param frame the first after this call; @param frames of this
/// call
void frame_clock_update(frame_clock *c, uint64_t frame, uint32_t frames, int64_t now_ns);
/// With nobody in the audio role. Frames come from elsewhere from now on: the next update begins
/// anew.
void frame_clock_restart(frame_clock *c);
/// ANY.
clock_reading frame_clock_read(const frame_clock *c);

// ---- the wall clock ----------------------------------------------------------------------------

/// NTP time (32.32 seconds since 1900) to monotonic nanoseconds. One thread's; no locks.
///
/// The offset between the clocks is taken at start. Small differences (the wall clock is
/// disciplined, up to 0.5 s) are slewed by at most 500 millionths. A step does not move it: a time
/// tag is then read both by the offset of before and by that of after, and the reading nearer to
/// now holds. So a client that goes on by the time it has learnt from `/clock`, and one that asks
/// the wall clock anew for each tag, are both heard in time.
typedef struct {
    int64_t offset_ns;  ///< wall - monotonic, slewed; what `/clock` tells
    int64_t stepped_ns; ///< the same after a step; 0: there was none
    int64_t updated_ns; ///< monotonic
} wall_clock;

void wall_clock_init(wall_clock *w);
/// To be called once a second or so.
void wall_clock_update(wall_clock *w);
/// The same for given times, for tests.
void wall_clock_update_at(wall_clock *w, int64_t mono_ns, int64_t wall_ns);
/// @param ntp not 1, which is "at once"
int64_t wall_clock_mono_of_ntp(const wall_clock *w, uint64_t ntp, int64_t now_mono_ns);
uint64_t wall_clock_ntp_of_mono(const wall_clock *w, int64_t mono_ns);

#endif
