// SPDX-License-Identifier: MIT
// node_index -- finds the nodes of a patch by birth and by name, quickly enough to match two
// patches.
#ifndef MEGA_NODE_INDEX_H
#define MEGA_NODE_INDEX_H

#include "document/patch.h"

/// Two open hash tables; to be finished.
typedef struct {
    const mega_patch *patch;
    uint32_t *by_birth, *by_name; ///< node + 1; 0: free
    uint32_t mask;
} mega_node_index;

/// @return false without memory
bool mega_node_index_init(mega_node_index *index, const mega_patch *patch);
void mega_node_index_finish(mega_node_index *index);
/// The node of that birth, or -1. Of two the first: a dying one is behind the other.
int32_t mega_node_index_birth(const mega_node_index *index, uint64_t birth);
/// The node of that name, or -1. A dying node has no name.
int32_t mega_node_index_name(const mega_node_index *index, const char *id);

#endif
