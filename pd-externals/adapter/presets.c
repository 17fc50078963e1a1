// SPDX-License-Identifier: MIT
// presets -- named values: saved, recalled, morphed to, listed.
#include <stdio.h>
#include <string.h>

#include "core.h"

static void add(mega_adapter *a, uint64_t frame, json_t *operation) {
    if (operation) synth_edits_add(a, frame, operation);
    else synth_tell_error(a, "bad-value", "preset: names and words are UTF-8");
}

static void save(mega_adapter *a, synth_work *w) {
    w->status = mega_preset_save(a->engine, w->name, &w->changed, w->report);
}

static void tell_saved(mega_adapter *a, synth_work *w) {
    synth_tell(a, w->listener, "preset", 2, (mega_atom[]){{"saved", 0}, {w->name, 0}});
}

static void list(mega_adapter *a, synth_work *w) {
    const mega_patch *patch = mega_loaded_patch(a->engine);
    for (size_t i = 0; patch && i < mega_patch_preset_count(patch); i++) {
        mega_preset_info preset = mega_patch_preset(patch, i);
        synth_messages_add(&w->messages, "preset", *preset.doc ? "sfs" : "sf", preset.id,
                           (double)preset.value_count, preset.doc);
    }
    synth_messages_add(&w->messages, "done", "s", "presets");
}

static void do_now(mega_adapter *a, const char *name, void (*work)(mega_adapter *, synth_work *),
                   void (*finish)(mega_adapter *, synth_work *)) {
    synth_work *w = synth_work_create(a, "preset", work);
    if (!w) return;
    w->finish = finish;
    snprintf(w->name, sizeof w->name, "%s", name);
    synth_work_do(a, w);
}

/// recall name; morph name ms
static void recall(mega_adapter *a, uint64_t frame, const char *name, size_t count,
                   const mega_atom *atoms) {
    bool morph = strcmp(atoms[0].word, "morph") == 0;
    float seconds = SYNTH_MORPH_MS * 0.001f;
    if (!*name || count > (morph ? 3 : 2)) {
        synth_tell_error(a, "bad-arguments",
                         "preset: write `preset recall name` or `preset morph name [ms]`");
        return;
    }
    if (count == 3 && !synth_read_ramp(a, name, 1, &atoms[2], &seconds)) return;
    synth_values_replay(a);
    synth_known *known = synth_look_up(a, SYNTH_PRESET, name, "");
    if (!known) synth_hold(a, frame, synth_command_preset, count, atoms);
    else if (known->number >= 0) {
        synth_changes_touch_preset(a, name); // before: it compares
        synth_check_event(a,
                          mega_preset_recall(a->engine, frame, known->number, morph ? seconds : 0));
    } else {
        const mega_patch *patch = mega_loaded_patch(a->engine);
        const char *names[256];
        size_t names_count = 0;
        for (size_t i = 0; patch && i < mega_patch_preset_count(patch) && i < 256; i++)
            names[names_count++] = mega_patch_preset(patch, i).id;
        const char *near = mega_nearest(name, names, names_count);
        synth_tell_error(a, "not-found", "there is no preset `%.80s`; %s%.80s%s", name,
                         near ? "did you mean `" : "`preset save name` makes one", near ? near : "",
                         near ? "`?" : "");
    }
}

void synth_command_preset(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    const char *what = atoms[0].word ? atoms[0].word : "";
    char name[SYNTH_NAME_BYTES] = "";
    if (count > 1) mega_atom_text(&atoms[1], name, sizeof name);
    bool named = count == 2 && *name;
    if (strcmp(what, "recall") == 0 || strcmp(what, "morph") == 0)
        recall(a, frame, name, count, atoms);
    else if (strcmp(what, "save") == 0 && named) do_now(a, name, save, tell_saved);
    else if (strcmp(what, "remove") == 0 && named)
        add(a, frame, json_pack("{s:s,s:s}", "op", "unpreset", "id", name));
    else if (strcmp(what, "doc") == 0 && count > 2)
        add(a, frame,
            json_pack("{s:s,s:s,s:o}", "op", "preset", "id", name, "doc",
                      synth_words_json(count - 2, atoms + 2)));
    else if (strcmp(what, "list") == 0 && count == 1) do_now(a, "", list, NULL);
    else
        synth_tell_error(a, "bad-arguments",
                         "preset: write `preset save|recall|remove name`, "
                         "`preset morph name [ms]`, `preset doc name words` or `preset list`");
}

/// name, and pairs of knob or node.param and value
void synth_command_newpreset(mega_adapter *a, uint64_t frame, size_t count,
                             const mega_atom *atoms) {
    char id[SYNTH_NAME_BYTES], path[SYNTH_NAME_BYTES], node[SYNTH_NAME_BYTES],
        port[SYNTH_NAME_BYTES];
    json_t *knobs = json_object(), *params = json_object();
    bool good = count % 2 && mega_atom_text(&atoms[0], id, sizeof id);
    for (size_t i = 1; i + 1 < count && good; i += 2) {
        json_t *value = synth_atom_json(&atoms[i + 1]);
        good = value && mega_atom_text(&atoms[i], path, sizeof path);
        if (good && synth_split(path, node, port)) {
            if (!json_object_get(params, node)) json_object_set_new(params, node, json_object());
            json_object_set_new(json_object_get(params, node), port, value);
        } else if (good) {
            json_object_set_new(knobs, path, value);
        } else {
            json_decref(value);
        }
    }
    if (good)
        add(a, frame,
            json_pack("{s:s,s:s,s:O,s:O}", "op", "preset", "id", id, "knobs", knobs, "params",
                      params));
    else
        synth_tell_error(a, "bad-arguments",
                         "newpreset: write `newpreset name [knob-or-node.param value]...`");
    json_decref(knobs);
    json_decref(params);
}
