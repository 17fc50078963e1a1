// SPDX-License-Identifier: MIT
#include "settings.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- the words ---------------------------------------------------------------------------------

static bool number_in_word(setting *one) {
    char *end;
    one->number = strtod(one->word, &end);
    return end != one->word && !*end && isfinite(one->number);
}

bool settings_add(const cli_command *command, settings *s, char *text) {
    char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        usage_error(command,
                    "--set needs NAME=VALUE, such as cutoff=0.7 or filt.freq=500, not `%s`", text);
        return false;
    }
    if (s->count == SETTINGS_MAX) {
        usage_error(command, "--set: too many (limit %d)", SETTINGS_MAX);
        return false;
    }
    *equals = '\0';
    setting one = {.name = text, .word = equals + 1};
    char *dot = strrchr(text, '.');
    if (dot && dot != text && dot[1]) {
        *dot = '\0';
        one.node = text;
        one.name = dot + 1;
    }
    one.is_number = number_in_word(&one);
    s->all[s->count++] = one;
    if (one.node) return true;
    if (!one.is_number) usage_error(command, "--set %s: `%s` is not a number", text, one.word);
    else if (one.number < 0 || one.number > 1)
        usage_error(
            command,
            "--set %s: %s is out of range; a knob is 0..1; for a parameter write NODE.%s=%s", text,
            one.word, text, one.word);
    else return true;
    return false;
}

// ---- the patch ---------------------------------------------------------------------------------

/// Parameters that are called as the knob, for who has left out the node.
static void near_params(const mega_patch *patch, const char *name, char room[160]) {
    for (size_t i = 0; i < mega_patch_node_count(patch); i++) {
        mega_node_info node = mega_patch_node(patch, i);
        mega_param_info param;
        if (!*room && mega_module_param_named(mega_module_find(node.type), name, &param))
            snprintf(room, 160, "; did you mean `%.60s.%.60s`?", node.id, name);
    }
}

static int no_such_knob(const cli_command *command, const mega_patch *patch, const char *name) {
    size_t count = mega_patch_knob_count(patch);
    const char **names = calloc(count + 1, sizeof *names);
    char room[160] = "";
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_knob(patch, i);
    if (names) did_you_mean(name, names, count, room);
    if (!*room) near_params(patch, name, room);
    free(names);
    return usage_error(command, "--set: no such knob: %s%s", name, room);
}

static int refused(const cli_command *command, const setting *one, const mega_report *report) {
    for (size_t i = 0; i < mega_report_count(report); i++) {
        const mega_diagnostic *d = mega_report_get(report, i);
        if (d->severity != MEGA_SEVERITY_ERROR) continue;
        return usage_error(command, "--set %s.%s=%s: %s%s%s", one->node, one->name, one->word,
                           d->message, *d->hint ? "; " : "", d->hint);
    }
    return status_exit("--set", MEGA_ERROR_MEMORY);
}

/// As an edit does it, which knows ranges and choices.
static int set_param(const cli_command *command, const setting *one, mega_patch **patch) {
    json_t *value = one->is_number ? json_real(one->number) : json_string(one->word);
    json_t *list = json_pack("[{s:s, s:s, s:s, s:o}]", "op", "set", "id", one->node, "param",
                             one->name, "value", value);
    char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
    mega_report *report = mega_report_create();
    mega_patch *after =
        text && report ? mega_patch_edit(*patch, text, strlen(text), MEGA_FORMAT_JSON, report, NULL)
                       : NULL;
    int code = CLI_OK;
    if (!after && report) code = refused(command, one, report);
    else if (!after) code = status_exit("--set", MEGA_ERROR_MEMORY);
    if (after) {
        mega_patch_destroy(*patch);
        *patch = after;
    }
    mega_report_destroy(report);
    free(text);
    json_decref(list);
    return code;
}

int settings_apply(const cli_command *command, const settings *s, mega_patch **patch) {
    int code = CLI_OK;
    for (size_t i = 0; i < s->count && code == CLI_OK; i++) {
        const setting *one = &s->all[i];
        if (one->node) {
            code = set_param(command, one, patch);
            continue;
        }
        mega_status status = mega_patch_set_knob(*patch, one->name, one->number);
        if (status == MEGA_ERROR_NAME) code = no_such_knob(command, *patch, one->name);
        else if (status != MEGA_OK) code = status_exit("--set", status);
    }
    return code;
}
