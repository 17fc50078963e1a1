// SPDX-License-Identifier: MIT
// stream -- a sound file of known length to standard output, as it is rendered: its header first.
//
// libsndfile writes a header when it opens a file, and again, with the lengths in it, when it
// closes it; a pipe wants the second one first. So a file of silence is written beforehand, of
// which only the beginning is kept: its header is sent, and what libsndfile writes over it later
// is not.
#include "stream.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_BYTES_MAX = 8192 }; // CAF's has 4096, the others' fewer than 200

struct stream {
    unsigned char head[HEAD_BYTES_MAX];
    sf_count_t head_bytes;
    sf_count_t position, length; // of the file as libsndfile sees it
    sf_count_t sent;             // of these, bytes that are on their way already
    enum { KEEP, DROP, SEND } use;
};

// ---- the file as libsndfile sees it ------------------------------------------------------------

static bool send_all(const unsigned char *data, sf_count_t bytes) {
    while (bytes > 0) {
        ssize_t done = write(STDOUT_FILENO, data, (size_t)bytes);
        if (done <= 0) return false;
        data += done;
        bytes -= done;
    }
    return true;
}

static bool send_new(stream *s, const unsigned char *data, sf_count_t bytes) {
    if (s->sent == 0 && !send_all(s->head, s->head_bytes)) return false;
    if (s->sent == 0) s->sent = s->head_bytes;
    sf_count_t old = s->sent - s->position, fresh = bytes - old;
    if (fresh <= 0) return true;
    if (old < 0 || !send_all(data + old, fresh)) return false;
    s->sent += fresh;
    return true;
}

static void keep_head(stream *s, const unsigned char *data, sf_count_t bytes) {
    sf_count_t room = HEAD_BYTES_MAX - s->position;
    if (room > 0) memcpy(s->head + s->position, data, (size_t)(bytes < room ? bytes : room));
}

static sf_count_t put(const void *data, sf_count_t bytes, void *context) {
    stream *s = context;
    if (s->use == KEEP) keep_head(s, data, bytes);
    if (s->use == SEND && !send_new(s, data, bytes)) return 0;
    s->position += bytes;
    if (s->position > s->length) s->length = s->position;
    return bytes;
}

static sf_count_t get(void *data, sf_count_t bytes, void *context) {
    (void)data, (void)bytes, (void)context;
    return 0; // nothing is read from a file that is being written
}

static sf_count_t seek(sf_count_t offset, int whence, void *context) {
    stream *s = context;
    sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? s->position : s->length;
    return s->position = from + offset;
}

static sf_count_t tell(void *context) { return ((stream *)context)->position; }
static sf_count_t length(void *context) { return ((stream *)context)->length; }

static SNDFILE *open_file(stream *s, SF_INFO info) {
    static SF_VIRTUAL_IO io = {
        .get_filelen = length, .seek = seek, .read = get, .write = put, .tell = tell};
    s->position = s->length = 0;
    SNDFILE *file = sf_open_virtual(&io, SFM_WRITE, &info, s);
    // It would hold the time of day (see wave.c).
    if (file) sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    return file;
}

// ---- the header --------------------------------------------------------------------------------

/// Writes the first and the last frame of silence. @return false if its header cannot be kept
static bool find_head(stream *s, SF_INFO info, sf_count_t frames, sf_count_t frame_bytes) {
    float *silence = calloc((size_t)info.channels, sizeof *silence);
    SNDFILE *file = silence ? open_file(s, info) : NULL;
    bool good = file && sf_writef_float(file, silence, 1) == 1;
    s->head_bytes = s->position - frame_bytes;
    good = good && sf_seek(file, frames - 1, SEEK_SET) == frames - 1 &&
           sf_writef_float(file, silence, 1) == 1;
    if (file && sf_close(file) != 0) good = false;
    free(silence);
    return good && s->head_bytes > 0 && s->head_bytes <= HEAD_BYTES_MAX;
}

stream *stream_open(SF_INFO info, uint64_t frames, uint32_t frame_bytes, SNDFILE **file) {
    stream *s = calloc(1, sizeof *s);
    if (s && find_head(s, info, (sf_count_t)frames, frame_bytes)) {
        s->use = DROP; // the header of an empty file
        *file = open_file(s, info);
        s->use = SEND;
        if (*file) return s;
    }
    free(s);
    return NULL;
}

void stream_close(stream *s) { free(s); }
