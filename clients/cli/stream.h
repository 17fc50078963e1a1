// SPDX-License-Identifier: MIT
// stream -- a sound file of known length to standard output while it is rendered, header first.
#ifndef STREAM_H
#define STREAM_H

#include <sndfile.h>
#include <stdint.h>

typedef struct stream stream;

/// What is written to `file` goes to standard output at once, after the header of a file of
/// `frames` frames. Close `file` before the stream. Not for formats whose header depends on the
/// samples (FLAC).
/// @return NULL if the header cannot be known beforehand
stream *stream_open(SF_INFO info, uint64_t frames, uint32_t frame_bytes, SNDFILE **file);
void stream_close(stream *s);

#endif
