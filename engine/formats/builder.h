// SPDX-License-Identifier: MIT
// builder -- what the parts of the builder share: builder.c (document, knobs), nodes.c, cables.c.
#ifndef MEGA_BUILDER_H
#define MEGA_BUILDER_H

#include "formats.h"

typedef struct {
    mega_document *document;
    mega_patch *patch;
    json_t *node_index, *knob_index; ///< id -> its number
    bool *knob_used;
    bool nodes_known;   ///< else connections cannot be judged
    const char **names; ///< ids of all nodes, then of all knobs; made when a hint first needs them
    size_t hints;       ///< searched for so far
} builder;

void build_nodes(builder *b, const mega_at *parent, json_t *nodes);
void build_cables(builder *b, const mega_at *parent, json_t *connections);

/// A hint made of names that come from anywhere.
typedef struct {
    char text[256];
} hint;
/// "did you mean `x`?"; else, where `what` is given, "<what>: a, b, c"; else "".
hint hint_nearest(const char *wrong, const char *const *names, size_t count, const char *what);
hint hint_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// "an object", "a string" ...
const char *type_word(const json_t *value);
/// @return false with the error reported
bool expect_object(builder *b, const mega_at *at, const json_t *value);
bool expect_string(builder *b, const mega_at *at, const json_t *value);
/// A number that a float holds.
bool expect_number(builder *b, const mega_at *at, const json_t *value, double *number);
/// Checks an id's spelling and registers it in `index`. @return a copy, or NULL
char *take_id(builder *b, const mega_at *at, const char *id, json_t *index, size_t number);
/// A copy, or NULL with memory reported.
char *copy_string(builder *b, const char *text);
/// Adds an `x-` member to `*extra`. @return false if the key is none
bool take_extra(builder *b, const char *key, json_t *value, json_t **extra);
/// A zeroed array, never NULL for count 0; NULL with memory reported.
void *take_memory(builder *b, size_t count, size_t bytes);

#endif
