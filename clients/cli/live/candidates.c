// SPDX-License-Identifier: MIT
// candidates -- names for completion: of the tables here, and of what a server plays.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "live/client.h"
#include "live/print.h"
#include "live/url.h"

/// A shell waits for it: longer would be felt.
static const double timeout_seconds = 0.5;

static const cli_command asking = {.name = "--complete", .operands = "KIND", .live = true};

/// "node.port" for each of the inputs or outputs of the node's module.
static void print_ports(const char *node, const mega_module *module, bool outputs) {
    mega_module_info m = mega_module_describe(module);
    for (size_t i = 0; i < (outputs ? m.output_count : m.input_count); i++)
        printf("%s.%s\n", node,
               (outputs ? mega_module_output(module, i) : mega_module_input(module, i)).name);
}

static void print_params(const char *node, const mega_module *module) {
    for (size_t i = 0; i < mega_module_describe(module).param_count; i++)
        printf("%s.%s\n", node, mega_module_param(module, i).name);
}

static void print_keys(const json_t *map) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)map, key, value) puts(key);
}

static void print_nodes(client *c, const char *kind) {
    json_t *answer = client_call(c, "/patch/get", NULL), *patch = json_object_get(answer, "patch"),
           *node;
    const char *id;
    json_object_foreach(json_object_get(patch, "nodes"), id, node) {
        const mega_module *module = mega_module_find(text_in(node, "type"));
        if (!module) continue; // a server of another version
        bool outputs = strcmp(kind, "outputs") == 0;
        if (outputs || strcmp(kind, "inputs") == 0) print_ports(id, module, outputs);
        if (!outputs) print_params(id, module);
    }
    if (strcmp(kind, "outputs") == 0) print_keys(json_object_get(patch, "knobs"));
    json_decref(answer);
}

static void print_list(client *c, const char *address, const char *key) {
    json_t *answer = client_call(c, address, NULL);
    print_keys(json_object_get(answer, key));
    json_decref(answer);
}

// ---- without a server --------------------------------------------------------------------------

static void print_modules(void) {
    for (size_t i = 0; i < mega_module_count(); i++)
        puts(mega_module_describe(mega_module_get(i)).name);
}

/// The words behind the colon of the row's own text.
static void print_topics(void) {
    const row *r = row_find("/subscribe");
    const char *at = r ? strchr(r->doc, ':') : NULL;
    while (at && *++at) {
        size_t bytes = strcspn(at, " ");
        if (bytes) fwrite(at, 1, bytes, stdout);
        if (bytes) putchar('\n');
        at = at[bytes] ? at + bytes : NULL;
    }
}

static void print_argument_keys(const char *address) {
    const row *r = row_find(address);
    for (const char *at = r ? r->arguments : ""; *at; at += strspn(at, " ")) {
        size_t bytes = strcspn(at, " "), key = strcspn(at, ":");
        if (key < bytes) printf("%.*s=\n", (int)key, at);
        at += bytes;
    }
}

static void print_servers(void) {
    static runtime_server servers[RUNTIME_SERVERS_MAX];
    int count = runtime_list(servers);
    for (int i = 0; i < count; i++)
        if (servers[i].lives) puts(servers[i].name);
}

/// @return false if it is no such kind
static bool print_known(const char *kind, int argc, char **argv) {
    if (strcmp(kind, "modules") == 0) print_modules();
    else if (strcmp(kind, "topics") == 0) print_topics();
    else if (strcmp(kind, "servers") == 0) print_servers();
    else if (strcmp(kind, "arguments") == 0) print_argument_keys(argc > 2 ? argv[2] : "");
    else if (strcmp(kind, "backends") == 0) puts("auto\njack\npulse\nalsa\ndummy");
    else if (strcmp(kind, "addresses") == 0)
        for (size_t i = 0; i < row_count(); i++) puts(row_get(i)->address);
    else return false;
    return true;
}

int print_candidates(int argc, char **argv) {
    client c = {.command = &asking, .quiet = true};
    if (argc < 2) return CLI_USAGE;
    const char *kind = argv[1];
    if (print_known(kind, argc, argv)) return CLI_OK;
    for (int option; client_option(&c, argc, argv, &option);) continue;
    if (c.code >= 0) return c.code;
    c.timeout = timeout_seconds;
    if (!client_open(&c)) return CLI_OK;
    if (strcmp(kind, "knobs") == 0) print_list(&c, "/knob/list", "knobs");
    else if (strcmp(kind, "synths") == 0) print_list(&c, "/synth/list", "synths");
    else print_nodes(&c, kind);
    client_close(&c);
    return CLI_OK;
}
