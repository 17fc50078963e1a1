// SPDX-License-Identifier: MIT
// describe -- the modules' rows, printed for machines (JSON) and for people (Markdown).
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/choices.h"
#include "document/formats/formats.h"
#include "megasynth.h"
#include "modules/registry.h"

typedef mega_text text;

static int add_json(const char *bytes, size_t count, void *t) {
    mega_text_add(t, bytes, count);
    return 0;
}

// ---- JSON -------------------------------------------------------------------------------------

typedef mega_port_info port_of(const mega_module *module, size_t index);

static json_t *ports_json(const mega_module *module, port_of *port, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{ss ss}", "name", port(module, i).name, "doc", port(module, i).doc));
    return list;
}

static json_t *param_json(const mega_param_info *p) {
    json_t *object = json_pack(
        "{ss ss sf sf sf ss ss sf ss}", "name", p->name, "unit", p->unit, "min", p->min, "max",
        p->max, "default", p->initial, "scale", mega_scale_name(p->scale), "smoothing",
        mega_smoothing_name(p->smoothing), "smooth_ms", p->smooth_ms, "doc", p->doc);
    if (p->fixed) json_object_set_new(object, "fixed", json_true());
    if (!p->choices) return object;
    json_t *choices = json_array();
    for (size_t i = 0; i < p->choice_count; i++)
        json_array_append_new(choices, json_string(p->choices[i]));
    json_object_set_new(object, "choices", choices);
    return object;
}

static json_t *module_json(const mega_module *module) {
    mega_module_info m = mega_module_describe(module);
    json_t *params = json_array();
    for (size_t i = 0; i < m.param_count; i++) {
        mega_param_info p = mega_module_param(module, i);
        json_array_append_new(params, param_json(&p));
    }
    return json_pack("{ss ss ss ss so so so sb sb sI sf sf}", "name", m.name, "category",
                     m.category, "doc", m.doc, "scope", m.scope, "inputs",
                     ports_json(module, mega_module_input, m.input_count), "params", params,
                     "outputs", ports_json(module, mega_module_output, m.output_count), "pure",
                     m.pure, "delays", m.delays, "state_bytes",
                     (json_int_t)(module->state_fields * sizeof(float)), "memory_seconds",
                     m.memory_seconds, "tail_seconds", m.tail_seconds);
}

