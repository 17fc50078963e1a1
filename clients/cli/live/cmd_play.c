// SPDX-License-Identifier: MIT
// play -- a patch, heard: on a server that runs, or on one that is started for it and ends with it.
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/boot.h"
#include "live/perform.h"
#include "live/url.h"
#include "names.h"

enum { NOTES, CHORD, BEAT, SECONDS, SET, OWN, BACKEND, DEVICE };
static const cli_option options[] = {
    [NOTES] = {"notes", 'n', "NOTES", "a melody, \"C4 E4 G4\", one note a beat"},
    [CHORD] = {"chord", 'c', "NOTES", "hold these all the while, \"C4+E4+G4\""},
    [BEAT] = {"beat", 'b', "S", "length of a beat of --notes (0.5)"},
    [SECONDS] = {"seconds", 's', "S", "how long (else: until the notes have died away, or Ctrl-C)"},
    [SET] = {"set", '\0', "KNOB=VALUE", "a knob's value, 0..1; once for each knob"},
    [OWN] = {"own", '\0', NULL, "start a server even if one runs"},
    [BACKEND] = {"backend", '\0', "BACKEND",
                 "of a server that is started: auto, jack, alsa ..., dummy"},
    [DEVICE] = {"device", '\0', "NAME", "the same: its output"},
};

enum { SET_MAX = 64 };
static const double beat_default = 0.5, seconds_max = 86400, tail_seconds = 20, lead_seconds = 0.1,
                    end_seconds = 3;

typedef struct {
    const char *path, *notes, *chord, *backend, *device;
    char *set[SET_MAX];
    int set_count;
    double beat, seconds;
    bool own, has_notes; ///< the patch hears notes
    char *text;          ///< the patch as JSON
    sequence sequence;
    booted server;
} player;

// ---- what is to be played -----------------------------------------------------------------------

static bool take(const client *c, player *p, int option) {
    switch (option) {
    case NOTES: p->notes = optarg; return true;
    case CHORD: p->chord = optarg; return true;
    case BEAT: return number_of(c->command, "beat", optarg, 0.001, 3600, &p->beat);
    case SECONDS: return number_of(c->command, "seconds", optarg, 0.001, seconds_max, &p->seconds);
    case OWN: return p->own = true;
    case BACKEND: p->backend = optarg; return true;
    case DEVICE: p->device = optarg; return true;
    default:
        if (p->set_count == SET_MAX || !strchr(optarg, '=') || *optarg == '=') {
            usage_error(c->command, "--set wants KNOB=VALUE, such as cutoff=0.7, %d at most",
                        SET_MAX);
            return false;
        }
        p->set[p->set_count++] = optarg;
        return true;
    }
}

/// The notes at a server's rate. @return whether they are good
static bool read_notes(player *p, uint32_t rate) {
    text_errors errors = {.out = stderr, .source = p->notes ? "--notes" : "--chord"};
    sequence_finish(&p->sequence);
    p->sequence = (sequence){.rate = rate};
    if (p->notes && !notes_read(p->notes, p->beat, &p->sequence, &errors)) return false;
    errors.source = "--chord";
    const char *chord = p->chord;
    if (!p->notes && !chord && p->has_notes && !isatty(STDIN_FILENO)) chord = "C4";
    double held = p->seconds > 0 ? p->seconds : seconds_max;
    if (chord && strpbrk(chord, " \t")) {
        text_error(&errors, "one chord is wanted, such as C4+E4+G4");
        return false;
    }
    if (chord && !notes_read(chord, held / 0.9, &p->sequence, &errors)) return false;
    sequence_sort(&p->sequence);
    return true;
}

/// Reads the patch, and says all that is wrong with it before anything is started.
static int read_patch(player *p) {
    mega_report *report = mega_report_create();
    mega_patch *patch = NULL;
    if (!report) return status_exit(p->path, MEGA_ERROR_MEMORY);
    int code = patch_read(p->path, report, &patch);
    if (code == CLI_OK && mega_patch_check(patch, report) != MEGA_OK) code = CLI_PATCH;
    print_report(stderr, p->path, report, false);
    mega_report_destroy(report);
    size_t bytes;
    if (code == CLI_OK) {
        p->has_notes = patch_has_notes(patch);
        code = status_exit(p->path, mega_patch_write(patch, MEGA_FORMAT_JSON, &p->text, &bytes));
    }
    mega_patch_destroy(patch);
    return code;
}

// ---- where --------------------------------------------------------------------------------------

/// A server that runs, or one of our own.
static bool find_server(client *c, player *p) {
    char url[256], cause[256];
    const char *given = getenv("MEGASYNTH_URL");
    bool named = c->url || c->name || (given && *given);
    catch_interrupts();
    if (!p->own && (named || runtime_find(NULL, url, cause))) return client_open(c);
    const char *further[5] = {"--backend", p->backend ? p->backend : "auto"};
    if (p->device) {
        further[2] = "--device";
        further[3] = p->device;
    }
    c->code = -1;
    if (!boot(&p->server, further)) c->code = interrupted ? CLI_INTERRUPTED : CLI_NO_SERVER;
    else if (!client_open_at(c, p->server.url, cause) && c->code <= 0) {
        say("%s: %s", p->server.url, cause);
        c->code = CLI_NO_SERVER;
    }
    return c->link != NULL;
}

