// SPDX-License-Identifier: MIT
#include "document/outputs.h"

#include <stdio.h>

/// The last channel that an `output` writes, from 1.
static uint32_t last_channel(const mega_patch_node_row *node) {
    const float *params = node->values;
    return (uint32_t)(params[MEGA_OUTPUT_FIRST - MEGA_OUTPUT_INPUTS] +
                      params[MEGA_OUTPUT_CHANNELS - MEGA_OUTPUT_INPUTS]) -
           1;
}

size_t mega_outputs_check(const mega_patch *patch, uint32_t channels, mega_severity severity,
                          mega_report *report) {
    size_t count = 0;
    for (size_t n = 0; n < patch->node_count; n++) {
        const mega_patch_node_row *node = &patch->nodes[n];
        if (node->module->op != MEGA_OP_OUTPUT || last_channel(node) <= channels) continue;
        char path[MEGA_ID_BYTES_MAX + 32];
        snprintf(path, sizeof path, "nodes.%s.params.first", node->id);
        mega_report_add(report, severity, "limit", path, 0, 0, "a lower `first`, or `channels` 1",
                        "it writes channel %u; there are %u", last_channel(node), channels);
        count++;
    }
    return count;
}
