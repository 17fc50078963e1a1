// SPDX-License-Identifier: MIT
// graph -- what follows from a patch's cables alone: cycles, scopes, what is heard, order, phases.
#ifndef MEGA_GRAPH_H
#define MEGA_GRAPH_H

#include "patch.h"

/// Tables over the nodes of one patch. Phase p runs shared nodes, then voice nodes: a shared node
/// after voices of phase p is in phase p + 1.
typedef struct {
    size_t node_count;
    bool *voice; ///< exists once a voice
    bool *live;  ///< reaches an output or a bus
    uint32_t *phase;
    uint32_t *order; ///< live nodes, sources first
    size_t live_count;
    uint32_t phase_count; ///< at least 1
    uint32_t *first;      ///< node_count + 1: where each node's cables begin in `cables`
    uint32_t *cables;     ///< sorted by destination node and port; within a port in document order
} mega_graph;

/// @param taps nodes that are listened to from outside, besides outputs
/// @param report takes cycles (error), wrong scopes (error), nodes that are not heard (warning)
/// @return MEGA_OK, MEGA_ERROR_PATCH or MEGA_ERROR_MEMORY; on an error nothing is to be finished
mega_status mega_graph_init(mega_graph *graph, const mega_patch *patch, const uint32_t *taps,
                            size_t tap_count, mega_report *report);
void mega_graph_finish(mega_graph *graph);

#endif
