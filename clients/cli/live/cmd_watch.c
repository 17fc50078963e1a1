// SPDX-License-Identifier: MIT
// watch -- what a server tells of, as lines of JSON.
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "live/client.h"

enum { COUNT, SECONDS };
static const cli_option options[] = {
    [COUNT] = {"count", 'n', "N", "end after so many"},
    [SECONDS] = {"seconds", 's', "S", "end after that"},
};
/// Where there is no end, a silent server is looked at so often.
static const double slice_seconds = 3600, seconds_max = 86400 * 366;

static void print_notice(packet *p) {
    json_object_set_new(p->map, "topic", json_string(p->address));
    print_json_line(p->map);
    fflush(stdout);
}

static void watch(client *c, uint32_t count, double seconds) {
    double until = seconds > 0 ? clock_seconds() + seconds : INFINITY;
    for (uint32_t told = 0; !count || told < count;) {
        packet p;
        double left = until - clock_seconds();
        link_status status =
            left > 0 ? link_receive(c->link, fmin(left, slice_seconds), &p) : LINK_TIMEOUT;
        if (status == LINK_TIMEOUT && left > slice_seconds) continue;
        if (status == LINK_TIMEOUT) return;
        if (status != LINK_OK) {
            c->code = client_link_error(c, status, "/subscribe");
            return;
        }
        if (p.kind == PACKET_NOTICE) {
            print_notice(&p);
            told++;
        }
        packet_finish(&p);
        if (ferror(stdout)) return; // who read it has gone
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
    .doc = "print what a server tells of, a line of JSON each",
    .examples = "  megasynth watch                    all topics\n"
                "  megasynth watch xrun late device log\n"
                "  megasynth watch knob | jq -r '\"\\(.name) \\(.value)\"'\n",
    .notes = "Topics: note voice patch knob xrun late nan device log meter client; "
             "docs/protocol.md tells the\nkeys of each. It ends with Ctrl-C, or when the server "
             "does.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
