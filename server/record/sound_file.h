// SPDX-License-Identifier: MIT
// sound_file -- a WAV or FLAC file that is being written and can be read at any moment.
//
// WAV: sound_file_settle rewrites the header. FLAC: its frames need no header, but libsndfile reads
// none where the length is not told; the number of samples in STREAMINFO (36 bits from byte 21 on;
// RFC 9639, section 8.2) is put there.
#ifndef SOUND_FILE_H
#define SOUND_FILE_H

#include <sndfile.h>
#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

#define WAV_BYTES_MAX UINT64_C(0xfffff000) ///< its sizes have 32 bits

typedef struct {
    int file;
    SNDFILE *sound;
    bool is_flac;
    uint32_t channels, frame_bytes; ///< frame_bytes as stored; of WAV
    uint64_t frames;                ///< written
    uint64_t settled;               ///< in the header, and on the disk
} sound_file;

/// @return RECORD_OK, or the reason with a cause; nothing is then to be closed
record_status sound_file_create(sound_file *f, const record_options *options,
                                char cause[RECORD_CAUSE_BYTES]);
/// Interleaved frames. @return false with a cause: the disk is full, or the format's limit reached
bool sound_file_write(sound_file *f, const float *frames, uint32_t count,
                      char cause[RECORD_CAUSE_BYTES]);
/// Makes the header true, and all of it safe. @return false with a cause
bool sound_file_settle(sound_file *f, char cause[RECORD_CAUSE_BYTES]);
/// @return false with a cause; closed it is in any case
bool sound_file_close(sound_file *f, char cause[RECORD_CAUSE_BYTES]);

#endif
