// SPDX-License-Identifier: MIT
// graph -- what follows from a patch's cables alone: cycles, scopes, what is heard, order, phases.
//
// A cycle is an error unless it passes a `feedback`, whose cables count for nothing here, or a
// `z1`. Nodes on cycles through `z1` form loops: the strongly connected components (R. Tarjan,
// "Depth-first search and linear graph algorithms", 1972). A loop runs frame by frame, as one.
#ifndef MEGA_GRAPH_H
#define MEGA_GRAPH_H

#include "document/patch.h"

/// Tables over the nodes of one patch. Phase p runs shared nodes, then voice nodes: a shared node
/// after voices of phase p is in phase p + 1.
typedef struct {
    size_t node_count;
    bool *voice; ///< exists once a voice
    bool *live;  ///< reaches an output or a bus
    uint32_t *phase;
    uint32_t *order; ///< live nodes, sources first; those of a loop side by side
    uint32_t *loop;  ///< number of the loop that the node is in, from 1; 0: none
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
/// What runs together from place `at` of the order: a loop, or one node. @return the place after it
size_t mega_graph_run_end(const mega_graph *graph, size_t at, size_t count);

#endif
