// SPDX-License-Identifier: MIT
// edit -- applies a list of operations to a copy of a patch, all or nothing, and gives the list
// that undoes it.
#include <stdlib.h>
#include <string.h>

#include "document/edit/working.h"
#include "document/overrides.h"

/// Of the whole document.
static const mega_operation whole[] = {{"rename", edit_rename}, {"set", edit_set},
                                       {"voices", edit_voices}, {"name", edit_name},
                                       {"move", edit_move},     {NULL, NULL}};

enum { OPERATIONS_MAX = 8 * MEGA_SECTIONS_MAX };

/// All there are. @param operations room for OPERATIONS_MAX @return their number
static size_t list_operations(mega_operation *operations) {
    size_t count = 0;
    for (size_t s = 0; s <= mega_section_count; s++) {
        const mega_operation *op = s < mega_section_count ? mega_sections[s]->operations : whole;
        for (; op && op->name && count < OPERATIONS_MAX; op++) operations[count++] = *op;
    }
    return count;
}

// ---- before and after the operations -----------------------------------------------------------

static bool begin_order(edit *e, order *o, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!order_insert(e, o, i, (uint32_t)i)) return false;
    return true;
}

static bool put_index(json_t *index, const char *id, size_t row) {
    return json_object_set_new_nocheck(index, id, json_integer((json_int_t)row)) == 0;
}

static void begin(edit *e, const mega_patch *before) {
    builder *b = &e->b;
    b->node_index = json_object();
    b->knob_index = json_object();
    b->preset_index = json_object();
    b->patch = mega_patch_clone(before);
    bool good = b->patch && b->node_index && b->knob_index && b->preset_index;
    for (size_t i = 0; good && i < before->node_count; i++)
        good = put_index(b->node_index, before->nodes[i].id, i);
    for (size_t i = 0; good && i < before->knob_count; i++)
        good = put_index(b->knob_index, before->knobs[i].id, i);
    for (size_t i = 0; good && i < before->preset_count; i++)
        good = put_index(b->preset_index, before->presets[i].id, 0); // they need no numbers
    if (!good) mega_document_no_memory(b->document);
    if (!good || !begin_order(e, &e->nodes, before->node_count) ||
        !begin_order(e, &e->knobs, before->knob_count))
        return;
    e->node_capacity = before->node_count;
    e->knob_capacity = before->knob_count;
    e->cable_capacity = before->cable_count;
    e->preset_capacity = before->preset_count;
}

void words_text(extent *words, const char *text) {
    words->bytes += 6 * strlen(text); // at worst, as escapes
}

void words_extra(extent *words, const json_t *extra) {
    extent more = extra ? extent_of(extra) : (extent){0};
    words->bytes += more.bytes;
    words->values += more.values;
}

/// What has no limit of its own in a document must not pile up over many edits.
static void check_words(edit *e) {
    const mega_patch *patch = e->b.patch;
    extent words = {0};
    words_text(&words, patch->name);
    words_extra(&words, patch->extra);
    for (size_t i = 0; i < mega_section_count; i++)
        if (mega_sections[i]->words) mega_sections[i]->words(patch, &words);
    if (words.bytes > MEGA_WORDS_BYTES_MAX || words.values > MEGA_WORDS_VALUES_MAX)
        mega_document_error(
            e->b.document, NULL, "limit", NULL,
            "`x-` keys, name, units and docs come to %zu bytes and %zu values, at most "
            "%d and %d",
            words.bytes, words.values, MEGA_WORDS_BYTES_MAX, MEGA_WORDS_VALUES_MAX);
}

/// Rows in the order of the document, each once. @return what each old row is now
static uint32_t *join(edit *e, const order *o, void **rows, size_t *count, size_t bytes) {
    uint32_t *now = take_memory(&e->b, *count, sizeof *now);
    char *joined = take_memory(&e->b, o->count, bytes);
    if (!now || !joined) {
        free(now);
        free(joined);
        return NULL;
    }
    for (size_t i = 0; i < o->count; i++) {
        now[o->rows[i]] = (uint32_t)i;
        memcpy(joined + i * bytes, (char *)*rows + o->rows[i] * bytes, bytes);
    }
    free(*rows); // those in no order were removed: they hold nothing
    *rows = joined;
    *count = o->count;
    return now;
}

