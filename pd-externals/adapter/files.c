// SPDX-License-Identifier: MIT
// files -- whole patches: read, made ready, swapped in, written.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

// ---- the worker's part -------------------------------------------------------------------------

/// The mark that some editors put in front of UTF-8.
static void skip_mark(synth_work *w) {
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    if (w->byte_count < sizeof mark || memcmp(w->bytes, mark, sizeof mark) != 0) return;
    w->byte_count -= sizeof mark;
    memmove(w->bytes, w->bytes + sizeof mark, w->byte_count);
}

static void read_bytes(synth_work *w) {
    FILE *file = fopen(w->path, "rb");
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (size > SYNTH_FILE_BYTES_MAX)
        synth_work_fail(w, MEGA_ERROR_LIMIT, "limit", "the file is over 64 MiB");
    else if (size < 0 || fseek(file, 0, SEEK_SET) != 0)
        synth_work_fail(w, MEGA_ERROR_FILE, "file", "%s", strerror(errno));
    else if (!(w->bytes = malloc((size_t)size + 1)))
        synth_work_fail(w, MEGA_ERROR_MEMORY, "no-memory", "out of memory");
    else {
        w->byte_count = fread(w->bytes, 1, (size_t)size, file);
        if (w->byte_count != (size_t)size)
            synth_work_fail(w, MEGA_ERROR_FILE, "file", "could not be read");
        else skip_mark(w);
    }
    if (file) fclose(file);
}

/// By its name, else by its first byte.
static mega_format format_of(const synth_work *w) {
    mega_format format;
    if (mega_format_of_file(w->path, &format)) return format;
    for (size_t i = 0; i < w->byte_count; i++) {
        if (strchr(" \t\r\n", w->bytes[i]) && w->bytes[i]) continue;
        if (w->bytes[i] == '(' || w->bytes[i] == ';') return MEGA_FORMAT_SEXP;
        return w->bytes[i] == '{' ? MEGA_FORMAT_JSON : MEGA_FORMAT_MSGPACK;
    }
    return MEGA_FORMAT_JSON;
}

/// A score is a list of what happens when; no patch is a list.
static bool is_score(const synth_work *w) {
    size_t at = 0;
    while (at < w->byte_count && strchr(" \t\r\n", w->bytes[at])) at++;
    if (at == w->byte_count || w->bytes[at] != '[') return false;
    json_t *list = json_loadb((const char *)w->bytes, w->byte_count, 0, NULL);
    bool score = json_object_get(json_array_get(list, 0), "at");
    json_decref(list);
    return score;
}

static mega_patch *read_patch(const mega_adapter *a, synth_work *w) {
    if (*w->path) read_bytes(w);
    if (!w->status && is_score(w))
        synth_work_fail(w, MEGA_ERROR_PATCH, "bad-type",
                        "this is a score, not a patch; `megasynth render PATCH --score FILE` in a "
                        "shell plays it, in Pd [qlist] or [text sequence] play notes");
    if (w->status) return NULL;
    mega_patch *patch = mega_patch_read(w->bytes, w->byte_count, format_of(w), w->report);
    if (!patch) w->status = MEGA_ERROR_PATCH;
    else synth_apply_voices(a, patch);
    return patch;
}

static void rewire(mega_adapter *a, synth_work *w, const mega_patch *patch) {
    w->status = mega_rewire(a->engine, patch, &w->change, &w->changed, w->report);
}

static void load(mega_adapter *a, synth_work *w) {
    mega_patch *patch = read_patch(a, w);
    if (patch) rewire(a, w, patch);
    mega_patch_destroy(patch);
}

