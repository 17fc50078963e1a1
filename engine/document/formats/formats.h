// SPDX-License-Identifier: MIT
// formats -- what the readers and writers of patch documents share.
//
// Reading: text -> (json.c, sexp.c, msgpack.c) -> one tree of jansson values -> (builder.c,
// cables.c) -> patch. Writing: patch -> (tree.c) -> the same tree -> (json_write.c, sexp_write.c,
// msgpack.c) -> text. A reader reports what is wrong with the spelling, the builder what is wrong
// with the meaning.
#ifndef MEGA_FORMATS_H
#define MEGA_FORMATS_H

#include <jansson.h>

#include "core/text.h"
#include "document/patch.h"

/// Where in the text a value stands. `mark` is what identifies it in the tree: for a member of an
/// object the tree's own copy of its key, else the value. (jansson's true, false and null are not
/// distinct values.)
typedef struct {
    const void *mark;
    uint32_t line, column;
} mega_place;

/// A document while it is being read.
typedef struct mega_document {
    const char *text;
    size_t bytes;
    json_t *root;
    mega_report *report; ///< or NULL
    size_t errors;
    bool no_memory;
    bool passing;       ///< nobody keeps the patch: its nodes and knobs get no births
    bool is_edit;       ///< may nest one deeper: what a document's `x-` key holds, in a list's item
    mega_place *places; ///< open hash table, or NULL
    size_t place_count, place_capacity;
    /// Fills `places` when the first is asked for; NULL: they are complete, or nobody knows them.
    void (*locate)(struct mega_document *document);
} mega_document;

/// A value's way down from the root, on the stack of the functions that walk it.
typedef struct mega_at {
    const struct mega_at *parent; ///< NULL: the root
    const char *key;              ///< in an object; NULL in an array
    size_t index;
    const void *mark; ///< see mega_place; NULL: stands where its parent stands
} mega_at;

/// Steps down. A key that the tree does not hold stands where its parent stands.
mega_at mega_at_key(const mega_at *parent, json_t *object, const char *key);
mega_at mega_at_index(const mega_at *parent, json_t *array, size_t index);

/// Notes where a value stands. Without memory the place stays unknown.
void mega_place_add(mega_document *document, const void *mark, uint32_t line, uint32_t column);

/// Reports about the value at `at` (NULL: the document). `hint` may be NULL.
void mega_document_error(mega_document *document, const mega_at *at, const char *code,
                         const char *hint, const char *message, ...)
    __attribute__((format(printf, 5, 6)));
void mega_document_warn(mega_document *document, const mega_at *at, const char *code,
                        const char *hint, const char *message, ...)
    __attribute__((format(printf, 5, 6)));
/// Reports about a place in the text.
void mega_document_error_at(mega_document *document, const char *code, uint32_t line,
                            uint32_t column, const char *hint, const char *message, ...)
    __attribute__((format(printf, 6, 7)));
/// Memory ran out: reading fails, and says so once.
void mega_document_no_memory(mega_document *document);

/// What the document says, fit to be quoted: at most 40 bytes of it.
typedef struct {
    char text[48];
} mega_excerpt;
mega_excerpt mega_excerpt_of(const char *text);

/// How many of the bytes are UTF-8 without the character 0, which ends strings in C.
size_t mega_text_length(const char *bytes, size_t count);

// The readers: set `root`, or report. Anything that is written in the format but means no patch is
// left to the builder.
void mega_json_read(mega_document *document);
void mega_sexp_read(mega_document *document);
void mega_msgpack_read(mega_document *document);

/// Calls the reader of a format, within the limit of a document's bytes.
void mega_document_read(mega_document *document, mega_format format);
/// Frees what reading took; the report stays.
void mega_document_finish(mega_document *document);

/// Makes the patch that the tree describes. @return NULL with everything that is wrong reported
mega_patch *mega_patch_build(mega_document *document);

// ---- writing -----------------------------------------------------------------------------------

/// A number as a JSON literal that reads back to the same double; integers without a point.
void mega_text_number(mega_text *text, const json_t *number);
/// A string as a JSON literal.
void mega_text_string(mega_text *text, const char *string, size_t bytes);

/// The tree of a patch. @return NULL without memory
json_t *mega_patch_tree(const mega_patch *patch);
/// Puts a value into an object. A NULL value is memory that was not there. @return false without
/// memory
bool mega_tree_put(json_t *object, const char *key, json_t *value);
/// The `x-` members, which come last.
bool mega_tree_put_extra(json_t *object, json_t *extra);
// Its parts, added to an object. @return false without memory
bool mega_tree_knob(const mega_patch_knob_row *knob, json_t *object);
bool mega_tree_node(const mega_patch_node_row *node, json_t *object);
bool mega_tree_cable(const mega_patch *patch, const mega_patch_cable_row *cable, json_t *object);
/// Without its id. Its parts, empty where it has none, are for comparing.
bool mega_tree_preset(const mega_patch *patch, const mega_patch_preset_row *preset, json_t *object);
json_t *mega_tree_preset_knobs(const mega_patch *patch, const mega_patch_preset_row *preset);
json_t *mega_tree_preset_params(const mega_patch *patch, const mega_patch_preset_row *preset);
/// The overrides of a node, by parameter name, without those that `heir` keeps. @param heir or NULL
json_t *mega_tree_overrides(const mega_patch_node_row *node, const mega_patch_node_row *heir);
json_t *mega_tree_param(const mega_patch_node_row *node, uint32_t param);
json_t *mega_tree_value(const mega_param_row *row, float value);
json_t *mega_tree_number(float value);

// The writers: append the tree to `text`.
void mega_json_write(const json_t *tree, mega_text *text);
void mega_json_write_line(const json_t *tree, mega_text *text); ///< without the line's end
void mega_sexp_write(const json_t *tree, mega_text *text);
void mega_msgpack_write(const json_t *tree, mega_text *text);

#endif