static void finish_rows(edit *e) {
    mega_patch *patch = e->b.patch;
    void *nodes = patch->nodes, *knobs = patch->knobs;
    uint32_t *node = join(e, &e->nodes, &nodes, &patch->node_count, sizeof *patch->nodes);
    patch->nodes = nodes;
    uint32_t *knob = join(e, &e->knobs, &knobs, &patch->knob_count, sizeof *patch->knobs);
    patch->knobs = knobs;
    for (size_t i = 0; node && knob && i < mega_section_count; i++)
        if (mega_sections[i]->renumber) mega_sections[i]->renumber(patch, node, knob);
    free(node);
    free(knob);
}

// ---- the list ----------------------------------------------------------------------------------

static void run(edit *e) {
    mega_operation operations[OPERATIONS_MAX];
    const char *names[OPERATIONS_MAX];
    size_t count = list_operations(operations);
    json_t *op = json_object_get(e->op, "op");
    mega_at here = mega_at_key(&e->at, e->op, "op");
    if (!expect_object(&e->b, &e->at, e->op)) return;
    e->name = "";
    if (!op) op_error(e, NULL, "missing", hint_file(e->op), "an operation needs `op`");
    if (!op || !expect_string(&e->b, &here, op)) return;
    e->name = json_string_value(op);
    for (size_t i = 0; i < count; i++) {
        names[i] = operations[i].name;
        if (strcmp(e->name, names[i]) != 0) continue;
        operations[i].run(e);
        free(e->b.names); // of nodes and knobs as they were, for hints
        e->b.names = NULL;
        return;
    }
    op_error(e, "op", "not-found", hint_nearest(e->name, names, count, "operations").text,
             "no operation is called `%s`", mega_excerpt_of(e->name).text);
}

static mega_patch *apply(mega_document *document, const mega_patch *before, json_t **inverse) {
    edit e = {.b = {.document = document, .in_operation = true, .nodes_known = true}};
    mega_at root = {.key = "ops", .mark = document->root};
    size_t count = json_array_size(document->root);
    if (count > MEGA_OPERATIONS_MAX)
        mega_document_error(document, &root, "limit", NULL, "%zu operations, at most %d", count,
                            MEGA_OPERATIONS_MAX);
    else begin(&e, before);
    if (inverse && !document->errors && !(e.inverse = json_array()))
        mega_document_no_memory(document);
    for (size_t i = 0; e.b.patch && i < count && !document->no_memory; i++) {
        e.op = json_array_get(document->root, i);
        e.at = mega_at_index(&root, document->root, i);
        run(&e);
        if (!json_object_get(e.op, "op") && hint_file(e.op)) break; // once is enough
    }
    if (e.wordy && document->errors == 0) check_words(&e);
    if (e.b.patch && document->errors == 0) finish_rows(&e);
    json_decref(e.b.node_index);
    json_decref(e.b.knob_index);
    json_decref(e.b.preset_index);
    free(e.b.names);
    free(e.nodes.rows);
    free(e.knobs.rows);
    if (inverse) *inverse = e.inverse;
    if (document->errors == 0) return e.b.patch;
    mega_patch_destroy(e.b.patch);
    return NULL;
}

// ---- texts -------------------------------------------------------------------------------------

/// One operation a line. @param backwards the last one first. @return NULL without memory
static char *list_text(const json_t *list, bool backwards, size_t *bytes) {
    mega_text text = {0};
    size_t count = json_array_size(list);
    mega_text_put(&text, "[");
    for (size_t i = 0; i < count; i++) {
        mega_text_put(&text, i ? ",\n  " : "\n  ");
        mega_json_write_line(json_array_get(list, backwards ? count - 1 - i : i), &text);
    }
    mega_text_put(&text, count ? "\n]\n" : "]\n");
    mega_text_add(&text, "", 1);
    *bytes = text.bytes;
    return text.text;
}

/// As a list; as the whole document where the list would be too long to be an edit itself.
static char *inverse_text(const mega_patch *before, const json_t *inverse, bool backwards) {
    size_t bytes;
    char *text = NULL;
    if (json_array_size(inverse) <= MEGA_OPERATIONS_MAX &&
        extent_of(inverse).values <= MEGA_VALUES_MAX) {
        text = list_text(inverse, backwards, &bytes);
        if (!text || bytes <= MEGA_DOCUMENT_BYTES_MAX) return text;
        free(text);
    }
    mega_patch_write(before, MEGA_FORMAT_JSON, &text, &bytes);
    return text;
}

