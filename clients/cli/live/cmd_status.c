// SPDX-License-Identifier: MIT
// status, quit -- server status, and quitting a server.
#include <math.h>
#include <poll.h>
#include <string.h>

#include "live/client.h"
#include "live/page.h"

static int run(int argc, char **argv) {
    client c = {.command = &command_status};
    for (int option; client_option(&c, argc, argv, &option);) continue;
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 0)) return CLI_USAGE;
    if (!client_open(&c)) return c.code;
    json_t *answer = client_call(&c, "/status", NULL);
    if (answer && c.json) print_json_line(answer);
    else if (answer) {
        page p = {.columns = PAGE_WIDE};
        page_status(&p, answer, link_url(c.link));
        fwrite(p.text, 1, p.used, stdout);
    }
    json_decref(answer);
    return client_close(&c);
}

const cli_command command_status = {
    .name = "status",
    .operands = "",
    .doc = "show server status: load, voices, xruns, device, synths",
    .examples = "  megasynth status\n"
                "  megasynth status --json | jq .load.mean\n",
    .run = run,
    .live = true,
};

// ---- quit --------------------------------------------------------------------------------------

/// Waits until the server has closed the connection: then it has faded out and saved.
static void wait_gone(client *c) {
    double until = clock_seconds() + c->timeout;
    packet p;
    for (;;) {
        link_status status = link_receive(c->link, fmax(0, until - clock_seconds()), &p);
        if (status == LINK_OK) packet_finish(&p);
        else {
            if (status == LINK_TIMEOUT) c->code = client_link_error(c, status, "/quit");
            return;
        }
    }
}

static int run_quit(int argc, char **argv) {
    client c = {.command = &command_quit};
    for (int option; client_option(&c, argc, argv, &option);) continue;
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 0)) return CLI_USAGE;
    if (client_open(&c) && client_do(&c, "/quit", NULL, NULL) == CLI_OK &&
        !link_is_datagram(c.link))
        wait_gone(&c);
    return client_close(&c);
}

const cli_command command_quit = {
    .name = "quit",
    .operands = "",
    .doc = "stop a server; it fades out and saves its state",
    .examples = "  megasynth quit\n",
    .run = run_quit,
    .live = true,
};