char *mega_module_describe_json(const mega_module *module) {
    json_t *root;
    if (module) {
        root = module_json(module);
    } else {
        json_t *list = json_array();
        for (size_t i = 0; i < mega_module_count(); i++)
            json_array_append_new(list, module_json(mega_module_get(i)));
        root = json_pack("{ss so}", "version", MEGA_VERSION, "modules", list);
    }
    text t = {.failed = !root};
    if (root &&
        json_dump_callback(root, add_json, &t, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0)
        t.failed = true;
    mega_text_put(&t, "\n");
    json_decref(root);
    return mega_text_finish(&t);
}

// ---- Markdown ---------------------------------------------------------------------------------

static void ports_markdown(text *t, const char *title, const mega_input_row *rows, uint32_t count) {
    if (!count) return;
    mega_text_printf(t, "| %s | |\n| --- | --- |\n", title);
    for (uint32_t i = 0; i < count; i++)
        mega_text_printf(t, "| `%s` | %s |\n", rows[i].name, rows[i].doc);
    mega_text_put(t, "\n");
}

static void range_markdown(text *t, const mega_param_row *p) {
    char min[32], max[32], initial[32];
    if (p->choices) {
        for (size_t i = 0; p->choices[i]; i++)
            mega_text_printf(t, "%s%s", i ? ", " : "", p->choices[i]);
        long chosen = (long)(p->initial + 0.5f);
        size_t count = 0;
        while (p->choices[count]) count++;
        bool known = chosen >= 0 && (size_t)chosen < count;
        mega_text_printf(t, " | %s",
                         known ? p->choices[chosen] : mega_float_text(p->initial, initial));
        return;
    }
    const char *unit = p->unit ? p->unit : "";
    const char *kind = p->fixed ? ", fixed" : p->scale == MEGA_EXP ? ", exp" : "";
    mega_text_printf(t, "%s … %s%s%s%s | %s", mega_float_text(p->min, min),
                     mega_float_text(p->max, max), *unit ? " " : "", unit, kind,
                     mega_float_text(p->initial, initial));
}

static void params_markdown(text *t, const mega_module *m) {
    if (!m->param_count) return;
    mega_text_printf(t, "| parameter | range | default | smoothing | |\n"
                        "| --- | --- | --- | --- | --- |\n");
    for (uint32_t i = 0; i < m->param_count; i++) {
        const mega_param_row *p = &m->params[i];
        mega_text_printf(t, "| `%s` | ", p->name);
        range_markdown(t, p);
        char ms[32];
        bool fades = mega_choices_ports(m) >> (m->input_count + i) & 1;
        if (fades) mega_text_printf(t, " | crossfade, %d ms", MEGA_CHOICE_FADE_MS);
        else if (p->smoothing == MEGA_SMOOTH_NONE) mega_text_printf(t, " | none");
        else
            mega_text_printf(t, " | %s, %s ms", mega_smoothing_name(p->smoothing),
                             mega_float_text(p->smooth_ms, ms));
        mega_text_printf(t, " | %s |\n", p->doc);
    }
    mega_text_put(t, "\n");
}

static void module_markdown(text *t, const mega_module *m) {
    mega_text_printf(t, "### `%s`\n\n", m->name);
    // A sentence of its own: the row's begins in lower case and has no stop, as listings want it.
    size_t bytes = strlen(m->doc);
    if (bytes) {
        char first = *m->doc >= 'a' && *m->doc <= 'z' ? (char)(*m->doc - 'a' + 'A') : *m->doc;
        mega_text_printf(t, "%c%s%s", first, m->doc + 1, m->doc[bytes - 1] == '.' ? "" : ".");
    }
    if (m->flags & MEGA_ONCE) mega_text_printf(t, " Exists once, after the voices.");
    else if (m->flags & MEGA_AFTER)
        mega_text_printf(t, " Shared by default: its inputs sum the voices.");
    if (m->flags & MEGA_DELAYS) mega_text_printf(t, " May close a cycle: it delays by one block.");
    if (m->flags & MEGA_DELAYS_FRAME)
        mega_text_printf(t, " May close a cycle, which then runs frame by frame.");
    mega_text_put(t, "\n\n");
    ports_markdown(t, "input", m->inputs, m->input_count);
    params_markdown(t, m);
    ports_markdown(t, "output", m->outputs, m->output_count);
}

char *mega_module_describe_markdown(const mega_module *module) {
    text t = {0};
    if (module) {
        module_markdown(&t, module);
    } else {
        mega_text_printf(
            &t, "# Modules\n\n"
                "All modules; printed by `megasynth modules --markdown`.\n\n"
                "Every parameter is a port: it takes cables. A knob spreads its 0…1 over the\n"
                "range, evenly or (exp) by equal ratios. Smoothing is how a value that is\n"
                "written during play gets to its new place.\n\n");
        const char *heading = "";
        for (size_t i = 0; i < mega_module_count(); i++) {
            mega_module_info m = mega_module_describe(mega_module_get(i));
            if (strcmp(m.heading, heading) != 0) mega_text_printf(&t, "## %s\n\n", m.heading);
            heading = m.heading;
            module_markdown(&t, mega_module_get(i));
        }
    }
    // Sections are parted by empty lines; the last one needs none.
    if (!t.failed && t.bytes > 1 && t.text[t.bytes - 2] == '\n') t.text[--t.bytes] = '\0';
    return mega_text_finish(&t);
}
