// SPDX-License-Identifier: MIT
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "requests/requests.h"
#include "synths/synth.h"

static json_t *document(const mega_patch *patch) {
    char *text;
    size_t bytes;
    if (mega_patch_write(patch, MEGA_FORMAT_JSON, &text, &bytes) != MEGA_OK) return NULL;
    json_t *map = json_loadb(text, bytes, 0, NULL);
    mega_free(text);
    return map;
}

/// What the loop knows.
static json_t *outline(const server *s) {
    json_t *synths = json_object();
    for (const synth *at = s->synths; at; at = at->next)
        if (!at->leaving)
            json_object_set_new(synths, at->name,
                                json_pack("{s:f, s:i}", "fader",
                                          (double)atomic_load(&at->input.fader), "output",
                                          (int)at->input.first_output));
    return json_pack("{s:i, s:o, s:o}", "version", STATE_VERSION, "synths", synths, "maps",
                     json_deep_copy(s->maps));
}

/// What the builder knows. Takes the state. @return it, or NULL without memory: never half of it
static json_t *with_documents(const server *s, json_t *state) {
    json_t *synths = json_object_get(state, "synths");
    bool ok = state != NULL;
    for (uint32_t i = 0; i < s->built_count && ok; i++) {
        mega_engine *engine = s->built[i]->input.engine;
        json_t *entry = json_object_get(synths, s->built[i]->name);
        if (!entry || !mega_loaded_patch(engine)) continue;
        mega_patch *now = mega_snapshot(engine);
        json_t *map = now ? document(now) : NULL;
        ok = map && json_object_set_new(entry, "patch", map) == 0;
        mega_patch_destroy(now);
    }
    if (ok) return state;
    json_decref(state);
    return NULL;
}

json_t *state_collect(server *s) { return with_documents(s, outline(s)); }

/// Both at one moment: nothing that is saved is half of before a change and half of after it.
static void collect(task *t) {
    json_decref(t->calls[0].answer);
    t->calls[0].answer = outline(t->server);
}

json_t *state_get(task *t) {
    if (!builder_meet(t, collect)) return NULL;
    json_t *state = t->calls[0].answer;
    t->calls[0].answer = NULL;
    return with_documents(t->server, state);
}

char *state_print(const json_t *state, size_t *bytes, char *cause, size_t cause_bytes) {
    char *text = json_dumps(state, JSON_INDENT(1) | JSON_SORT_KEYS);
    *bytes = text ? strlen(text) : 0;
    if (text && *bytes <= limit_state_bytes_max) return text;
    if (text) snprintf(cause, cause_bytes, "longer than %d bytes", limit_state_bytes_max);
    else snprintf(cause, cause_bytes, "out of memory");
    free(text);
    return NULL;
}
