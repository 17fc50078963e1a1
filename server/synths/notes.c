// SPDX-License-Identifier: MIT
#include "synths/notes.h"

#include <stdlib.h>

#include "protocol/bounds.h"

enum { BUCKETS = 1024, NONE = -1 };

/// Handles count up by one: their place is the rest, and the one that held it before is long over.
struct notes {
    note_entry entries[limit_notes_max];
    int32_t next[limit_notes_max]; ///< in the bucket of its id
    int32_t buckets[BUCKETS];
    uint32_t count, coming;
};

notes *notes_create(void) {
    notes *n = calloc(1, sizeof *n);
    for (int i = 0; n && i < BUCKETS; i++) n->buckets[i] = NONE;
    return n;
}

void notes_destroy(notes *n) { free(n); }

static int32_t *bucket_of(notes *n, uint64_t session, int64_t id) {
    uint64_t hash = (session * 0x9E3779B97F4A7C15u) ^ ((uint64_t)id * 0xC2B2AE3D27D4EB4Fu);
    return &n->buckets[(hash >> 40) % BUCKETS];
}

bool notes_remove(notes *n, mega_note handle, note_entry *was) {
    int32_t place = (int32_t)(handle % limit_notes_max);
    note_entry *e = &n->entries[place];
    if (!handle || e->handle != handle) return false;
    if (was) *was = *e;
    if (e->id >= 0) {
        int32_t *at = bucket_of(n, e->session, e->id);
        while (*at != place) at = &n->next[*at];
        *at = n->next[place];
    }
    n->coming -= e->coming;
    *e = (note_entry){0};
    n->count--;
    return true;
}

void notes_add(notes *n, const note_entry *entry) {
    int32_t place = (int32_t)(entry->handle % limit_notes_max);
    notes_remove(n, n->entries[place].handle, NULL);
    n->entries[place] = *entry;
    n->count++;
    n->coming += entry->coming;
    if (entry->id < 0) return;
    int32_t *bucket = bucket_of(n, entry->session, entry->id);
    n->next[place] = *bucket; // in front: the newest of an id is found first
    *bucket = place;
}

mega_note notes_by_id(const notes *n, uint64_t session, int64_t id) {
    for (int32_t at = *bucket_of((notes *)n, session, id); at != NONE; at = n->next[at]) {
        const note_entry *e = &n->entries[at];
        if (e->session == session && e->id == id) return e->handle;
    }
    return 0;
}

mega_note notes_by_key(const notes *n, float key) {
    mega_note newest = 0;
    uint32_t at = 0;
    for (const note_entry *e; (e = notes_next(n, &at));)
        if (e->key == key && !e->reserved && e->handle > newest) newest = e->handle;
    return newest;
}

bool notes_is_reserved(const notes *n, mega_note handle) {
    const note_entry *e = &n->entries[handle % limit_notes_max];
    return handle && e->handle == handle && e->reserved;
}

const note_entry *notes_begin(notes *n, uint64_t frame) {
    for (uint32_t i = 0; n->coming && i < limit_notes_max; i++) {
        note_entry *e = &n->entries[i];
        if (!e->coming || e->frame >= frame) continue;
        e->coming = false;
        n->coming--;
        return e;
    }
    return NULL;
}

uint32_t notes_count(const notes *n) { return n->count; }

const note_entry *notes_next(const notes *n, uint32_t *at) {
    while (*at < limit_notes_max) {
        const note_entry *e = &n->entries[(*at)++];
        if (e->handle) return e;
    }
    return NULL;
}
