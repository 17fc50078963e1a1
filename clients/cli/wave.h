// SPDX-License-Identifier: MIT
// wave -- a sound file being written: named only when it is whole; integers with dither.
#ifndef WAVE_H
#define WAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { WAVE_WAV, WAVE_AIFF, WAVE_CAF, WAVE_FLAC, WAVE_CONTAINER_COUNT } wave_container;
typedef enum { WAVE_16, WAVE_24, WAVE_32F, WAVE_SAMPLE_COUNT } wave_sample;

/// "wav" ..., "16" "24" "32f", for options and messages; NULL-terminated.
extern const char *const wave_container_names[];
extern const char *const wave_sample_names[];

/// The container that a file's name stands for; WAV where it ends in nothing.
/// @return false if it ends in something that is no sound file
bool wave_container_of(const char *path, wave_container *container);
/// The most frames that a container's size fields can say.
uint64_t wave_frames_max(wave_container container, wave_sample sample, uint32_t channels);

typedef struct wave wave;

/// Begins a file; "-" is standard output, to which a file of known length goes while it is written
/// (FLAC at its end, as all do of unknown length). @param frames 0: not known
/// @return NULL after a message
wave *wave_create(const char *path, wave_container container, wave_sample sample, uint32_t rate,
                  uint32_t channels, uint64_t frames);
/// Frames may wait until there are more of them. @return false after a message
bool wave_write(wave *w, const float *frames, size_t count);
/// Writes those that wait. @return false after a message
bool wave_flush(wave *w);
/// Of those that do not wait: samples beyond full scale that an integer file could not hold.
uint64_t wave_clipped(const wave *w);
/// Ends the file: under its name if `keep`, else nothing is left of it. @return false after a
/// message
bool wave_close(wave *w, bool keep);

#endif
