// SPDX-License-Identifier: MIT
// node_index -- finds the nodes of a patch by birth and by name; see node_index.h.
#include "document/node_index.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"

static uint32_t hash_birth(uint64_t birth) { return (uint32_t)(birth * 0x9e3779b97f4a7c15 >> 32); }

static void put(const mega_node_index *index, uint32_t *table, uint32_t hash, uint32_t node) {
    uint32_t at = hash & index->mask;
    while (table[at]) at = (at + 1) & index->mask;
    table[at] = node + 1;
}

bool mega_node_index_init(mega_node_index *index, const mega_patch *patch) {
    uint32_t room = 16;
    while (room < patch->node_count * 2) room *= 2;
    *index = (mega_node_index){.patch = patch, .mask = room - 1};
    index->by_birth = calloc(room, sizeof *index->by_birth);
    index->by_name = calloc(room, sizeof *index->by_name);
    if (!index->by_birth || !index->by_name) {
        mega_node_index_finish(index);
        return false;
    }
    for (uint32_t n = 0; n < patch->node_count; n++) {
        const mega_patch_node_row *node = &patch->nodes[n];
        put(index, index->by_birth, hash_birth(node->birth), n);
        if (!node->dying) put(index, index->by_name, mega_hash_text(node->id), n);
    }
    return true;
}

void mega_node_index_finish(mega_node_index *index) {
    free(index->by_birth);
    free(index->by_name);
    *index = (mega_node_index){0};
}

int32_t mega_node_index_birth(const mega_node_index *index, uint64_t birth) {
    uint32_t at = hash_birth(birth) & index->mask;
    for (; index->by_birth[at]; at = (at + 1) & index->mask)
        if (index->patch->nodes[index->by_birth[at] - 1].birth == birth)
            return (int32_t)index->by_birth[at] - 1;
    return -1;
}

int32_t mega_node_index_name(const mega_node_index *index, const char *id) {
    uint32_t at = mega_hash_text(id) & index->mask;
    for (; index->by_name[at]; at = (at + 1) & index->mask)
        if (strcmp(index->patch->nodes[index->by_name[at] - 1].id, id) == 0)
            return (int32_t)index->by_name[at] - 1;
    return -1;
}
