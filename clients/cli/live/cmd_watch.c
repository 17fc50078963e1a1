// SPDX-License-Identifier: MIT
// watch -- what a server tells of, as lines of JSON.
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "live/client.h"

enum { COUNT, SECONDS };
static const cli_option options[] = {
    [COUNT] = {"count", 'n', "N", "stop after N notices"},
    [SECONDS] = {"seconds", 's', "S", "stop after this duration"},
};
/// Over UDP nothing tells that a server is gone: it is asked so often.
static const double slice_seconds = 2, seconds_max = 86400 * 366;

static void print_notice(packet *p) {
    json_object_set_new(p->map, "topic", json_string(p->address));
    print_json_line(p->map);
    fflush(stdout);
}

/// @return false after a message
static bool still_there(client *c) {
    json_t *answer = link_is_datagram(c->link) ? client_call(c, "/ping", NULL) : json_object();
    json_decref(answer);
    return answer != NULL;
}

static void watch(client *c, uint32_t count, double seconds) {
    double until = seconds > 0 ? clock_seconds() + seconds : INFINITY;
    for (uint32_t told = 0; (!count || told < count) && !ferror(stdout);) {
        packet p;
        double left = fmax(0, until - clock_seconds());
        link_status status = link_receive(c->link, fmin(left, slice_seconds), &p);
        if (status == LINK_OK && p.kind == PACKET_NOTICE) {
            print_notice(&p);
            told++;
        }
        if (status == LINK_OK) packet_finish(&p);
        else if (status != LINK_TIMEOUT) c->code = client_link_error(c, status, "/subscribe");
        if (left == 0 || c->code > CLI_OK) return;
        if (status == LINK_TIMEOUT && !still_there(c)) return;
    }
}

static int run(int argc, char **argv) {
    client c = {.command = &command_watch};
    uint32_t count = 0;
    double seconds = 0;
    for (int option; client_option(&c, argc, argv, &option);) {
        bool good = option == COUNT
                        ? whole_number_of(c.command, "count", optarg, 1, UINT32_MAX, &count)
                        : number_of(c.command, "seconds", optarg, 0.001, seconds_max, &seconds);
        if (!good) return CLI_USAGE;
    }
    if (c.code >= 0) return c.code;
    if (!client_open(&c)) return c.code;
    json_t *topics = json_array();
    for (int i = optind; i < argc; i++) json_array_append_new(topics, json_string(argv[i]));
    json_t *answer = client_call(&c, "/subscribe", json_pack("{s:o}", "topics", topics));
    json_decref(answer);
    if (answer) {
        c.code = CLI_OK;
        watch(&c, count, seconds);
    }
    return client_close(&c);
}

const cli_command command_watch = {
    .name = "watch",
    .operands = "[TOPIC...]",
    .doc = "print the server's notices, one JSON line each",
    .examples = "  megasynth watch                    all topics\n"
                "  megasynth watch xrun late device log\n"
                "  megasynth watch knob | jq -r '\"\\(.name) \\(.value)\"'\n",
    .notes = "Topics: note voice patch knob xrun late nan device log meter client; "
             "docs/protocol.md lists their\nkeys. Ctrl-C stops it; it also stops when the server "
             "does.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
