// SPDX-License-Identifier: MIT
#include "session/calls.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "document/formats/formats.h"
#include "session/engine.h"

mega_calls *mega_calls_create(void) {
    mega_calls *c = calloc(1, sizeof *c);
    if (c && mega_ring_init(&c->events, MEGA_CALLS_EVENTS_MAX, sizeof(mega_event)) &&
        mega_ring_init(&c->witness.blocks, MEGA_CALLS_BLOCKS_MAX, sizeof(mega_witness_block))) {
        c->witness.block.hash = c->witness.before.hash = MEGA_HASH_START;
        return c;
    }
    mega_calls_destroy(c);
    return NULL;
}

void mega_calls_destroy(mega_calls *c) {
    if (!c) return;
    json_decref(c->call);
    mega_ring_finish(&c->events);
    mega_ring_finish(&c->witness.blocks);
    free(c->text.text);
    free(c);
}

// ---- lines -------------------------------------------------------------------------------------

static void add_line(mega_calls *c, json_t *line) {
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    bool fits = text && c->text.bytes + strlen(text) + 2 <= MEGA_CALLS_BYTES_MAX;
    if (fits) mega_text_printf(&c->text, "%s\n", text);
    if (!fits || c->text.failed) mega_witness_lose(&c->witness);
    if (c->text.failed) c->text = (mega_text){0};
    free(text);
    json_decref(line);
}

static json_t *count_of(uint64_t count) { return json_integer((json_int_t)count); }

static void add_options(mega_engine *e) {
    const mega_options *o = &e->options;
    add_line(e->calls,
             json_pack("{s:i, s:s, s:o, s:o, s:o, s:b, s:o, s:o}", "calls", 1, "engine",
                       MEGA_VERSION, "rate", count_of(o->rate), "inputs",
                       count_of(o->input_channels), "outputs", count_of(o->output_channels),
                       "whole_blocks", o->whole_blocks, "memory", count_of(o->memory_bytes_max),
                       "seed", count_of(o->seed)));
}

/// What the other roles have done, as far as they have told.
static void drain(mega_engine *e) {
    mega_calls *c = e->calls;
    mega_event event;
    mega_witness_block b;
    while (mega_ring_pop(&c->events, &event))
        add_line(c, json_pack("{s:[o, o, o, o, f, f]}", "event", count_of(event.type),
                              count_of(event.frame), count_of(event.note),
                              json_integer(event.target), (double)event.value, (double)event.more));
    while (mega_ring_pop(&c->witness.blocks, &b))
        add_line(c, json_pack("{s:[o, o, o, o, b, b, o, o]}", "block", count_of(b.frame),
                              count_of(b.events_read), count_of(b.taken), count_of(b.panic),
                              b.asked, b.outside, count_of(b.hash), count_of(b.woken)));
    uint64_t lost = atomic_load(&c->witness.lost);
    if (lost == c->lost_told) return;
    c->lost_told = lost;
    add_line(c, json_pack("{s:o}", "lost", count_of(lost)));
}

mega_status mega_calls_take_text(mega_engine *e, char **text, size_t *bytes) {
    MEGA_IN_CONTROL(e);
    *text = NULL;
    *bytes = 0;
    mega_calls *c = e->calls;
    if (!c || c->replay) return MEGA_ERROR_NAME;
    if (!c->begun) add_options(e);
    c->begun = true;
    drain(e);
    *bytes = c->text.bytes;
    *text = mega_text_finish(&c->text);
    if (!*text) return MEGA_ERROR_MEMORY;
    return MEGA_OK;
}

// ---- CONTROL -----------------------------------------------------------------------------------

json_t *mega_calls_begin(mega_engine *e, const char *name) {
    mega_calls *c = e->calls;
    if (!c || c->depth++ || c->replay) return NULL;
    if (!c->begun) add_options(e);
    c->begun = true;
    drain(e);
    uint64_t frame = atomic_load(&e->renderer.tally.frame_rendered);
    c->call = json_pack("{s:s, s:o, s:o, s:[]}", "call", name, "frame", count_of(frame), "births",
                        count_of(mega_patch_birth()), "observed");
    if (!c->call) mega_witness_lose(&c->witness);
    return c->call;
}