static void prepare(mega_adapter *a, synth_work *w) {
    mega_patch *patch = read_patch(a, w);
    if (patch) w->status = mega_patch_check(patch, w->report);
    json_t *index = json_object_get(a->slots, w->name);
    if (!index && json_object_size(a->slots) == SYNTH_SLOTS_MAX)
        synth_work_fail(w, MEGA_ERROR_LIMIT, "limit", "more than %d slots", SYNTH_SLOTS_MAX);
    if (w->status || !patch) {
        mega_patch_destroy(patch);
        return;
    }
    size_t at = index ? (size_t)json_integer_value(index) : json_object_size(a->slots);
    mega_patch_destroy(a->prepared[at]);
    a->prepared[at] = patch;
    json_object_set_new(a->slots, w->name, json_integer((json_int_t)at));
}

static void swap(mega_adapter *a, synth_work *w) {
    json_t *index = json_object_get(a->slots, w->name);
    if (index) {
        rewire(a, w, a->prepared[json_integer_value(index)]);
        return;
    }
    const char *names[SYNTH_SLOTS_MAX], *key;
    size_t count = 0;
    json_t *value;
    json_object_foreach(a->slots, key, value) names[count++] = key;
    const char *near = mega_nearest(w->name, names, count);
    synth_work_fail(w, MEGA_ERROR_NAME, "not-found", "nothing was prepared as `%.80s`; %s%.80s%s",
                    w->name, near ? "did you mean `" : "`prepare slot file` comes first",
                    near ? near : "", near ? "`?" : "");
}

static void write(mega_adapter *a, synth_work *w) {
    mega_patch *patch = mega_snapshot(a->engine);
    mega_format format = MEGA_FORMAT_JSON;
    mega_format_of_file(w->path, &format);
    char *text = NULL;
    size_t bytes = 0;
    w->status = patch ? mega_patch_write(patch, format, &text, &bytes) : MEGA_ERROR_MEMORY;
    mega_patch_destroy(patch);
    if (w->status) return;
    // aside, then renamed: a full disk leaves the old file as it was
    char aside[SYNTH_PATH_BYTES + 8];
    snprintf(aside, sizeof aside, "%s.part", w->path);
    FILE *file = fopen(aside, "wb");
    bool good = file && fwrite(text, 1, bytes, file) == bytes;
    if (file && fclose(file) != 0) good = false;
    if (!good || rename(aside, w->path) != 0) {
        synth_work_fail(w, MEGA_ERROR_FILE, "file", "%s", strerror(errno));
        if (file) remove(aside);
    }
    mega_free(text);
}

// ---- the host's part ---------------------------------------------------------------------------

static void tell_named(mega_adapter *a, const char *selector, const char *name) {
    synth_tell(a, MEGA_INFO, selector, 1, &(mega_atom){name, 0});
}

static void finish_load(mega_adapter *a, synth_work *w) {
    if (*w->what) tell_named(a, "loaded", w->what);
}
static void finish_prepare(mega_adapter *a, synth_work *w) { tell_named(a, "prepared", w->name); }
static void finish_write(mega_adapter *a, synth_work *w) { tell_named(a, "written", w->what); }

static void discard(mega_adapter *a) {
    synth_job *next, *job = synth_worker_overtake(a->worker);
    for (; job; job = next) {
        next = job->next;
        synth_work_destroy((synth_work *)job);
    }
}

/// The path of a file. @return false, told: there is none
static bool find(mega_adapter *a, const char *command, const mega_atom *atom, bool to_write,
                 char *path) {
    char name[SYNTH_PATH_BYTES];
    if (!mega_atom_text(atom, name, sizeof name)) {
        synth_tell_error(a, "limit", "%s: a file's name has at most %d bytes", command,
                         SYNTH_PATH_BYTES - 1);
        return false;
    }
    if (a->host.path(a->host.context, name, to_write, path, SYNTH_PATH_BYTES)) return true;
    synth_tell_error(a, "file", "%s %.200s: no such file beside the patch or in the search path",
                     command, name);
    return false;
}

synth_work *synth_file_load(mega_adapter *a, const char *name) {
    char path[SYNTH_PATH_BYTES];
    mega_atom atom = {name, 0};
    if (!find(a, "read", &atom, false, path)) return NULL;
    synth_work *w = synth_work_create(a, name, load);
    if (!w) return NULL;
    w->finish = finish_load;
    w->job.replaced_by_load = true;
    w->document = true;
    snprintf(w->path, sizeof w->path, "%s", path);
    return w;
}