static mega_patch *build_whole(mega_document *document, const mega_patch *before,
                               json_t **inverse) {
    mega_at root = {.mark = document->root};
    json_t *only =
        json_object_get(document->root, "nodes") ? NULL : json_object_get(document->root, "op");
    if (only || !json_is_object(document->root))
        mega_document_error(document, &root, "bad-type", only ? "put brackets around it" : NULL,
                            "an edit is an array of operations, or a document");
    else if (extent_of(document->root).depth > MEGA_DEPTH_MAX)
        mega_document_error(document, &root, "limit", NULL, "nested deeper than %d",
                            MEGA_DEPTH_MAX);
    mega_patch *after = document->errors ? NULL : mega_patch_build(document);
    if (after && inverse && !(*inverse = mega_diff_tree(after, before)))
        mega_document_no_memory(document);
    return after;
}

/// The operation that restores a parameter's override. @return NULL without memory
static json_t *override_operation(const mega_patch_node_row *node, uint32_t param) {
    const mega_param_row *row = &node->module->params[param];
    return json_pack("{s:s, s:s, s:s, s:n, s:o}", "op", "set", "id", node->id, "param", row->name,
                     "value", "override", mega_tree_value(row, node->overrides[param].value));
}

/// Cables that come or go change the value of an unwritten parameter. If its override equals that
/// new value, the audio role forgets the override; so the undo restores it, as its last operation.
static void undo_hidden(mega_document *document, const mega_patch *before, const mega_patch *after,
                        json_t *inverse, bool backwards) {
    for (size_t n = 0; n < after->node_count; n++)
        for (uint32_t i = 0; i < MEGA_PORTS_MAX; i++) {
            const mega_patch_node_row *node = mega_override_hidden(before, after, n, i);
            if (!node) continue;
            size_t at = backwards ? 0 : json_array_size(inverse);
            if (json_array_insert_new(inverse, at, override_operation(node, i)) != 0)
                mega_document_no_memory(document);
        }
}

/// Applies what the document holds. @param inverse_json NULL: not wanted
static mega_patch *change(mega_document *document, const mega_patch *before, mega_format format,
                          char **inverse_json) {
    mega_report *report = document->report;
    size_t lost = report ? mega_report_error_count(report) : 0;
    json_t *inverse = NULL, **wanted = inverse_json ? &inverse : NULL;
    mega_patch *after = NULL;
    if (inverse_json) *inverse_json = NULL;
    mega_document_read(document, format);
    bool is_list = json_is_array(document->root);
    if (document->root && !document->no_memory)
        after = is_list ? apply(document, before, wanted) : build_whole(document, before, wanted);
    if (after && document->errors == 0 && inverse)
        undo_hidden(document, before, after, inverse, is_list);
    if (after && document->errors == 0 && inverse_json &&
        !(*inverse_json = inverse_text(before, inverse, is_list)))
        mega_document_no_memory(document);
    json_decref(inverse);
    mega_document_finish(document);
    // An entry that the report had no memory for counts as an error too.
    bool failed = document->errors > 0 || (report && mega_report_error_count(report) > lost);
    if (!failed) return after;
    mega_patch_destroy(after);
    if (inverse_json) {
        free(*inverse_json);
        *inverse_json = NULL;
    }
    return NULL;
}

MEGA_CONTROL mega_patch *mega_patch_edit(const mega_patch *before, const void *text, size_t bytes,
                                         mega_format format, mega_report *report,
                                         char **inverse_json) {
    mega_document document = {.text = text, .bytes = bytes, .report = report, .is_edit = true};
    return change(&document, before, format, inverse_json);
}

mega_patch *mega_edit_undo(const mega_patch *before, const void *text, size_t bytes,
                           mega_format format, char **inverse_json) {
    mega_document document = {.text = text, .bytes = bytes, .is_edit = true, .passing = true};
    return change(&document, before, format, inverse_json);
}

MEGA_CONTROL mega_status mega_patch_diff(const mega_patch *before, const mega_patch *after,
                                         char **operations_json) {
    size_t bytes;
    json_t *list = mega_diff_tree(before, after);
    *operations_json = list ? list_text(list, false, &bytes) : NULL;
    json_decref(list);
    return *operations_json ? MEGA_OK : MEGA_ERROR_MEMORY;
}
