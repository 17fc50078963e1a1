// SPDX-License-Identifier: MIT
// patch -- the patch document as data, with every name resolved against the modules' rows.
//
// Readers of all formats parse to one tree of values (jansson's json_t) and share one builder,
// which makes this and reports every error of the document at once. Writers go the other way. What
// compiles is always a patch that the builder accepted: indices are in range, values are finite and
// within their ports' ranges.
#ifndef MEGA_PATCH_H
#define MEGA_PATCH_H

#include "core/module.h"
#include "megasynth.h"

struct json_t;

enum {
    MEGA_DOCUMENT_BYTES_MAX = 16 << 20, ///< a document's text: room for every other limit at once
    MEGA_DEPTH_MAX = 32,                ///< nesting: readers recurse
    MEGA_VALUES_MAX = 1 << 20, ///< values in a document: room for every other limit at once
    MEGA_NODES_MAX = 4096,
    MEGA_CABLES_MAX = 16384,
    MEGA_KNOBS_MAX = 1024,
    MEGA_PRESETS_MAX = 512,
    MEGA_PRESET_VALUES_MAX = 16384, ///< of all presets of a document together
    MEGA_VOICES_MAX = 4096,
    MEGA_VOICES_DEFAULT = 8,
    MEGA_CHANNELS_MAX = 64, ///< that a host may have, in and out
    MEGA_SECTIONS_MAX = 32, ///< of a document: see formats/sections.def
    MEGA_ID_BYTES_MAX = 64, ///< of a node or knob, so that ids fit OSC addresses and error texts
};

/// How a cable acts on its destination.
typedef enum { MEGA_AS_ADD, MEGA_AS_OCTAVES, MEGA_AS_SEMITONES } mega_cable_as;

typedef enum { MEGA_SCOPE_INFER, MEGA_SCOPE_VOICE, MEGA_SCOPE_SHARED } mega_scope;

/// A value that was set during play, in the place of the document's: see overrides.h.
typedef struct {
    float value;
    bool set;     ///< else the document's value is in force
    bool pending; ///< the audio role has yet to apply this
} mega_override;

typedef struct {
    char *id;
    float value; ///< 0..1
    mega_override override;
    bool has_range; ///< else it maps over each destination's own range and scale
    bool has_scale;
    float min, max; ///< min may be above max
    mega_scale scale;
    char *unit;           ///< "" if none
    struct json_t *extra; ///< `x-` keys, or NULL
    uint64_t birth;       ///< as of a node
} mega_patch_knob_row;

typedef struct {
    char *id;
    const mega_module *module; ///< its row in the one-lane build
    uint32_t module_index;     ///< in modules.def
    mega_scope scope;          ///< as written
    float *values;             ///< param_count values; the row's `initial` where none is written
    bool *written;             ///< param_count: the document gives this parameter
    mega_override *overrides;  ///< param_count; NULL: no parameter has one
    struct json_t *extra;
    bool dying;     ///< in a stage of a change: it fades out, and no document has it
    uint64_t birth; ///< a number of its own, the same in copies and edits of a document: a rename
                    ///< keeps it
} mega_patch_node_row;

/// Ports of a node are numbered inputs first, then parameters.
typedef struct {
    int32_t from_node;  ///< -1: from a knob
    uint32_t from_port; ///< output of from_node, or index of the knob
    uint32_t to_node, to_port;
    float amount;
    mega_cable_as as;
    struct json_t *extra;
} mega_patch_cable_row;

/// A value that a preset gives.
typedef struct {
    int32_t node;   ///< -1: to a knob
    uint32_t index; ///< the knob, or the parameter among the node's
    float value;    ///< as a knob's, or as the parameter's
} mega_patch_value_row;

typedef struct {
    char *id;
    char *doc;                    ///< "" if none
    mega_patch_value_row *values; ///< in the order of knobs, then nodes and their parameters
    size_t value_count;
    struct json_t *extra;
} mega_patch_preset_row;

