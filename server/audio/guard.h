// SPDX-License-Identifier: MIT
// guard -- the last thing between render and device: NaN and infinities to silence, a soft ceiling,
// fades, panic.
//
// Up to full scale (|x| <= 1) and with no fade under way the samples stay as they are, to the bit.
// Above, the ceiling bends: |y| = 1 + s u / (s + u) with u = |x| - 1 and s = 0.25. It leaves the
// knee with slope 1 and never reaches 1.25 (+1.9 dB), however loud a patch goes astray.
#ifndef GUARD_H
#define GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GUARD_CEILING_SPAN 0.25f
#define GUARD_FADE_IN_SECONDS 0.01f
#define GUARD_FADE_OUT_SECONDS 0.02f
#define GUARD_PANIC_FRAMES 64     ///< from sound to silence
#define GUARD_PANIC_SECONDS 0.05f ///< of silence

typedef struct {
    // anybody's
    atomic_bool leave;  ///< fade out, and stay
    atomic_uint panics; ///< how often asked for
    atomic_uint silent; ///< frames of silence given since the fade out ended; held at its top
    _Atomic uint64_t not_finite, over;
    _Atomic uint32_t peak; ///< bits of a float, which are ordered as the floats are
    // the audio side's
    float rate;
    bool ceiling;
    float opening; ///< 0 shut, 1 open
    float speed;   ///< of the opening, a frame
    uint32_t hold; ///< frames to stay shut
    unsigned panics_done;
} guard;

void guard_init(guard *g, double rate, bool ceiling);
/// AUDIO. Silent now, then faded in: the device has come back.
void guard_reopen(guard *g);
/// AUDIO.
void guard_process(guard *g, float *const *out, uint32_t channels, uint32_t frames);

#endif
