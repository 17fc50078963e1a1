// SPDX-License-Identifier: MIT
// connect, disconnect -- cables of the patch that a server plays.
#include <getopt.h>
#include <string.h>

#include "live/change.h"

/// "filt.low" -> node and port; a word alone is a knob, or a node whose port is to be found. The
/// last dot parts them.
static bool put_end(json_t *map, const char *word, const char *node, const char *port) {
    const char *dot = strrchr(word, '.');
    if (dot == word || (dot && !dot[1])) return false;
    size_t bytes = dot ? (size_t)(dot - word) : strlen(word);
    json_object_set_new(map, node, json_stringn(word, bytes));
    json_object_set_new(map, port, json_string(dot ? dot + 1 : ""));
    return true;
}

static json_t *cable(const client *c, char **argv) {
    json_t *map = json_object();
    bool from = put_end(map, argv[optind], "from", "port");
    if (from && put_end(map, argv[optind + 1], "to", "to_port")) return map;
    usage_error(c->command, "`%s` is not a %s", argv[optind + from],
                from ? "NODE.PORT, such as filt.in"
                     : "NODE.PORT or knob, such as osc.out or cutoff");
    json_decref(map);
    return NULL;
}

/// The names of a module's inputs or outputs, "in, left", and whether there is just one. @return a
/// new string
static json_t *port_of(const char *type, bool output, char names[200]) {
    const mega_module *module = mega_module_find(type);
    mega_module_info m = module ? mega_module_describe(module) : (mega_module_info){0};
    size_t count = output ? m.output_count : m.input_count;
    names[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        mega_port_info port = output ? mega_module_output(module, i) : mega_module_input(module, i);
        size_t used = strlen(names);
        snprintf(names + used, 200 - used, "%s%.40s", i ? ", " : "", port.name);
    }
    return count == 1 ? json_string(names) : NULL;
}

/// A node alone means its only port. What is no node of the patch is left for the server to refuse.
/// @return false after a message
static bool complete_end(client *c, json_t *map, const char *node, const char *port, bool output) {
    if (*text_in(map, port)) return true;
    const char *name = text_in(map, node);
    c->quiet = true;
    json_t *knob = output ? client_call(c, "/knob/get", json_pack("{s:s}", "name", name)) : NULL;
    json_t *found = knob ? NULL : client_call(c, "/param/list", json_pack("{s:s}", "node", name));
    c->quiet = false;
    c->code = -1;
    char names[200];
    json_t *only = found ? port_of(text_in(found, "type"), output, names) : NULL;
    bool good = only || !found;
    if (only) json_object_set_new(map, port, only);
    else if (found)
        c->code = usage_error(c->command, "`%s` is ambiguous; name one of its %s: %s", name,
                              output ? "outputs" : "inputs (or name a parameter)",
                              *names ? names : "none");
    json_decref(knob);
    json_decref(found);
    return good;
}

static int apply(client *c, const char *address, json_t *map, const change *ch, const char *what) {
    if (client_open(c) && complete_end(c, map, "from", "port", true) &&
        complete_end(c, map, "to", "to_port", false))
        return change_apply(c, address, map, ch, what);
    json_decref(map);
    return client_close(c);
}

enum { CONNECT_AS, CONNECT_FADE, CONNECT_REV };
static const cli_option connect_options[] = {
    [CONNECT_AS] = {"as", '\0', "UNIT",
                    "unit of AMOUNT: octaves or semitones (the parameter's own)"},
    [CONNECT_FADE] = CHANGE_FADE,
    [CONNECT_REV] = CHANGE_REV,
};

static int run_connect(int argc, char **argv) {
    client c = {.command = &command_connect};
    change ch = CHANGE_PLAIN;
    const char *as = NULL;
    for (int option; client_option(&c, argc, argv, &option);) {
        bool good = true;
        if (option == CONNECT_AS) as = optarg;
        else good = option == CONNECT_FADE ? change_fade(&c, &ch) : change_rev(&c, &ch);
        if (!good) return CLI_USAGE;
    }
    if (c.code >= 0) return c.code;
    double amount;
    bool given = argc - optind == 3;
    if (!given && !operands_are(c.command, argc, argv, 2)) return CLI_USAGE;
    if (given && !client_number(&c, "AMOUNT", argv[optind + 2], -1e9, 1e9, &amount))
        return CLI_USAGE;
    json_t *map = cable(&c, argv);
    if (!map) return CLI_USAGE;
    if (given) json_object_set_new(map, "amount", json_real(amount));
    if (as) json_object_set_new(map, "as", json_string(as));
    return apply(&c, "/patch/connect", map, &ch, "connected");
}

const cli_command command_connect = {
    .name = "connect",
    .operands = "FROM TO [AMOUNT]",
    .doc = "add a cable while the patch plays",
    .examples = "  megasynth connect lfo.out filt.freq 2 --as octaves\n"
                "  megasynth connect cutoff filt.freq      from a knob\n"
                "  megasynth connect lfo filt.freq         from a node's only output\n",
    .options = connect_options,
    .option_count = COUNT_OF(connect_options),
    .run = run_connect,
    .live = true,
};

enum { DISCONNECT_NTH, DISCONNECT_FADE, DISCONNECT_REV };
static const cli_option disconnect_options[] = {
    [DISCONNECT_NTH] = {"nth", '\0', "N", "which of several cables between the two, from 0 (0)"},
    [DISCONNECT_FADE] = CHANGE_FADE,
    [DISCONNECT_REV] = CHANGE_REV,
};

static int run_disconnect(int argc, char **argv) {
    client c = {.command = &command_disconnect};
    change ch = CHANGE_PLAIN;
    uint32_t nth = 0;
    for (int option; client_option(&c, argc, argv, &option);) {
        bool good = option == DISCONNECT_NTH
                        ? whole_number_of(c.command, "nth", optarg, 0, 65535, &nth)
                    : option == DISCONNECT_FADE ? change_fade(&c, &ch)
                                                : change_rev(&c, &ch);
        if (!good) return CLI_USAGE;
    }
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 2)) return CLI_USAGE;
    json_t *map = cable(&c, argv);
    if (!map) return CLI_USAGE;
    if (nth) json_object_set_new(map, "nth", json_integer(nth));
    return apply(&c, "/patch/disconnect", map, &ch, "disconnected");
}

const cli_command command_disconnect = {
    .name = "disconnect",
    .operands = "FROM TO",
    .doc = "remove a cable while the patch plays",
    .examples = "  megasynth disconnect lfo.out filt.freq\n",
    .options = disconnect_options,
    .option_count = COUNT_OF(disconnect_options),
    .run = run_disconnect,
    .live = true,
};
