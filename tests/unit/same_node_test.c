// SPDX-License-Identifier: MIT
// same_node_test -- which node of a patch is the one of another patch: of its birth under whatever
// name, else of its name; a dying node is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/node_index.h"

static mega_patch *patch_of(const char *text) {
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
    assert_non_null(patch);
    return patch;
}

static mega_patch *edited(const mega_patch *patch, const char *operations) {
    mega_patch *after =
        mega_patch_edit(patch, operations, strlen(operations), MEGA_FORMAT_JSON, NULL, NULL);
    assert_non_null(after);
    return after;
}

static const mega_patch_node_row *node_of(const mega_patch *patch, const char *id) {
    int32_t n = mega_patch_find_node(patch, id);
    assert_true(n >= 0);
    return &patch->nodes[n];
}

/// The id of the node that is the same as `id` of another patch, or "none".
static const char *same(const mega_patch *in, const mega_patch *of, const char *id,
                        const mega_module *type) {
    int32_t n = mega_patch_same_node(in, node_of(of, id), type, SIZE_MAX);
    int32_t near = mega_patch_same_node(in, node_of(of, id), type, n < 0 ? 0 : (size_t)n);
    assert_int_equal(n, near);
    return n < 0 ? "none" : in->nodes[n].id;
}

static const char *const three = "{\"nodes\": {\"a\": {\"type\": \"osc.saw\"},"
                                 " \"b\": {\"type\": \"svf\"}, \"out\": {\"type\": \"output\"}}}";

/// Two nodes that swap their names stay who they were.
static void births_before_names(void **context) {
    (void)context;
    mega_patch *before = patch_of(three);
    mega_patch *after = edited(before, "[{\"op\": \"rename\", \"id\": \"a\", \"to\": \"c\"},"
                                       " {\"op\": \"rename\", \"id\": \"b\", \"to\": \"a\"},"
                                       " {\"op\": \"rename\", \"id\": \"c\", \"to\": \"b\"}]");
    assert_string_equal(same(after, before, "a", NULL), "b");
    assert_string_equal(same(after, before, "b", NULL), "a");
    assert_string_equal(same(before, after, "a", NULL), "b");
    mega_node_index index;
    assert_true(mega_node_index_init(&index, after));
    assert_int_equal(mega_node_index_birth(&index, node_of(before, "a")->birth),
                     mega_patch_find_node(after, "b"));
    assert_int_equal(mega_node_index_name(&index, "a"), mega_patch_find_node(after, "a"));
    assert_int_equal(mega_node_index_name(&index, "c"), -1);
    mega_node_index_finish(&index);
    mega_patch_destroy(after);
    mega_patch_destroy(before);
}

/// Another document has other births: then the names count, and the type where it must be the same.
static void names_of_another_document(void **context) {
    (void)context;
    mega_patch *before = patch_of(three);
    mega_patch *after = patch_of("{\"nodes\": {\"b\": {\"type\": \"ladder\"},"
                                 " \"out\": {\"type\": \"output\"}}}");
    assert_string_equal(same(after, before, "a", NULL), "none");
    assert_string_equal(same(after, before, "b", NULL), "b");
    assert_string_equal(same(after, before, "b", node_of(before, "b")->module), "none");
    assert_string_equal(same(after, before, "out", node_of(before, "out")->module), "out");
    mega_patch_destroy(after);
    mega_patch_destroy(before);
}

static void dying_nodes(void **context) {
    (void)context;
    mega_patch *before = patch_of(three), *stage = mega_patch_clone(before);
    stage->nodes[mega_patch_find_node(stage, "b")].dying = true;
    assert_string_equal(same(stage, before, "b", NULL), "none");
    assert_string_equal(same(stage, before, "a", NULL), "a");
    mega_patch *copy = mega_patch_clone(stage);
    assert_string_equal(same(copy, before, "b", NULL), "none");
    mega_node_index index;
    assert_true(mega_node_index_init(&index, stage));
    assert_int_equal(mega_node_index_name(&index, "b"), -1);
    // its state may still come back
    assert_int_equal(mega_node_index_birth(&index, node_of(before, "b")->birth),
                     mega_patch_find_node(before, "b"));
    mega_node_index_finish(&index);
    mega_patch_destroy(copy);
    mega_patch_destroy(stage);
    mega_patch_destroy(before);
}

/// As many nodes as a document may have are found, each by both.
static void many_nodes(void **context) {
    (void)context;
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    fputs("{\"nodes\": {\"out\": {\"type\": \"output\"}", file);
    for (int n = 1; n < MEGA_NODES_MAX; n++) fprintf(file, ", \"n%d\": {\"type\": \"gain\"}", n);
    fputs("}}", file);
    fclose(file);
    mega_patch *patch = patch_of(text);
    mega_node_index index;
    assert_true(mega_node_index_init(&index, patch));
    for (size_t n = 0; n < patch->node_count; n++) {
        assert_int_equal(mega_node_index_name(&index, patch->nodes[n].id), n);
        assert_int_equal(mega_node_index_birth(&index, patch->nodes[n].birth), n);
    }
    assert_int_equal(patch->node_count, MEGA_NODES_MAX);
    mega_node_index_finish(&index);
    mega_patch_destroy(patch);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(births_before_names),
        cmocka_unit_test(names_of_another_document),
        cmocka_unit_test(dying_nodes),
        cmocka_unit_test(many_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
