// SPDX-License-Identifier: MIT
// own -- parameters of which single notes have their own values: which they are. CONTROL. The
// values are kept with the voices (voices.h), so that they survive every change of the patch.
#include <stdlib.h>
#include <string.h>

#include "session/engine.h"
#include "session/load.h"

size_t mega_owned_find(const mega_engine *e, const mega_patch *patch, mega_owned *owned) {
    size_t count = 0;
    for (uint32_t i = 0; i < e->owned_count; i++) {
        int32_t node = mega_patch_find_node(patch, e->owned[i].node);
        int32_t param =
            node < 0 ? -1 : mega_module_find_param(patch->nodes[node].module, e->owned[i].port);
        if (param >= 0) owned[count++] = (mega_owned){(uint32_t)node, (uint32_t)param, i};
    }
    return count;
}

static int32_t fail(mega_report *report, const char *code, const char *path, const char *hint,
                    const char *message) {
    mega_report_add(report, MEGA_SEVERITY_ERROR, code, path, 0, 0, hint, "%s", message);
    return -1;
}

/// The document in force, or else one that waits for its frame, that has a node.
static const mega_patch *patch_with(const mega_engine *e, const char *node, int32_t *at) {
    const mega_schedule *s = &e->schedule;
    const mega_patch *patch = mega_schedule_document(s);
    for (size_t i = 0;; i++) {
        *at = patch ? mega_patch_find_node(patch, node) : -1;
        if (*at >= 0) return patch;
        if (i == s->count) return NULL;
        patch = s->changes[i].program ? s->changes[i].program->patch : NULL;
    }
}

int32_t mega_find_note_param(mega_engine *e, const char *node, const char *param,
                             mega_report *report) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "find_note_param");
    mega_calls_put_text(call, "node", node, strlen(node));
    mega_calls_put_text(call, "name", param, strlen(param));
    mega_given_names copied = mega_given_names_of(node, param);
    node = copied.node;
    param = copied.port;
    mega_collect(e);
    for (uint32_t i = 0; i < e->owned_count; i++)
        if (!strcmp(e->owned[i].node, node) && !strcmp(e->owned[i].port, param)) return (int32_t)i;
    int32_t at;
    const mega_patch *patch = patch_with(e, node, &at);
    if (!patch) return fail(report, "not-found", node, NULL, "the patch has no such node");
    if (mega_module_find_param(patch->nodes[at].module, param) < 0)
        return fail(report, "not-found", node, "`megasynth modules TYPE` lists them",
                    "the node has no such parameter");
    if (e->owned_count == MEGA_OWN_MAX)
        return fail(report, "limit", node, NULL,
                    "single notes can have their own values of no more than 16 parameters");
    mega_bus_name name = {strdup(node), strdup(param), 0};
    e->owned[e->owned_count] = name;
    e->owned_count += name.node && name.port;
    if (name.node && name.port && mega_load_again(e, report) == MEGA_OK)
        return (int32_t)e->owned_count - 1;
    e->owned_count -= name.node && name.port;
    free(name.node);
    free(name.port);
    return -1;
}
