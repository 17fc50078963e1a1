// SPDX-License-Identifier: MIT
#include "base/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/ring.h"

enum { RING_COUNT = 1 << 14 }; ///< blocks: 20 s of 64 frames

typedef struct {
    uint64_t began_ns, ended_ns, frame;
    uint32_t frames;
} rendered;

static struct {
    FILE *file;
    mega_ring blocks;
    _Atomic uint32_t dropped;
} state;

bool trace_on(void) { return state.file != NULL; }

bool trace_open(const char *path, char *cause, unsigned cause_bytes) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
    struct stat about;
    bool plain = file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode);
    if (file >= 0 && !plain) errno = ENXIO; // what blocks or is somebody's device is no file
    bool room = plain && mega_ring_init(&state.blocks, RING_COUNT, sizeof(rendered));
    state.file = room ? fdopen(file, "w") : NULL;
    if (!state.file) {
        snprintf(cause, cause_bytes, "--trace %s: %s", path, strerror(errno));
        if (file >= 0) close(file);
        mega_ring_finish(&state.blocks);
        return false;
    }
    fputs("[\n", state.file);
    static const char *const names[] = {"", "audio", "loop", "builder"};
    for (int i = TRACE_AUDIO; i <= TRACE_BUILDER; i++)
        fprintf(state.file,
                "{\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":\"%"
                "s\"}},\n",
                i, names[i]);
    return true;
}

void trace_render(uint64_t began_ns, uint64_t ended_ns, uint64_t frame, uint32_t frames) {
    if (!mega_ring_push(&state.blocks, &(rendered){began_ns, ended_ns, frame, frames}))
        atomic_fetch_add_explicit(&state.dropped, 1, memory_order_relaxed);
}

void trace_span(const char *name, const char *detail, int thread, uint64_t began_ns,
                uint64_t ended_ns) {
    if (!state.file) return;
    json_t *event =
        json_pack("{s:s, s:s, s:i, s:i, s:f, s:{s:s*}}", "name", name, "ph", ended_ns ? "X" : "i",
                  "pid", 1, "tid", thread, "ts", (double)began_ns / 1000, "args", "detail", detail);
    if (ended_ns)
        json_object_set_new(event, "dur", json_real((double)(ended_ns - began_ns) / 1000));
    else json_object_set_new(event, "s", json_string("t"));
    char *text = json_dumps(event, JSON_COMPACT);
    if (text) fprintf(state.file, "%s,\n", text);
    free(text);
    json_decref(event);
}

void trace_flush(void) {
    if (!state.file) return;
    for (rendered r; mega_ring_pop(&state.blocks, &r);)
        fprintf(state.file,
                "{\"name\":\"render\",\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
                "\"args\":{\"frame\":%llu,\"frames\":%u}},\n",
                TRACE_AUDIO, (double)r.began_ns / 1000, (double)(r.ended_ns - r.began_ns) / 1000,
                (unsigned long long)r.frame, r.frames);
    fflush(state.file);
}

void trace_close(void) {
    if (!state.file) return;
    trace_flush();
    fprintf(state.file,
            "{\"name\":\"end\",\"ph\":\"i\",\"s\":\"g\",\"pid\":1,\"tid\":%d,\"ts\":0,\"args\":{"
            "\"blocks_left_out\":%u}}\n]\n",
            TRACE_LOOP, atomic_load(&state.dropped));
    fclose(state.file);
    state.file = NULL; // the ring stays: the audio thread may be at it
}
