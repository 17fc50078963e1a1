// SPDX-License-Identifier: MIT
#include "clients/replies.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/bounds.h"

typedef struct {
    reply_state state;
    void *packet;
    size_t bytes;
    uint64_t frame;
} kept;

static size_t all_bytes; // of all sessions

static void drop(kept *k) {
    if (k->packet) all_bytes -= k->bytes;
    free(k->packet);
    k->packet = NULL;
}

struct replies {
    int32_t ids[limit_replies_kept_max]; ///< apart, to be searched at once; 0: free
    kept kept[limit_replies_kept_max];
    uint32_t next;
};

replies *replies_create(void) { return calloc(1, sizeof(replies)); }

void replies_destroy(replies *r) {
    if (!r) return;
    for (uint32_t i = 0; i < limit_replies_kept_max; i++) drop(&r->kept[i]);
    free(r);
}

static int32_t find(const replies *r, int32_t id) {
    for (int32_t i = 0; i < limit_replies_kept_max; i++)
        if (r->ids[i] == id) return i;
    return -1;
}

reply_state replies_begin(replies *r, int32_t id, const void **packet, size_t *bytes) {
    int32_t i = find(r, id);
    if (i >= 0) {
        *packet = r->kept[i].packet;
        *bytes = r->kept[i].bytes;
        return r->kept[i].state;
    }
    kept *slot = &r->kept[r->next];
    drop(slot);
    *slot = (kept){.state = REPLY_PENDING};
    r->ids[r->next] = id;
    r->next = (r->next + 1) % limit_replies_kept_max;
    return REPLY_NEW;
}

void replies_end(replies *r, int32_t id, const void *packet, size_t bytes, uint64_t frame) {
    int32_t i = find(r, id);
    if (i < 0) return; // so many came after it that its place is taken
    kept *slot = &r->kept[i];
    drop(slot); // of an older request of that number, which had lost its place
    *slot = (kept){.state = REPLY_FORGOTTEN, .frame = frame};
    if (bytes > limit_reply_kept_bytes_max || all_bytes + bytes > limit_replies_all_bytes_max)
        return;
    slot->packet = malloc(bytes);
    if (!slot->packet) return;
    memcpy(slot->packet, packet, bytes);
    slot->bytes = bytes;
    all_bytes += bytes;
    slot->state = REPLY_KEPT;
}

bool replies_frame(const replies *r, int32_t id, uint64_t *frame) {
    int32_t i = find(r, id);
    if (i < 0 || r->kept[i].state == REPLY_PENDING || !r->kept[i].frame) return false;
    *frame = r->kept[i].frame;
    return true;
}
