// SPDX-License-Identifier: MIT
// wave -- sound files through libsndfile, all or nothing; TPDF dither that is a hash of the
// sample's place.
//
// S. Lipshitz, R. Wannamaker, J. Vanderkooy, "Quantization and Dither: A Theoretical Survey", JAES
// 1992: noise of triangular density, two steps wide, makes the error's mean and power independent
// of the signal.
#include "wave.h"

#include <errno.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli.h"
#include "stream.h"

/// What is collected before it is written: a system call a block would take longer than the copy.
enum { CHUNK_SAMPLES = 16384 };

const char *const wave_container_names[] = {"wav", "aiff", "caf", "flac", NULL};
const char *const wave_sample_names[] = {"16", "24", "32f", NULL};
static const int container_formats[] = {SF_FORMAT_WAV, SF_FORMAT_AIFF, SF_FORMAT_CAF,
                                        SF_FORMAT_FLAC};
static const int sample_formats[] = {SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_FLOAT};
static const uint32_t sample_bytes[] = {2, 3, 4};

struct wave {
    SNDFILE *file;
    char *path, *part; // `part` is renamed to `path`; NULL where it is written under its own name
    stream *stream;    // to standard output where the length is known ...
    FILE *pipe;        // ... and where it is not: a nameless file, since headers need seeking
    wave_sample sample;
    uint32_t channels;
    uint64_t samples, clipped;
    size_t waiting, room; // samples of `chunk`; whole frames
    float chunk[CHUNK_SAMPLES];
};

bool wave_container_of(const char *path, wave_container *container) {
    static const struct {
        const char *ending;
        wave_container container;
    } endings[] = {{"wav", WAVE_WAV},   {"wave", WAVE_WAV}, {"aif", WAVE_AIFF},
                   {"aiff", WAVE_AIFF}, {"caf", WAVE_CAF},  {"flac", WAVE_FLAC}};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    *container = WAVE_WAV;
    if (!dot || is_special(path)) return true;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        if (strcasecmp(dot + 1, endings[i].ending) != 0) continue;
        *container = endings[i].container;
        return true;
    }
    return false;
}

uint64_t wave_frames_max(wave_container container, wave_sample sample, uint32_t channels) {
    if (container != WAVE_WAV && container != WAVE_AIFF) return UINT64_MAX;
    return (UINT32_MAX - 4096) / (sample_bytes[sample] * channels); // 4096: headers
}

static SNDFILE *open_pipe(wave *w, SF_INFO *info, uint64_t frames) {
    SNDFILE *file = NULL;
    if (frames && (info->format & SF_FORMAT_TYPEMASK) != SF_FORMAT_FLAC)
        w->stream = stream_open(*info, frames, sample_bytes[w->sample] * w->channels, &file);
    if (w->stream) return file;
    w->pipe = tmpfile();
    return w->pipe ? sf_open_fd(fileno(w->pipe), SFM_WRITE, info, SF_FALSE) : NULL;
}

/// Opens the file in one of three ways: for a pipe, as it is for a device, else to be renamed.
static SNDFILE *open_file(wave *w, SF_INFO *info, uint64_t frames) {
    if (strcmp(w->path, "-") == 0) return open_pipe(w, info, frames);
    if (is_special(w->path)) return sf_open(w->path, SFM_WRITE, info);
    w->part = part_name(w->path);
    part_guard(w->part);
    return w->part ? sf_open(w->part, SFM_WRITE, info) : NULL;
}

wave *wave_create(const char *path, wave_container container, wave_sample sample, uint32_t rate,
                  uint32_t channels, uint64_t frames) {
    wave *w = calloc(1, sizeof *w);
    if (!w || !(w->path = strdup(path))) {
        free(w);
        say("%s: out of memory", path);
        return NULL;
    }
    w->sample = sample;
    w->channels = channels;
    w->room = CHUNK_SAMPLES / channels * channels;
    SF_INFO info = {.samplerate = (int)rate,
                    .channels = (int)channels,
                    .format = container_formats[container] | sample_formats[sample]};
    errno = 0;
    w->file = open_file(w, &info, frames);
    if (!w->file) {
        say("%s: cannot write: %s", path, errno ? strerror(errno) : sf_strerror(NULL));
        wave_close(w, false);
        return NULL;
    }
    // It would hold the time of day: the same render is the same file. A stream has said so; to say
    // it twice is to take it back.
    if (!w->stream) sf_command(w->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    return w;
}

// ---- samples -----------------------------------------------------------------------------------

/// The difference of two even random numbers: within -1..1, triangular. A hash of the sample's
/// place (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: its
/// finalizer).
static double dither(uint64_t place) {
    uint64_t z = (place + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return ((double)(z >> 32) - (double)(z & UINT32_MAX)) / 4294967296.0;
}

/// Samples in the upper `bits` of 32, as libsndfile takes integers of any width.
static void quantize(wave *w, int32_t *to, int bits) {
    const double full = ldexp(1, bits - 1);
    for (size_t i = 0; i < w->waiting; i++) {
        float sample = w->chunk[i];
        double value = (double)sample * full + dither(w->samples + i) + 0.5;
        value = value > full - 1 ? full - 1 : value < -full ? -full : value;
        int32_t floored = (int32_t)value;
        floored -= value < floored;
        to[i] = floored * (1 << (32 - bits));
        w->clipped += sample > 1 || sample < -1;
    }
    w->samples += w->waiting;
}

bool wave_flush(wave *w) {
    sf_count_t count = (sf_count_t)w->waiting, done;
    errno = 0;
    if (w->sample == WAVE_32F) {
        done = sf_write_float(w->file, w->chunk, count);
    } else {
        int32_t integers[CHUNK_SAMPLES];
        quantize(w, integers, w->sample == WAVE_16 ? 16 : 24);
        done = sf_write_int(w->file, integers, count);
    }
    w->waiting = 0;
    if (done != count)
        say("%s: cannot write: %s", w->path, errno ? strerror(errno) : sf_strerror(w->file));
    return done == count;
}

bool wave_write(wave *w, const float *frames, size_t count) {
    size_t left = count * w->channels;
    while (left) {
        size_t room = w->room - w->waiting, now = left < room ? left : room;
        memcpy(w->chunk + w->waiting, frames, now * sizeof *frames);
        w->waiting += now;
        if (w->waiting == w->room && !wave_flush(w)) return false;
        frames += now;
        left -= now;
    }
    return true;
}

uint64_t wave_clipped(const wave *w) { return w->clipped; }

// ---- the end -----------------------------------------------------------------------------------

static bool copy_to_standard_output(FILE *from) {
    char data[1 << 16];
    size_t got;
    rewind(from);
    while ((got = fread(data, 1, sizeof data, from)) > 0)
        if (fwrite(data, 1, got, stdout) != got) return false;
    return !ferror(from) && fflush(stdout) == 0;
}

bool wave_close(wave *w, bool keep) {
    bool good = !keep || wave_flush(w);
    keep = keep && good;
    errno = 0;
    if (w->file && sf_close(w->file) != 0) good = false;
    if (keep && good && w->pipe) good = copy_to_standard_output(w->pipe);
    if (keep && good && w->part) good = rename(w->part, w->path) == 0;
    if (keep && !good)
        say("%s: cannot write: %s", w->path, errno ? strerror(errno) : "the file is not whole");
    if (w->part && (!keep || !good)) unlink(w->part);
    part_guard(NULL);
    if (w->pipe) fclose(w->pipe);
    stream_close(w->stream);
    free(w->part);
    free(w->path);
    free(w);
    return good;
}
