// SPDX-License-Identifier: MIT
// replay -- makes what a recording of calls made: see calls.h.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "session/calls.h"
#include "session/engine.h"

enum { GAP_BLOCKS_MAX = 1 << 14 }; ///< that were not noted, even where some were lost: 22 s

/// A birth of the recording, and what it is here.
typedef struct {
    uint64_t recorded, here;
} birth;

typedef struct {
    json_t *lines; ///< of the recording, in its order
    size_t *calls, call_count;
    size_t *events, event_count, event_next;
    size_t *blocks, block_count, block_next;
    mega_engine *engine;
    mega_calls_replay state;
    mega_patch *patch; ///< of the call under way
    mega_replay_write *write;
    void *context;
    birth *births;
    size_t birth_count, birth_room;
    float *channels[MEGA_CHANNELS_MAX];
    bool failed, stopped;
    mega_report *report;
} replay;

static void complain(replay *r, const char *code, const char *message, uint64_t number) {
    if (!r->failed)
        mega_report_add(r->report, MEGA_SEVERITY_ERROR, code, "", 0, 0, "", message,
                        (unsigned long long)number);
    r->failed = true;
}

// ---- lines -------------------------------------------------------------------------------------

static uint64_t count_at(const json_t *array, size_t index) {
    return (uint64_t)json_integer_value(json_array_get(array, index));
}

static uint64_t count_of(const json_t *call, const char *key) {
    return (uint64_t)json_integer_value(json_object_get(call, key));
}

/// Numbers of the lines that have a key. @return their count
static size_t *lines_with(const replay *r, const char *key, size_t *count) {
    size_t *found = calloc(json_array_size(r->lines) + 1, sizeof *found);
    *count = 0;
    for (size_t i = 0; found && i < json_array_size(r->lines); i++)
        if (json_object_get(json_array_get(r->lines, i), key)) found[(*count)++] = i;
    return found;
}

static bool read_lines(replay *r, const char *text, size_t bytes) {
    r->lines = json_array();
    for (size_t at = 0, line = 1; at < bytes; line++) {
        const char *end = memchr(text + at, '\n', bytes - at);
        size_t length = end ? (size_t)(end - text) - at : bytes - at;
        json_t *value = length ? json_loadb(text + at, length, 0, NULL) : NULL;
        if (length && !value && !end) { // copied while it was written, or the program died
            mega_report_add(r->report, MEGA_SEVERITY_WARNING, "syntax", "", (uint32_t)line, 1, NULL,
                            "the last line is cut off, and left out");
            break;
        }
        if (length && (!value || json_array_append_new(r->lines, value))) {
            mega_report_add(r->report, MEGA_SEVERITY_ERROR, "syntax", "", (uint32_t)line, 1,
                            "a file that was recorded, whole", "not a line of a recording");
            return false;
        }
        at += length + 1;
    }
    r->calls = lines_with(r, "call", &r->call_count);
    r->events = lines_with(r, "event", &r->event_count);
    r->blocks = lines_with(r, "block", &r->block_count);
    return r->calls && r->events && r->blocks;
}

static json_t *line(const replay *r, size_t index) { return json_array_get(r->lines, index); }

// ---- audio -------------------------------------------------------------------------------------

static bool push_event(replay *r) {
    const json_t *at = json_object_get(line(r, r->events[r->event_next]), "event");
    mega_event event = {.type = (uint32_t)count_at(at, 0),
                        .frame = count_at(at, 1),
                        .note = count_at(at, 2),
                        .target = (int32_t)json_integer_value(json_array_get(at, 3)),
                        .value = (float)json_number_value(json_array_get(at, 4)),
                        .more = (float)json_number_value(json_array_get(at, 5))};
    static const int32_t names[] = {[MEGA_EVENT_KNOB] = MEGA_NAMES_MAX,
                                    [MEGA_EVENT_PARAM] = MEGA_NAMES_MAX,
                                    [MEGA_EVENT_PRESET] = MEGA_PRESET_NAMES_MAX,
                                    [MEGA_EVENT_NOTE_PARAM] = MEGA_NOTE_PARAMS_MAX,
                                    [MEGA_EVENT_NOTE_SET] = MEGA_EXPRESSION_COUNT,
                                    [MEGA_EVENT_CONTROLLER] = MEGA_CONTROLLER_COUNT};
    int32_t most = event.type < sizeof names / sizeof *names ? names[event.type] : 0;
    bool good = event.type <= MEGA_EVENT_NOTE_PARAM && event.target >= 0 &&
                event.target < (most ? most : 1);
    r->event_next++;
    if (good && mega_ring_push(&r->engine->renderer.events, &event)) return true;
    complain(r, "bad-value", "event %llu cannot be played", r->event_next);
    return false;
}

