// SPDX-License-Identifier: MIT
// settings -- the options shared by all commands for a server, and how they find it.
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "live/client.h"
#include "live/url.h"

enum { URL, NAME, SYNTH, TOKEN_FILE, TIMEOUT, JSON };
static const double timeout_seconds = 10, timeout_min = 0.01, timeout_max = 86400;

const cli_option live_options[] = {
    [URL] = {"url", 'u', "URL",
             "server address: unix:PATH, tcp://HOST:PORT, udp://HOST:PORT (MEGASYNTH_URL)"},
    [NAME] = {"name", '\0', "SERVER",
              "server name on this machine (main, or the only one that runs)"},
    [SYNTH] = {"synth", '\0', "SYNTH", "synth on the server (main)"},
    [TOKEN_FILE] = {"token-file", '\0', "FILE",
                    "file with the server's token (MEGASYNTH_TOKEN_FILE)"},
    [TIMEOUT] = {"timeout", '\0', "SECONDS", "longest wait for a reply (10)"},
    [JSON] = {"json", '\0', NULL, "print the reply or error as one line of JSON"},
};
const size_t live_option_count = COUNT_OF(live_options);

static bool take(client *c, int option) {
    switch (option) {
    case URL: c->url = optarg; return true;
    case NAME: c->name = optarg; return true;
    case SYNTH: c->synth = optarg; return true;
    case TOKEN_FILE: c->token_file = optarg; return true;
    case TIMEOUT:
        return number_of(c->command, "timeout", optarg, timeout_min, timeout_max, &c->timeout);
    default: return c->json = true;
    }
}

/// -0.5 is a number here, not options: getopt takes it as an operand if it begins with a space.
static void guard_numbers(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (argv[i][0] != '-' || !strchr("0123456789.", argv[i][1]) || !argv[i][1]) continue;
        size_t bytes = strlen(argv[i]) + 2;
        char *guarded = malloc(bytes); // as long as the program runs
        if (!guarded) return;
        snprintf(guarded, bytes, " %s", argv[i]);
        argv[i] = guarded;
    }
}

bool client_option(client *c, int argc, char **argv, int *option) {
    if (!c->timeout) {
        c->timeout = timeout_seconds;
        c->token_file = getenv("MEGASYNTH_TOKEN_FILE");
        c->code = -1;
        guard_numbers(argc, argv);
    }
    for (;;) {
        *option = next_option(c->command, argc, argv);
        if (*option == OPTIONS_END) {
            if (c->url && c->name)
                c->code = usage_error(c->command, "use either --url or --name, not "
                                                  "both");
            return false;
        }
        if (*option < 0) {
            c->code = *option == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
            return false;
        }
        int common = *option - (int)c->command->option_count;
        if (common < 0) return true;
        if (take(c, common)) continue;
        c->code = CLI_USAGE;
        return false;
    }
}

bool client_number(const client *c, const char *name, const char *text, double min, double max,
                   double *value) {
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end || !isfinite(*value))
        usage_error(c->command, "%s: `%s` is not a number", name, text);
    else if (*value < min || *value > max)
        usage_error(c->command, "%s: %s is out of range; it must be %g..%g", name, text, min, max);
    else return true;
    return false;
}

/// The address of the chosen server. @return false, with the cause
static bool find(const client *c, char url[256], char cause[256]) {
    const char *given = c->url ? c->url : c->name ? NULL : getenv("MEGASYNTH_URL");
    if (!given || !*given) return runtime_find(c->name, url, cause);
    snprintf(url, 256, "%.255s", given);
    return true;
}

bool client_open(client *c) {
    char url[256], cause[256] = "";
    catch_interrupts();
    if (find(c, url, cause)) {
        if (client_open_at(c, url, cause)) return true;
        if (c->code > 0) return false; // already reported
        if (interrupted) c->code = CLI_INTERRUPTED;
        else
            say("%s: %s; check that a megasynthd runs there, or run `megasynth doctor`", url,
                cause);
    } else {
        say("%s", cause);
    }
    if (c->code <= 0) c->code = CLI_NO_SERVER;
    return false;
}