struct mega_patch {
    char *name; ///< "" if none
    uint32_t voices;
    uint32_t rate_hint; ///< the document's sampleRate, or 0
    uint32_t channels;  ///< the document's channels, or 0
    mega_patch_knob_row *knobs;
    size_t knob_count;
    mega_patch_node_row *nodes;
    size_t node_count;
    mega_patch_cable_row *cables;
    size_t cable_count;
    mega_patch_preset_row *presets;
    size_t preset_count;
    void
        *parts[MEGA_SECTIONS_MAX]; ///< by MEGA_SECTION_<name>: of sections that no other file knows
    struct json_t *extra;
    bool *per_voice; ///< by node, once somebody has asked; NULL before, and in a copy
};

/// The same knob, under whatever name, or another of its name.
bool mega_same_knob(const mega_patch_knob_row *a, const mega_patch_knob_row *b);
/// The knob of a patch that is the same as another patch's: of its birth, else of its name, since
/// two knobs may have swapped theirs. @param near where it is most likely @return -1: there is none
int32_t mega_patch_same_knob(const mega_patch *patch, const mega_patch_knob_row *knob, size_t near);
/// The same of nodes; a dying one is none. @param type of that module alone; NULL: of any
int32_t mega_patch_same_node(const mega_patch *patch, const mega_patch_node_row *node,
                             const mega_module *type, size_t near);
/// A number that no node or knob has yet.
uint64_t mega_patch_birth(void);

/// A deep copy, to be destroyed; NULL without memory.
mega_patch *mega_patch_clone(const mega_patch *patch);
/// `*to` becomes a copy of `bytes` bytes. @return false without memory
bool mega_copy_bytes(void *to, const void *from, size_t bytes);
bool mega_copy_text(char **to, const char *from);
/// A deep copy, NULL for none; `*ok` turns false without memory.
struct json_t *mega_copy_extra(struct json_t *extra, bool *ok);
/// Deep copies of rows. @return false without memory; then `to` holds what a destroyed patch may
/// hold
bool mega_patch_copy_knob(mega_patch_knob_row *to, const mega_patch_knob_row *from);
bool mega_patch_copy_node(mega_patch_node_row *to, const mega_patch_node_row *from);
bool mega_patch_copy_preset(mega_patch_preset_row *to, const mega_patch_preset_row *from);

/// Puts the values of a preset in the order of their knobs and nodes.
void mega_preset_sort(mega_patch_preset_row *preset);
/// Frees what a preset holds.
void mega_preset_finish(mega_patch_preset_row *preset);
/// The number of a preset, or -1.
int32_t mega_preset_find(const mega_patch *patch, const char *id);

/// Adds to a report (NULL allowed). `hint` may be NULL. Texts are copied. Without memory it still
/// counts errors.
void mega_report_add(mega_report *report, mega_severity severity, const char *code,
                     const char *path, uint32_t line, uint32_t column, const char *hint,
                     const char *message, ...) __attribute__((format(printf, 8, 9)));

/// As the compiler infers it (scope.c).
bool mega_patch_node_per_voice(const mega_patch *patch, size_t node);

/// "add", "octaves", "semitones".
const char *mega_cable_as_name(mega_cable_as as);

/// The name of an input or parameter by its port number.
const char *mega_port_name(const mega_module *module, uint32_t port);

/// Indices by name, or -1.
int32_t mega_patch_find_node(const mega_patch *patch, const char *id);
int32_t mega_patch_find_knob(const mega_patch *patch, const char *id);
int32_t mega_module_find_param(const mega_module *module, const char *name);
int32_t mega_module_find_output(const mega_module *module, const char *name);

/// The number of outputs of a node, inputs, parameters: shorthands.
static inline uint32_t mega_port_count(const mega_module *m) {
    return m->input_count + m->param_count;
}

#endif