/// The recorded block at the engine's place, if that was noted; else what stays as it was.
static bool next_block(replay *r) {
    mega_witness_block *b = &r->state.block;
    b->panic = 0;
    if (r->block_next == r->block_count) return false;
    const json_t *at = json_object_get(line(r, r->blocks[r->block_next]), "block");
    uint64_t frame = count_at(at, 0), end = r->engine->renderer.block_frame + MEGA_BLOCK_FRAMES;
    if (frame < end || frame - end > (uint64_t)GAP_BLOCKS_MAX * MEGA_BLOCK_FRAMES)
        complain(r, "bad-value", "the blocks of the recording have no order at frame %llu", end);
    if (frame != end) return false;
    b->frame = count_at(at, 0);
    b->events_read = (uint32_t)count_at(at, 1);
    b->taken = (uint32_t)count_at(at, 2);
    b->panic = count_at(at, 3);
    b->asked = json_is_true(json_array_get(at, 4));
    b->outside = json_is_true(json_array_get(at, 5));
    b->hash = count_at(at, 6);
    b->woken = (uint32_t)count_at(at, 7);
    r->block_next++;
    return true;
}

static bool is_over(const replay *r) {
    return r->failed || r->stopped || r->block_next == r->block_count;
}

static void render_block(replay *r) {
    mega_engine *e = r->engine;
    bool noted = next_block(r);
    while (!r->failed && r->event_next < r->event_count &&
           (int32_t)(r->state.block.events_read - (uint32_t)r->event_next) > 0)
        push_event(r);
    if (r->failed) return;
    mega_render(e, NULL, r->channels, MEGA_BLOCK_FRAMES);
    if (r->write && !r->write(r->context, (const float *const *)r->channels, MEGA_BLOCK_FRAMES))
        r->stopped = true;
    if (noted && e->calls->witness.block.hash != r->state.block.hash)
        complain(
            r, r->state.block.outside ? "unsupported" : "conflict",
            r->state.block.outside
                ? "another sound by frame %llu: the engine was given sound from outside, which "
                  "is not in the recording"
                : "another sound by frame %llu",
            e->renderer.block_frame);
}

static void advance_to_taken(void *context, uint64_t taken) {
    replay *r = context;
    while (!is_over(r) && atomic_load(&r->engine->renderer.handoff.taken) < taken) render_block(r);
}

// ---- control -----------------------------------------------------------------------------------

static void know_birth(replay *r, uint64_t recorded, uint64_t here) {
    if (r->birth_count == r->birth_room) {
        size_t room = r->birth_room ? 2 * r->birth_room : 64;
        birth *grown = realloc(r->births, room * sizeof *grown);
        if (!grown) return;
        r->births = grown;
        r->birth_room = room;
    }
    r->births[r->birth_count++] = (birth){recorded, here};
}

static void translate(replay *r, uint64_t recorded, uint64_t *here) {
    for (size_t i = r->birth_count; i > 0; i--)
        if (r->births[i - 1].recorded == recorded) {
            *here = r->births[i - 1].here;
            return;
        }
    know_birth(r, recorded, *here);
}

static mega_patch *patch_of(replay *r, const json_t *call) {
    const json_t *text = json_object_get(call, "patch"),
                 *births = json_object_get(call, "patch_births");
    mega_patch *patch = text ? mega_patch_read(json_string_value(text), json_string_length(text),
                                               MEGA_FORMAT_JSON, NULL)
                             : NULL;
    size_t at = 0;
    for (size_t n = 0; patch && n < patch->node_count; n++)
        translate(r, count_at(births, at++), &patch->nodes[n].birth);
    for (size_t k = 0; patch && k < patch->knob_count; k++)
        translate(r, count_at(births, at++), &patch->knobs[k].birth);
    return patch;
}

