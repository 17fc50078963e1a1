// SPDX-License-Identifier: MIT
// record -- sound of the audio thread into a WAV or FLAC file below a root: a wait-free ring, and a
// thread that writes.
//
// The file can be read at any moment up to about the last half second, whatever kills the process:
// twice a second the length is put in the header, of WAV and of FLAC, and all of it synced. A full
// disk ends the recording with an error and keeps what was written.
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_CHANNELS_MAX 64
#define RECORD_RING_SECONDS 4 ///< what a disk may hang before frames are dropped
#define RECORD_PATH_BYTES_MAX 1024
#define RECORD_CAUSE_BYTES 256

typedef enum {
    RECORD_FLOAT,  ///< WAV: 32-bit float, exact
    RECORD_PCM_24, ///< WAV or FLAC
    RECORD_PCM_16,
} record_format;

typedef enum {
    RECORD_OK,
    RECORD_BAD_VALUE, ///< the path leaves the root, or the format is not to be had
    RECORD_CONFLICT,  ///< the file is there already
    RECORD_FILE,      ///< the system says no: full, not permitted ...
    RECORD_MEMORY,
} record_status;

typedef struct {
    const char *root; ///< a folder; everything is below it
    const char *path; ///< relative, without `..`, through no symbolic link; ends in .wav or .flac
    record_format format;
    bool format_given; ///< false: float for WAV, 24 bits for FLAC
    bool make_folders; ///< folders of the path that are missing
    uint32_t rate, channels;
    uint64_t frames_max; ///< ends by itself after so many; 0: never
} record_options;

typedef struct recorder recorder;

/// CONTROL. Makes the file (that must not be there) and starts the thread.
/// @param recorder_made only on RECORD_OK
/// @param cause one line otherwise
record_status record_start(const record_options *options, recorder **recorder_made,
                           char cause[RECORD_CAUSE_BYTES]);
/// AUDIO. @param channels as many pointers as `channels` says; frames for which the ring has no
/// room are dropped, counted
void record_write(recorder *r, const float *const *channels, uint32_t frames);

typedef struct {
    const char *path; ///< as given
    uint32_t rate, channels;
    uint64_t frames_written; ///< are in the file
    uint64_t frames_synced;  ///< are on the disk, and in the header
    uint64_t frames_dropped;
    bool ended;           ///< takes no more: frames_max, or an error
    record_status status; ///< RECORD_FILE: the disk is full, or failed
    char cause[RECORD_CAUSE_BYTES];
} record_state;
/// CONTROL.
record_state record_get(recorder *r);

/// CONTROL. The audio side must no longer know of it (audio_synchronize). Writes what the ring
/// holds, syncs, closes, frees. May take as long as the disk does. @return the last state; its
/// `path` is gone: ""
record_state record_stop(recorder *r);

#endif
