// SPDX-License-Identifier: MIT
// sections -- what a part of a patch document says of itself: how it is read, copied, written,
// compared and edited. All sections have `build`, `tree`, `copy` and `finish`; of the others those
// that a section does not need are NULL.
#ifndef MEGA_SECTIONS_H
#define MEGA_SECTIONS_H

#include "document/formats/formats.h"
#include "document/formats/sexp.h"

struct builder;
struct diff;
struct edit;
struct extent;

/// An operation of an edit.
typedef struct {
    const char *name;
    void (*run)(struct edit *e);
} mega_operation;

/// Where the rows of a section lie in a patch.
typedef struct {
    size_t at, count_at; ///< of the pointer and of the count, in bytes
    size_t bytes;        ///< of a row; 0: it holds no rows
} mega_rows;
#define MEGA_ROWS(pointer, count, type)                                                            \
    { offsetof(mega_patch, pointer), offsetof(mega_patch, count), sizeof(type) }

typedef struct {
    const char *key; ///< in the document
    bool required;
    bool needs_nodes; ///< not built where the nodes could not be read

    /// Reads the section into the builder's patch; reports what is wrong with it.
    void (*build)(struct builder *b, const mega_at *at, json_t *value);
    /// Puts the section into a document, under its key, unless it is empty. @return false without
    /// memory
    bool (*tree)(const mega_patch *patch, json_t *root);
    mega_rows rows; ///< what it holds, if that is rows of one type
    /// @return false without memory; what is there then can be finished
    bool (*copy_row)(void *to, const void *from);
    void (*finish_row)(void *row);
    /// The same of a section that holds no rows: into a patch that has none of it yet.
    bool (*copy)(mega_patch *to, const mega_patch *from);
    void (*finish)(mega_patch *patch);
    const sexp_shape *shape; ///< how it is written as an S-expression; NULL: by `form`
    sexp_form form;

    const mega_operation *operations; ///< of its own, ended by a NULL name
    /// Adds what has no limit of its own: docs, units, `x-` keys.
    void (*words)(const mega_patch *patch, struct extent *words);
    /// Puts the new numbers of nodes and knobs, by their old ones, after an edit.
    void (*renumber)(mega_patch *patch, const uint32_t *node, const uint32_t *knob);
    // Of a comparison: operations for what goes, in the sections' order from the last to the first,
    // and then for what changes and comes, from the first to the last.
    void (*diff_gone)(struct diff *d);
    void (*diff_here)(struct diff *d);
} mega_section;

/// By row of sections.def.
// Example: SECTION(knobs)  Becomes: MEGA_SECTION_knobs,
enum {
#define SECTION(name) MEGA_SECTION_##name,
#include "document/formats/sections.def"
#undef SECTION
};

extern const mega_section *const mega_sections[];
extern const size_t mega_section_count;

/// Copies a section into a patch that has none of it yet. @return false without memory; what is
/// there then can be finished
bool mega_section_copy(const mega_section *section, mega_patch *to, const mega_patch *from);
/// Frees what the patch holds of it.
void mega_section_finish(const mega_section *section, mega_patch *patch);
/// @return NULL: no section has the key
/// Whether a patch has such a key beside its sections, or may have it (`x-`).
bool mega_patch_key_known(const char *key);
const mega_section *mega_section_find(const char *key);

#endif