static mega_change change_of(const json_t *call) {
    const json_t *fade = json_object_get(call, "fade_ms");
    return (mega_change){count_of(call, "rev"), fade ? (float)json_number_value(fade) : -1,
                         count_of(call, "at")};
}

/// A text, whose bytes are hexadecimal if they are no UTF-8. To be freed.
static char *bytes_of(const json_t *call, const char *key, const char *hex_key, size_t *bytes) {
    const json_t *plain = json_object_get(call, key), *hex = json_object_get(call, hex_key);
    *bytes = plain ? json_string_length(plain) : json_string_length(hex) / 2;
    char *copy = malloc(*bytes + 1);
    if (copy && plain) memcpy(copy, json_string_value(plain), *bytes);
    for (size_t i = 0; copy && !plain && i < *bytes; i++) {
        char two[3] = {json_string_value(hex)[2 * i], json_string_value(hex)[2 * i + 1], 0};
        copy[i] = (char)strtoul(two, NULL, 16);
    }
    if (copy) copy[*bytes] = 0;
    return copy;
}

static const char *text_of(const json_t *call, const char *key) {
    const char *text = json_string_value(json_object_get(call, key));
    return text ? text : "";
}

static void do_load(replay *r, const json_t *call) {
    (void)call;
    if (r->patch) mega_load(r->engine, r->patch, NULL);
}

static void do_rewire(replay *r, const json_t *call) {
    mega_change how = change_of(call);
    if (r->patch) mega_rewire(r->engine, r->patch, &how, NULL, NULL);
}

static void do_edit(replay *r, const json_t *call) {
    size_t bytes;
    char *text = bytes_of(call, "text", "text.hex", &bytes);
    mega_change how = change_of(call);
    if (text)
        mega_edit(r->engine, text, bytes, (mega_format)count_of(call, "format"), &how, NULL, NULL);
    free(text);
}

static void do_undo(replay *r, const json_t *call) {
    mega_undo(r->engine, change_of(call).fade_ms, NULL, NULL);
}
static void do_redo(replay *r, const json_t *call) {
    mega_redo(r->engine, change_of(call).fade_ms, NULL, NULL);
}
static void do_cancel(replay *r, const json_t *call) {
    mega_change_cancel(r->engine, count_of(call, "number"), NULL);
}
static void do_find_knob(replay *r, const json_t *call) {
    mega_find_knob(r->engine, text_of(call, "name"));
}
static void do_find_preset(replay *r, const json_t *call) {
    mega_find_preset(r->engine, text_of(call, "name"));
}
static void do_find_param(replay *r, const json_t *call) {
    mega_find_param(r->engine, text_of(call, "node"), text_of(call, "name"));
}
static void do_find_note_param(replay *r, const json_t *call) {
    mega_find_note_param(r->engine, text_of(call, "node"), text_of(call, "name"), NULL);
}
static void do_bus_open(replay *r, const json_t *call) {
    mega_bus_open(r->engine, text_of(call, "node"), text_of(call, "name"), NULL);
}
static void do_bus_close(replay *r, const json_t *call) {
    const json_t *list = json_object_get(call, "buses");
    int32_t buses[MEGA_BUSES_MAX];
    size_t count = json_array_size(list) < MEGA_BUSES_MAX ? json_array_size(list) : MEGA_BUSES_MAX;
    for (size_t i = 0; i < count; i++) buses[i] = (int32_t)count_at(list, i);
    mega_bus_close(r->engine, buses, count);
}

static const struct {
    const char *name;
    void (*repeat)(replay *r, const json_t *call);
} calls[] = {
    {"load", do_load},
    {"rewire", do_rewire},
    {"edit", do_edit},
    {"undo", do_undo},
    {"redo", do_redo},
    {"cancel", do_cancel},
    {"find_knob", do_find_knob},
    {"find_param", do_find_param},
    {"find_preset", do_find_preset},
    {"find_note_param", do_find_note_param},
    {"bus_open", do_bus_open},
    {"bus_close", do_bus_close},
};

