// SPDX-License-Identifier: MIT
// sound_file -- see sound_file.h.
#include "record/sound_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/below.h"

#define FLAC_BLOCK                                                                                 \
    4096 // frames that libFLAC collects before it writes, plus one that it keeps back

static bool ends(const char *text, const char *with) {
    size_t length = strlen(text), tail = strlen(with);
    return length > tail && strcasecmp(text + length - tail, with) == 0;
}

static bool choose_format(const record_options *options, SF_INFO *info, char *cause) {
    static const int subtypes[] = {[RECORD_FLOAT] = SF_FORMAT_FLOAT,
                                   [RECORD_PCM_24] = SF_FORMAT_PCM_24,
                                   [RECORD_PCM_16] = SF_FORMAT_PCM_16};
    bool wav = ends(options->path, ".wav"), flac = ends(options->path, ".flac");
    record_format format = options->format_given ? options->format
                           : wav                 ? RECORD_FLOAT
                                                 : RECORD_PCM_24;
    *info = (SF_INFO){.samplerate = (int)options->rate,
                      .channels = (int)options->channels,
                      .format = (wav ? SF_FORMAT_WAV : SF_FORMAT_FLAC) | subtypes[format]};
    const char *problem = NULL;
    if (!wav && !flac) problem = "unknown file name ending; name it *.wav or *.flac";
    else if (flac && format == RECORD_FLOAT)
        problem = "FLAC has no float samples; use pcm24, or a .wav file";
    else if (!options->channels || options->channels > RECORD_CHANNELS_MAX ||
             !sf_format_check(info))
        problem = flac ? "FLAC holds 1 to 8 channels" : "too many channels, or none";
    if (problem) snprintf(cause, RECORD_CAUSE_BYTES, "`%.100s`: %s", options->path, problem);
    return !problem;
}

/// A disk that is full says so here, before there is anything to keep.
static bool has_room(const record_options *options, int file, char *cause) {
    static const char zeros[1 << 16];
    ssize_t written = pwrite(file, zeros, sizeof zeros, 0);
    int error = written < 0 ? errno : ENOSPC;
    if (written == (ssize_t)sizeof zeros && ftruncate(file, 0) == 0) return true;
    snprintf(cause, RECORD_CAUSE_BYTES, "`%.100s`: %s", options->path, strerror(error));
    return false;
}

static record_status open_below(const record_options *options, int *file, char *cause) {
    switch (below_open(options->root, options->path, ".wav .flac", BELOW_CREATE,
                       options->make_folders, file, cause, RECORD_CAUSE_BYTES)) {
    case BELOW_OK: return RECORD_OK;
    case BELOW_BAD_PATH: return RECORD_BAD_VALUE;
    case BELOW_EXISTS: return RECORD_CONFLICT;
    default: return RECORD_FILE;
    }
}

record_status sound_file_create(sound_file *f, const record_options *options,
                                char cause[RECORD_CAUSE_BYTES]) {
    SF_INFO info;
    if (!choose_format(options, &info, cause)) return RECORD_BAD_VALUE;
    *f = (sound_file){.channels = options->channels,
                      .is_flac = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC};
    int subtype = info.format & SF_FORMAT_SUBMASK;
    f->frame_bytes = options->channels * (subtype == SF_FORMAT_FLOAT    ? 4
                                          : subtype == SF_FORMAT_PCM_24 ? 3
                                                                        : 2);
    record_status status = open_below(options, &f->file, cause);
    if (status != RECORD_OK) return status;
    bool room = has_room(options, f->file, cause);
    f->sound = room ? sf_open_fd(f->file, SFM_WRITE, &info, 0) : NULL;
    if (!f->sound) {
        if (room)
            snprintf(cause, RECORD_CAUSE_BYTES, "`%.100s`: %s", options->path, sf_strerror(NULL));
        close(f->file);
        below_remove(options->root, options->path);
        return RECORD_FILE;
    }
    sf_command(f->sound, SFC_SET_CLIPPING, NULL, SF_TRUE);
    sf_command(f->sound, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE); // it holds the time of day
    return RECORD_OK;
}

static bool fail(int error, char cause[RECORD_CAUSE_BYTES], const char *what) {
    snprintf(cause, RECORD_CAUSE_BYTES, "%s: %s", what, error ? strerror(error) : "failed");
    return false;
}

bool sound_file_write(sound_file *f, const float *frames, uint32_t count,
                      char cause[RECORD_CAUSE_BYTES]) {
    if (!f->is_flac && (f->frames + count) * f->frame_bytes > WAV_BYTES_MAX) {
        snprintf(cause, RECORD_CAUSE_BYTES, "the WAV file is full (limit 4 GiB); record to .flac");
        return false;
    }
    errno = 0;
    sf_count_t written = sf_writef_float(f->sound, frames, count);
    if (written > 0) f->frames += (uint64_t)written;
    return written == (sf_count_t)count || fail(errno, cause, "writing");
}

/// Frames that are surely in the file, and not in the encoder.
static uint64_t frames_in_file(const sound_file *f) {
    if (!f->is_flac) return f->frames;
    return f->frames ? (f->frames - 1) / FLAC_BLOCK * FLAC_BLOCK : 0;
}

/// The number of samples of STREAMINFO.
static bool tell_flac_length(sound_file *f, uint64_t total) {
    uint8_t bytes[5];
    if (pread(f->file, bytes, 5, 21) != 5) return false;
    bytes[0] = (uint8_t)((bytes[0] & 0xf0) | (total >> 32 & 0x0f));
    for (int i = 1; i < 5; i++) bytes[i] = (uint8_t)(total >> (8 * (4 - i)));
    return pwrite(f->file, bytes, 5, 21) == 5;
}

bool sound_file_settle(sound_file *f, char cause[RECORD_CAUSE_BYTES]) {
    uint64_t frames = frames_in_file(f);
    if (f->settled == frames) return true;
    errno = 0;
    bool told = f->is_flac ? tell_flac_length(f, frames)
                           : sf_command(f->sound, SFC_UPDATE_HEADER_NOW, NULL, 0) == 0;
    if (!told) return fail(errno, cause, "writing the header");
    if (fdatasync(f->file) != 0) return fail(errno, cause, "syncing");
    f->settled = frames;
    return true;
}

bool sound_file_close(sound_file *f, char cause[RECORD_CAUSE_BYTES]) {
    errno = 0;
    bool good = sf_close(f->sound) == 0 || fail(errno, cause, "closing");
    if (fdatasync(f->file) != 0 && good) good = fail(errno, cause, "syncing");
    if (good) f->settled = f->frames;
    close(f->file);
    return good;
}