synth_work *synth_bytes_load(mega_adapter *a, const char *what, const uint8_t *bytes,
                             size_t count) {
    synth_work *w = synth_work_create(a, what, load);
    if (!w) return NULL;
    w->finish = finish_load;
    w->job.replaced_by_load = true;
    w->document = true;
    w->bytes = malloc(count + 1);
    if (w->bytes) {
        memcpy(w->bytes, bytes, count);
        w->byte_count = count;
    }
    return w;
}

/// Latest load wins: what waits for a patch that will not be is of no use.
static void post_load(mega_adapter *a, synth_work *w, uint64_t frame, size_t count,
                      const mega_atom *fade) {
    if (!w) return;
    if (count && (fade->word || !(fade->number >= 0 && fade->number <= (double)MEGA_FADE_MS_MAX))) {
        synth_tell_error(a, "bad-value", "a fade lasts 0..%g ms", (double)MEGA_FADE_MS_MAX);
        synth_work_destroy(w);
        return;
    }
    if (count) w->change.fade_ms = (float)fade->number;
    w->change.frame = frame;
    if (!a->begun) synth_edits_flush(a);
    discard(a);
    synth_work_post(a, w);
}

void synth_command_read(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char name[SYNTH_PATH_BYTES] = "";
    mega_atom_text(&atoms[0], name, sizeof name);
    post_load(a, synth_file_load(a, name), frame, count - 1, atoms + 1);
}

uint8_t *synth_bytes_of(mega_adapter *a, const char *what, size_t count, const mega_atom *atoms) {
    uint8_t *bytes = malloc(count);
    for (size_t i = 0; bytes && i < count; i++) {
        if (atoms[i].word || !(atoms[i].number >= 0 && atoms[i].number <= 255)) {
            synth_tell_error(a, "bad-value", "%s: number %zu is no byte; 0..255", what, i + 1);
            free(bytes);
            return NULL;
        }
        bytes[i] = (uint8_t)atoms[i].number;
    }
    return bytes;
}

void synth_command_bytes(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    uint8_t *bytes = synth_bytes_of(a, "bytes", count, atoms);
    if (bytes) post_load(a, synth_bytes_load(a, "bytes", bytes, count), frame, 0, NULL);
    free(bytes);
}

void synth_command_prepare(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count;
    char path[SYNTH_PATH_BYTES];
    if (!find(a, "prepare", &atoms[1], false, path)) return;
    synth_work *w = synth_work_create(a, "prepare", prepare);
    if (!w) return;
    w->finish = finish_prepare;
    mega_atom_text(&atoms[0], w->name, sizeof w->name);
    snprintf(w->path, sizeof w->path, "%s", path);
    synth_work_post(a, w);
}

void synth_command_swap(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char name[SYNTH_NAME_BYTES];
    mega_atom_text(&atoms[0], name, sizeof name);
    synth_work *w = synth_work_create(a, name, swap);
    if (!w) return;
    w->finish = finish_load;
    w->job.replaced_by_load = true;
    w->document = true;
    snprintf(w->name, sizeof w->name, "%s", name);
    post_load(a, w, frame, count - 1, atoms + 1);
}

void synth_command_write(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count;
    char path[SYNTH_PATH_BYTES], name[SYNTH_PATH_BYTES];
    if (!find(a, "write", &atoms[0], true, path)) return;
    mega_atom_text(&atoms[0], name, sizeof name);
    synth_work *w = synth_work_create(a, name, write);
    if (!w) return;
    w->finish = finish_write;
    snprintf(w->path, sizeof w->path, "%s", path);
    synth_work_do(a, w);
}

// ---- creation arguments ------------------------------------------------------------------------

void synth_apply_voices(const mega_adapter *a, mega_patch *patch) {
    if (a->options.voices) mega_patch_set_voices(patch, a->options.voices);
}