static void repeat(replay *r, json_t *call) {
    const char *name = text_of(call, "call");
    size_t i = 0;
    while (i < sizeof calls / sizeof *calls && strcmp(calls[i].name, name) != 0) i++;
    if (i == sizeof calls / sizeof *calls) {
        complain(r, "unsupported", "a call that this version does not know", 0);
        return;
    }
    while (!is_over(r) && r->engine->renderer.block_frame < count_of(call, "frame"))
        render_block(r);
    r->state.observed = json_object_get(call, "observed");
    r->state.observed_next = 0;
    r->patch = patch_of(r, call);
    uint64_t recorded = count_of(call, "births"), first = mega_patch_birth();
    calls[i].repeat(r, call);
    mega_patch_destroy(r->patch);
    uint64_t end = mega_patch_birth();
    for (uint64_t b = first + 1; b < end; b++) know_birth(r, recorded + (b - first), b);
    if (r->state.strayed)
        complain(r, "conflict", "the calls lead elsewhere by frame %llu",
                 r->engine->renderer.block_frame);
}

// ---- all of it ---------------------------------------------------------------------------------

bool mega_replay_describe(const char *text, size_t bytes, mega_replay_info *info) {
    const char *end = bytes ? memchr(text, '\n', bytes) : NULL;
    json_t *head = end ? json_loadb(text, (size_t)(end - text), 0, NULL) : NULL;
    bool good = count_of(head, "calls") == 1;
    *info =
        (mega_replay_info){(uint32_t)count_of(head, "rate"), (uint32_t)count_of(head, "outputs")};
    json_decref(head);
    return good;
}

static bool create(replay *r) {
    const json_t *head = line(r, 0);
    if (count_of(head, "calls") != 1) {
        mega_report_add(r->report, MEGA_SEVERITY_ERROR, "unsupported", "", 1, 1, "",
                        "not a recording of calls that this version knows");
        return false;
    }
    mega_options options = {.rate = (uint32_t)count_of(head, "rate"),
                            .input_channels = (uint32_t)count_of(head, "inputs"),
                            .output_channels = (uint32_t)count_of(head, "outputs"),
                            .memory_bytes_max = (size_t)count_of(head, "memory"),
                            .whole_blocks = true, // of inputs, which are silent here
                            .seed = (uint32_t)count_of(head, "seed")};
    r->engine = mega_create(&options, r->report);
    r->channels[0] = calloc(MEGA_CHANNELS_MAX, sizeof(float) * MEGA_BLOCK_FRAMES);
    mega_calls *c = r->engine && r->channels[0] ? mega_calls_create() : NULL;
    if (!c) return false;
    for (uint32_t i = 1; i < MEGA_CHANNELS_MAX; i++)
        r->channels[i] = r->channels[i - 1] + MEGA_BLOCK_FRAMES;
    r->state = (mega_calls_replay){.advance = advance_to_taken, .context = r};
    c->replay = &r->state;
    c->witness.replayed = &r->state.block;
    r->engine->calls = c;
    r->engine->renderer.witness = &c->witness;
    return true;
}

static void warn_of_lost(replay *r) {
    size_t count;
    size_t *lost = lines_with(r, "lost", &count);
    if (lost && count)
        mega_report_add(r->report, MEGA_SEVERITY_WARNING, "limit", "", 0, 0,
                        "take the recording more often",
                        "%llu calls or blocks are not in the recording",
                        (unsigned long long)count_of(line(r, lost[count - 1]), "lost"));
    free(lost);
}

mega_status mega_replay(const char *text, size_t bytes, mega_replay_write *write, void *context,
                        mega_report *report) {
    replay r = {.write = write, .context = context, .report = report};
    bool good = read_lines(&r, text, bytes) && create(&r);
    if (good) {
        warn_of_lost(&r);
        if (write && !write(context, NULL, 0)) r.stopped = true;
        for (size_t i = 0; i < r.call_count && !r.failed && !r.stopped; i++)
            repeat(&r, line(&r, r.calls[i]));
        while (!is_over(&r)) render_block(&r);
    }
    mega_destroy(r.engine);
    json_decref(r.lines);
    free(r.calls);
    free(r.events);
    free(r.blocks);
    free(r.births);
    free(r.channels[0]);
    return good && !r.failed ? MEGA_OK : MEGA_ERROR_PATCH;
}
