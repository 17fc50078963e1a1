// SPDX-License-Identifier: MIT
// mixer -- the audio side of the synths: renders each, fades it, sums them. Slices lie on the grid
// of 64 frames, and a synth begins at the start of one: so all engines' blocks are the same frames,
// and one synth alone at full fader is passed on bit for bit.
#ifndef MIXER_H
#define MIXER_H

#include <megasynth.h>
#include <stdatomic.h>

#include "protocol/bounds.h"
#include "synths/taps.h"

#define MIXER_FADE_OUT_NS UINT64_C(100000000) ///< ten times the fader's time constant
enum { MIXER_FADER_MAX = 4 };                 ///< gain of a synth's fader
enum { MIXER_CHANNELS_MAX = 24, MIXER_SLICE_FRAMES = MEGA_BLOCK_FRAMES, MIXER_BUSES_MAX = 64 };
/// Places of taps: first those that clients hear, then those of recordings.
enum { MIXER_TAPS_MAX = limit_taps_max + limit_recordings_max };

/// What the audio side knows of a synth.
typedef struct {
    mega_engine *engine;
    uint32_t outputs, first_output; ///< its channels go to these of the device
    _Atomic uint64_t origin; ///< frame of the server that is the engine's 0, plus 1; 0: not begun
    _Atomic float fader;     ///< wanted gain; 0..4
    float gain;              ///< AUDIO: on its way there
} mixer_input;

typedef struct mixer mixer;

mixer *mixer_create(uint32_t rate, uint32_t inputs, uint32_t outputs);
/// Nothing renders any more.
void mixer_destroy(mixer *m);

/// CONTROL, the loop: the synths from the next slice on. @return false without memory
bool mixer_set(mixer *m, mixer_input *const *inputs, uint32_t count);
/// CONTROL: frees the lists that no render knows any more; after audio_synchronize.
void mixer_collect(mixer *m);

/// AUDIO.
void mixer_render(mixer *m, const float *const *in, float *const *out, uint32_t frames);

/// The loop: a bus that clients make, 1..64. What `bus.out` nodes put on it in one block `bus.in`
/// nodes of all synths get in the next; a control bus carries its value instead.
void mixer_bus_open(mixer *m, uint32_t number, bool open, bool control);
void mixer_bus_set(mixer *m, uint32_t number, float value);
/// The loop: puts a tap in a place, 0..MIXER_TAPS_MAX-1; NULL takes it out: audio_synchronize
/// before it is freed.
void mixer_tap(mixer *m, uint32_t place, tap *t);

// Any thread.
uint64_t mixer_frame(const mixer *m);       ///< next to be rendered
uint32_t mixer_call_frames(const mixer *m); ///< asked in the last call
uint64_t mixer_pass(const mixer *m);        ///< number of the slice that began last
/// Whether a slice that began after `pass` is done.
bool mixer_applied(const mixer *m, uint64_t pass);

/// Levels since the last call, of each output: CONTROL.
void mixer_levels(mixer *m, float *peak, float *rms, uint32_t outputs);

#endif
