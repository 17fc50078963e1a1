// SPDX-License-Identifier: MIT
// buses -- output ports that are listened to from outside; CONTROL. They are read in render.c.
#include <stdlib.h>
#include <string.h>

#include "session/engine.h"
#include "session/load.h"

/// Those buses whose node and port the patch has.
size_t mega_buses_find(const mega_engine *e, const mega_patch *patch, const mega_program *before,
                       struct mega_tap *taps) {
    size_t count = 0;
    for (uint32_t b = 0; b < e->bus_count; b++) {
        int32_t node = e->buses[b].opened ? mega_patch_find_node(patch, e->buses[b].node) : -1;
        if (node < 0) continue;
        int32_t output = mega_module_find_output(patch->nodes[node].module, e->buses[b].port);
        if (output < 0) continue;
        taps[count++] = (struct mega_tap){(uint32_t)node, (uint32_t)output, b,
                                          before ? before->buses[b] : NULL};
    }
    return count;
}

static void forget(mega_bus_name *name) {
    free(name->node);
    free(name->port);
    *name = (mega_bus_name){0};
}

/// @param is_new whether it was not open before
static int32_t bus_number(mega_engine *e, const char *node, const char *port, bool *is_new,
                          mega_report *report) {
    uint32_t free_number = e->bus_count;
    *is_new = false;
    for (uint32_t b = 0; b < e->bus_count; b++) {
        if (!e->buses[b].node) free_number = b;
        else if (!strcmp(e->buses[b].node, node) && !strcmp(e->buses[b].port, port))
            return (int32_t)b;
    }
    if (free_number == MEGA_BUSES_MAX) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "limit", node, 0, 0, NULL,
                        "no more than %d buses can be open", MEGA_BUSES_MAX);
        return -1;
    }
    mega_bus_name name = {strdup(node), strdup(port), 0};
    if (!name.node || !name.port) {
        forget(&name);
        return -1;
    }
    e->buses[free_number] = name;
    if (free_number == e->bus_count) e->bus_count++;
    *is_new = true;
    return (int32_t)free_number;
}

int32_t mega_bus_open(mega_engine *e, const char *node, const char *port, mega_report *report) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "bus_open");
    mega_calls_put_text(call, "node", node, strlen(node));
    mega_calls_put_text(call, "name", port, strlen(port));
    mega_given_names name = mega_given_names_of(node, port);
    node = name.node;
    port = name.port;
    mega_collect(e);
    const mega_patch *patch = mega_schedule_document(&e->schedule);
    int32_t at = patch ? mega_patch_find_node(patch, node) : -1;
    if (at < 0 || mega_module_find_output(patch->nodes[at].module, port) < 0) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "not-found", node, 0, 0,
                        "a node of the patch that is loaded, and one of its outputs",
                        "no output `%s` of a node `%s`", port, node);
        return -1;
    }
    bool is_new;
    int32_t number = bus_number(e, node, port, &is_new, report);
    if (number < 0) return -1;
    e->buses[number].opened++;
    if (!is_new) return number;
    if (mega_load_again(e, report) == MEGA_OK) return number;
    forget(&e->buses[number]);
    return -1;
}

static mega_bus_name *open_bus(mega_engine *e, int32_t bus) {
    return bus >= 0 && bus < (int32_t)e->bus_count && e->buses[bus].opened ? &e->buses[bus] : NULL;
}

/// Counts down. @return how many could be, in their order
static size_t count_down(mega_engine *e, const int32_t *buses, size_t count, size_t *ended) {
    *ended = 0;
    for (size_t i = 0; i < count; i++) {
        mega_bus_name *name = open_bus(e, buses[i]);
        if (!name) return i;
        *ended += --name->opened == 0;
    }
    return count;
}

/// Those that nobody has open any more are not in what is compiled next.
mega_status mega_bus_close(mega_engine *e, const int32_t *buses, size_t count) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "bus_close");
    mega_calls_put_numbers(call, "buses", buses, count);
    mega_collect(e);
    size_t ended, counted = count_down(e, buses, count, &ended);
    mega_status status = counted < count ? MEGA_ERROR_NAME : MEGA_OK;
    if (!status && ended && mega_schedule_document(&e->schedule)) status = mega_load_again(e, NULL);
    for (size_t i = 0; i < counted; i++) {
        mega_bus_name *name = &e->buses[buses[i]];
        if (status) name->opened++;
        else if (!name->opened) forget(name);
    }
    return status;
}