void mega_calls_end(mega_engine *e) {
    mega_calls *c = e->calls;
    if (!c || --c->depth || c->replay || !c->call) return;
    json_t *call = c->call;
    c->call = NULL;
    add_line(c, call);
}

void mega_calls_put_text(json_t *call, const char *key, const void *text, size_t bytes) {
    if (!call) return;
    json_t *value = json_stringn(bytes ? text : "", bytes);
    if (value) {
        json_object_set_new(call, key, value);
        return;
    }
    char *hex = malloc(2 * bytes + 1), name[32]; // no UTF-8
    for (size_t i = 0; hex && i < bytes; i++)
        sprintf(hex + 2 * i, "%02x", ((const unsigned char *)text)[i]);
    snprintf(name, sizeof name, "%s.hex", key);
    json_object_set_new(call, name, json_string(hex));
    free(hex);
}

void mega_calls_put_number(json_t *call, const char *key, double number) {
    if (call)
        json_object_set_new(call, key, json_real(number)); // none for NaN: refused then as now
}

void mega_calls_put_count(json_t *call, const char *key, uint64_t count) {
    if (call) json_object_set_new(call, key, count_of(count));
}

void mega_calls_put_numbers(json_t *call, const char *key, const int32_t *numbers, size_t count) {
    if (!call) return;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(list, json_integer(numbers[i]));
    json_object_set_new(call, key, list);
}

/// With the births of nodes and knobs: by those, a renamed one is known.
void mega_calls_put_patch(json_t *call, const mega_patch *patch) {
    if (!call) return;
    char *text;
    size_t bytes;
    if (mega_patch_write(patch, MEGA_FORMAT_JSON, &text, &bytes)) return;
    json_t *births = json_array();
    for (size_t n = 0; n < patch->node_count; n++)
        json_array_append_new(births, count_of(patch->nodes[n].birth));
    for (size_t k = 0; k < patch->knob_count; k++)
        json_array_append_new(births, count_of(patch->knobs[k].birth));
    json_object_set_new(call, "patch", json_stringn(text, bytes));
    json_object_set_new(call, "patch_births", births);
    mega_free(text);
}

uint64_t mega_calls_observe(const mega_engine *e, uint64_t live) {
    mega_calls *c = e->calls;
    if (!c || !c->depth) return live;
    if (!c->replay) {
        if (c->call) json_array_append_new(json_object_get(c->call, "observed"), count_of(live));
        return live;
    }
    json_t *noted = json_array_get(c->replay->observed, c->replay->observed_next++);
    if (noted) return (uint64_t)json_integer_value(noted);
    c->replay->strayed = true;
    return live;
}

float mega_calls_observe_float(const mega_engine *e, float live) {
    uint32_t bits;
    memcpy(&bits, &live, sizeof bits);
    bits = (uint32_t)mega_calls_observe(e, bits);
    memcpy(&live, &bits, sizeof live);
    return live;
}

uint64_t mega_calls_observe_taken(mega_engine *e) {
    uint64_t taken = mega_calls_observe(e, atomic_load(&e->renderer.handoff.taken));
    mega_calls *c = e->calls;
    if (!c || !c->replay || !c->depth) return taken;
    c->replay->advance(c->replay->context, taken);
    uint64_t live = atomic_load(&e->renderer.handoff.taken);
    if (live < taken) c->replay->strayed = true; // a recording may say anything
    return live < taken ? live : taken;
}

bool mega_calls_replace(mega_engine *e, mega_program *first, mega_program *next) {
    const mega_calls *c = e->calls;
    if (!c || !c->replay)
        return mega_calls_observe(e, mega_handoff_replace(&e->renderer.handoff, first, next));
    return mega_calls_observe(e, true) && mega_handoff_replace(&e->renderer.handoff, first, next);
}

// ---- EVENT -------------------------------------------------------------------------------------

void mega_calls_event(mega_engine *e, const mega_event *event) {
    mega_calls *c = e->calls;
    if (c && !c->replay && !mega_ring_push(&c->events, event)) mega_witness_lose(&c->witness);
}
