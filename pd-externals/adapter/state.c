// SPDX-License-Identifier: MIT
// state -- the patch as it is now, for hosts to keep: as bytes, or as the messages that `dump`
// answers.
#include <stdlib.h>
#include <string.h>

#include "core.h"

static void save(mega_adapter *a, synth_work *w) {
    mega_patch *patch = mega_snapshot(a->engine);
    char *text = NULL;
    size_t bytes = 0;
    w->status =
        patch ? mega_patch_write(patch, MEGA_FORMAT_MSGPACK, &text, &bytes) : MEGA_ERROR_MEMORY;
    mega_patch_destroy(patch);
    if (bytes > SYNTH_STATE_BYTES_MAX)
        synth_work_fail(w, MEGA_ERROR_LIMIT, "limit", "%zu bytes, more than %d; use `write file`",
                        bytes, SYNTH_STATE_BYTES_MAX);
    else if (!w->status) {
        w->bytes = (uint8_t *)text;
        w->byte_count = bytes;
        text = NULL;
    }
    mega_free(text);
}

static void finish_save(mega_adapter *a, synth_work *w) {
    mega_atom *atoms = calloc(w->byte_count, sizeof *atoms);
    for (size_t i = 0; atoms && i < w->byte_count; i++) atoms[i].number = w->bytes[i];
    if (atoms) synth_tell(a, w->listener, "state", w->byte_count, atoms);
    free(atoms);
}

void synth_command_save(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count, (void)atoms;
    synth_work *w = synth_work_create(a, "save", save);
    if (!w) return;
    w->finish = finish_save;
    synth_work_do(a, w);
}

void synth_command_state(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame;
    uint8_t *bytes = synth_bytes_of(a, "state", count, atoms);
    if (bytes) synth_work_do(a, synth_bytes_load(a, "state", bytes, count));
    free(bytes);
}

void mega_adapter_restore(mega_adapter *a, const char *selector, size_t count,
                          const mega_atom *atoms) {
    // what the creation arguments say holds
    if (a->options.voices && strcmp(selector, "voices") == 0) return;
    synth_run(a, MEGA_AT_ONCE, selector, count, atoms);
    if (strcmp(selector, "commit") == 0) mega_adapter_join(a);
}
