// SPDX-License-Identifier: MIT
// builder -- what the parts of the builder share: builder.c (document), knobs.c, nodes.c, cables.c,
// presets.c.
#ifndef MEGA_BUILDER_H
#define MEGA_BUILDER_H

#include "document/formats/sections.h"

typedef struct builder {
    mega_document *document;
    mega_patch *patch;
    json_t *node_index, *knob_index, *preset_index; ///< id -> its number
    bool *knob_used;
    bool nodes_known;   ///< else connections cannot be judged
    bool in_operation;  ///< of an edit, which reads the keys `op` and `at` itself
    const char **names; ///< ids of all nodes, then of all knobs; made when a hint first needs them
    size_t hints;       ///< searched for so far
} builder;

// The parts of sections, for edits (edit/). Each reports what is wrong.

/// One key of a knob. @return false if a knob has no such key
bool build_knob_key(builder *b, const mega_at *at, const char *key, json_t *value,
                    mega_patch_knob_row *knob);
/// What a knob's keys must be to each other. @param at where its range was written
void check_knob(builder *b, const mega_at *at, const mega_patch_knob_row *knob);
/// A node's own keys, into an empty row. @param in_array `id` is one of them, and read elsewhere
void build_node(builder *b, const mega_at *at, json_t *object, bool in_array,
                mega_patch_node_row *node);
/// A node's type, and its parameters as if none were written.
void build_module(builder *b, const mega_at *at, json_t *object, mega_patch_node_row *node);
void build_params(builder *b, const mega_at *at, json_t *params, mega_patch_node_row *node);
/// Where parameters stand; in operations of an edit only.
void build_overrides(builder *b, const mega_at *at, json_t *override, mega_patch_node_row *node);
void build_scope(builder *b, const mega_at *at, json_t *value, mega_patch_node_row *node);
/// The number of a parameter, or `param_count` with the error reported.
uint32_t find_param(builder *b, const mega_at *at, const mega_module *module, const char *name);
bool read_param(builder *b, const mega_at *at, const json_t *value, const mega_param_row *row,
                double *number);
void build_cable(builder *b, const mega_at *at, json_t *object, mega_patch_cable_row *cable);
void build_as(builder *b, const mega_at *at, json_t *value, mega_patch_cable_row *cable);
void build_from(builder *b, const mega_at *at, json_t *value, mega_patch_cable_row *cable);
void build_to(builder *b, const mega_at *at, json_t *value, mega_patch_cable_row *cable);
/// One key of a preset; its values stand in no order. @return false if a preset has no such key
bool build_preset_key(builder *b, const mega_at *at, const char *key, json_t *value,
                      mega_patch_preset_row *preset);
/// The node or knob of an id. @return false with the error reported
bool find_node(builder *b, const mega_at *at, const char *id, uint32_t *number);
bool find_knob(builder *b, const mega_at *at, const char *id, uint32_t *number);

/// A hint made of names that come from anywhere.
typedef struct {
    char text[256];
} hint;
/// "did you mean `x`?"; else, where `what` is given, "<what>: a, b, c"; else "".
hint hint_nearest(const char *wrong, const char *const *names, size_t count, const char *what);
hint hint_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// What a file is that was taken for another, by an object in it: a patch, an operation or an event
/// of a score. Files of all three end in .json. NULL: none of them.
const char *hint_file(const json_t *value);

/// "an object", "a string" ...
const char *type_word(const json_t *value);
/// @return false with the error reported
bool expect_object(builder *b, const mega_at *at, const json_t *value);
bool expect_string(builder *b, const mega_at *at, const json_t *value);
/// A number that a float holds.
bool expect_number(builder *b, const mega_at *at, const json_t *value, double *number);
bool expect_integer(builder *b, const mega_at *at, const json_t *value, double min, double max,
                    uint32_t *integer);
/// Checks an id's spelling and registers it in `index`. @return a copy, or NULL
char *take_id(builder *b, const mega_at *at, const char *id, json_t *index, size_t number);
/// A copy, or NULL with memory reported.
char *copy_string(builder *b, const char *text);
/// Adds an `x-` member to `*extra`. @return false if the key is none
bool take_extra(builder *b, const char *key, json_t *value, json_t **extra);
/// A zeroed array, never NULL for count 0; NULL with memory reported.
void *take_memory(builder *b, size_t count, size_t bytes);
/// Of a new node or knob; 0 in a patch that nobody keeps.
static inline uint64_t take_birth(const builder *b) {
    return b->document->passing ? 0 : mega_patch_birth();
}

#endif
