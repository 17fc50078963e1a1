// SPDX-License-Identifier: MIT
// connect, disconnect -- cables of the patch that a server plays.
#include <getopt.h>
#include <string.h>

#include "live/change.h"

/// "filt.low" -> node and port; a knob has none. The last dot parts them.
static bool put_end(json_t *map, const char *word, const char *node, const char *port, bool knob) {
    const char *dot = strrchr(word, '.');
    if ((!dot && !knob) || dot == word || (dot && !dot[1])) return false;
    size_t bytes = dot ? (size_t)(dot - word) : strlen(word);
    json_object_set_new(map, node, json_stringn(word, bytes));
    json_object_set_new(map, port, json_string(dot ? dot + 1 : ""));
    return true;
}

static json_t *cable(const client *c, char **argv) {
    json_t *map = json_object();
    bool from = put_end(map, argv[optind], "from", "port", true);
    if (from && put_end(map, argv[optind + 1], "to", "to_port", false)) return map;
    usage_error(c->command, "`%s` is no %s", argv[optind + from],
                from ? "NODE.PORT, such as filt.in"
                     : "NODE.PORT or knob, such as osc.out or cutoff");
    json_decref(map);
    return NULL;
}

enum { CONNECT_AS, CONNECT_FADE, CONNECT_REV };
static const cli_option connect_options[] = {
    [CONNECT_AS] = {"as", '\0', "UNIT", "what the amount is in, such as octaves or semitones"},
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
    return change_apply(&c, "/patch/connect", map, &ch, "connected");
}

const cli_command command_connect = {
    .name = "connect",
    .operands = "FROM.PORT TO.PORT [AMOUNT]",
    .doc = "add a cable, while it plays",
    .examples = "  megasynth connect lfo.out filt.freq 2 --as octaves\n"
                "  megasynth connect cutoff filt.freq      from a knob\n",
    .options = connect_options,
    .option_count = COUNT_OF(connect_options),
    .run = run_connect,
    .live = true,
};

enum { DISCONNECT_NTH, DISCONNECT_FADE, DISCONNECT_REV };
static const cli_option disconnect_options[] = {
    [DISCONNECT_NTH] = {"nth", '\0', "N", "which of several between the two, from 0 (0)"},
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
    return change_apply(&c, "/patch/disconnect", map, &ch, "disconnected");
}

const cli_command command_disconnect = {
    .name = "disconnect",
    .operands = "FROM.PORT TO.PORT",
    .doc = "remove a cable, while it plays",
    .examples = "  megasynth disconnect lfo.out filt.freq\n",
    .options = disconnect_options,
    .option_count = COUNT_OF(disconnect_options),
    .run = run_disconnect,
    .live = true,
};