static bool prepare(client *c, player *p) {
    json_t *answer =
        client_call(c, "/patch/load", json_pack("{s:s, s:s}", "text", p->text, "format", "json"));
    json_decref(answer);
    for (int i = 0; answer && i < p->set_count; i++) {
        char name[128], *equals = strchr(p->set[i], '=');
        double value;
        snprintf(name, sizeof name, "%.*s", (int)(equals - p->set[i]), p->set[i]);
        if (!client_number(c, name, equals + 1, 0, 1, &value)) {
            c->code = CLI_USAGE;
            return false;
        }
        answer = client_call(c, "/knob/set", json_pack("{s:s, s:f}", "name", name, "value", value));
        json_decref(answer);
    }
    return answer != NULL;
}

// ---- how ----------------------------------------------------------------------------------------

/// @return false after a message
static bool sound(client *c, player *p) {
    json_t *clock = client_call(c, "/clock", NULL);
    if (!clock) return false;
    double rate = number_in(clock, "rate");
    uint64_t first = (uint64_t)(number_in(clock, "frame") + lead_seconds * rate);
    json_decref(clock);
    if (!read_notes(p, (uint32_t)rate)) {
        c->code = CLI_USAGE;
        return false;
    }
    double began = clock_seconds() + lead_seconds;
    double until = p->seconds > 0 ? began + p->seconds : INFINITY;
    bool typed = !p->notes && !p->chord && p->has_notes && isatty(STDIN_FILENO);
    fprintf(stderr, "playing %s at %s; Ctrl-C ends it\n", p->path, link_url(c->link));
    if (typed) return perform_piano(c, until);
    if (!perform_sequence(c, &p->sequence, first, began, until)) return false;
    if (p->notes && !p->chord && p->seconds == 0) return perform_tail(c, tail_seconds);
    return perform_wait(c, until);
}

/// Ends what sounds, and what was sent ahead.
static void end_notes(client *c) {
    json_decref(client_call_in(c, "/note/all_off", NULL, end_seconds));
    if (perform_wait(c, clock_seconds() + PERFORM_AHEAD_SECONDS + lead_seconds))
        json_decref(client_call_in(c, "/note/all_off", NULL, end_seconds));
}

/// Ends our notes; and the server, if it is ours.
static void finish(client *c, player *p, bool there) {
    int code = c->code;
    bool stopped = interrupted;
    interrupted = 0;
    if (c->link && there) {
        if (p->server.pid) json_decref(client_call_in(c, "/quit", NULL, end_seconds));
        else if (code <= CLI_OK) end_notes(c);
    }
    link_close(c->link);
    c->link = NULL;
    if (p->server.pid) boot_end(&p->server, there ? end_seconds : 0);
    bool endless = p->seconds == 0 && !p->notes;
    c->code = code > CLI_OK ? code : stopped && !endless ? CLI_INTERRUPTED : CLI_OK;
}

static int play(client *c, player *p) {
    int code = read_patch(p);
    if (code != CLI_OK) return code;
    if (!read_notes(p, 48000)) return CLI_USAGE;
    bool there = find_server(c, p) && prepare(c, p) && sound(c, p);
    // What the server refused, it is still there to be ended.
    finish(c, p, there || (c->link && c->code != CLI_LOST));
    return c->code;
}

static int run(int argc, char **argv) {
    client c = {.command = &command_play};
    player p = {.beat = beat_default};
    for (int option; client_option(&c, argc, argv, &option);)
        if (!take(&c, &p, option)) return CLI_USAGE;
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 1)) return CLI_USAGE;
    if (p.own && (c.url || c.name))
        return usage_error(c.command, "--own is about no server that runs: without --url, --name");
    p.path = argv[optind];
    int code = play(&c, &p);
    sequence_finish(&p.sequence);
    mega_free(p.text);
    return code;
}

// Help, line by line.
// clang-format off
const cli_command command_play = {
    .name = "play",
    .operands = "PATCH",
    .doc = "play a patch on the sound device",
    .examples =
        "  megasynth play examples/keys.json                      on the keys of this terminal\n"
        "  megasynth play examples/keys.json --notes \"C4 E4 G4 C4+E4+G4\"\n"
        "  megasynth play examples/pad.json --chord C3+G3+E4 --seconds 20\n",
    .notes =
        "It plays on the server that runs, whose synth (--synth) it takes over; if none does, it starts a\n"
        "megasynthd that ends with it. NOTES as in `megasynth render --help`. Without notes: the keys of the\n"
        "terminal, or C4 where there is none; a patch without a `note` node (a drone) just sounds.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
// clang-format on
