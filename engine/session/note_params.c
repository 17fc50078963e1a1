// SPDX-License-Identifier: MIT
// note_params -- the parameters that single notes may set for themselves. CONTROL. The values are
// kept with the voices (voices.h), so that they survive every change of the patch.
#include <stdlib.h>
#include <string.h>

#include "session/engine.h"
#include "session/load.h"

size_t mega_note_params_find(const mega_engine *e, const mega_patch *patch,
                             mega_note_param *note_params) {
    size_t count = 0;
    for (uint32_t i = 0; i < e->note_param_count; i++) {
        int32_t node = mega_patch_find_node(patch, e->note_params[i].node);
        int32_t param =
            node < 0 ? -1
                     : mega_module_find_param(patch->nodes[node].module, e->note_params[i].port);
        if (param >= 0)
            note_params[count++] = (mega_note_param){(uint32_t)node, (uint32_t)param, i};
    }
    return count;
}

static int32_t fail(mega_report *report, const char *code, const char *path, const char *hint,
                    const char *message) {
    mega_report_add(report, MEGA_SEVERITY_ERROR, code, path, 0, 0, hint, "%s", message);
    return -1;
}

/// The first document with the node: the one in force, else those that wait for their frames.
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
    for (uint32_t i = 0; i < e->note_param_count; i++)
        if (!strcmp(e->note_params[i].node, node) && !strcmp(e->note_params[i].port, param))
            return (int32_t)i;
    int32_t at;
    const mega_patch *patch = patch_with(e, node, &at);
    if (!patch) return fail(report, "not-found", node, NULL, "the patch has no such node");
    if (mega_module_find_param(patch->nodes[at].module, param) < 0)
        return fail(report, "not-found", node, "`megasynth modules TYPE` lists them",
                    "the node has no such parameter");
    if (e->note_param_count == MEGA_NOTE_PARAMS_MAX)
        return fail(report, "limit", node, NULL,
                    "single notes can have their own values of no more than 16 parameters");
    mega_bus_name name = {strdup(node), strdup(param), 0};
    e->note_params[e->note_param_count] = name;
    e->note_param_count += name.node && name.port;
    if (name.node && name.port && mega_load_again(e, report) == MEGA_OK)
        return (int32_t)e->note_param_count - 1;
    e->note_param_count -= name.node && name.port;
    free(name.node);
    free(name.port);
    return -1;
}
