// SPDX-License-Identifier: MIT
// play -- plays a patch live: on a server that it starts and ends, or, where --url or --name says
// so, beside what another plays.
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/boot.h"
#include "live/perform.h"
#include "live/url.h"
#include "piece.h"
#include "settings.h"
#include "time/patch_names.h"

enum { NOTES, CHORD, BEAT, SCORE, SECONDS, SET, BACKEND, DEVICE };
static const cli_option options[] = {
    [NOTES] = {"notes", 'n', "NOTES", "melody, \"C4 E4 G4\", one note per beat"},
    [CHORD] = {"chord", 'c', "NOTES", "hold this chord throughout, \"C4+E4+G4\""},
    [BEAT] = {"beat", 'b', "S", "seconds per beat of --notes (0.5)"},
    [SCORE] = {"score", '\0', "FILE", "JSON list of notes, knob changes and edits"},
    [SECONDS] = {"seconds", 's', "S", "duration (default: until the notes fade out, or Ctrl-C)"},
    [SET] = {"set", '\0', "NAME=VALUE", SETTINGS_DOC},
    [BACKEND] = {"backend", '\0', "BACKEND",
                 "sound system: auto, jack, pulse, alsa or dummy (auto)"},
    [DEVICE] = {"device", '\0', "NAME", "output device of the started server"},
};

static const double beat_default = 0.5, seconds_max = 86400, tail_seconds = 20, lead_seconds = 0.1,
                    end_seconds = 3;

typedef struct {
    const char *path, *notes, *chord, *score, *backend, *device;
    settings settings;
    double beat, seconds;
    bool has_notes;  ///< the patch hears notes
    bool made_synth; ///< on a server that is not ours
    char synth[32];
    mega_patch *patch;
    char *text; ///< the same as JSON
    piece music;
    booted server;
} player;

// ---- what is to be played ----------------------------------------------------------------------

static bool take(client *c, player *p, int option) {
    switch (option) {
    case NOTES: p->notes = optarg; return true;
    case CHORD: p->chord = optarg; return true;
    case SCORE: p->score = optarg; return true;
    case BEAT: return number_of(c->command, "beat", optarg, 0.001, 3600, &p->beat);
    case SECONDS: return number_of(c->command, "seconds", optarg, 0.001, seconds_max, &p->seconds);
    case BACKEND: p->backend = optarg; return true;
    case DEVICE: p->device = optarg; return true;
    default: return settings_add(c->command, &p->settings, optarg);
    }
}

/// A chord, held to the end, besides. @return whether it is good
static bool add_chord(player *p, const char *chord) {
    mega_text_errors errors = {0};
    double held = p->seconds > 0 ? p->seconds : seconds_max;
    if (strpbrk(chord, " \t")) mega_text_error(&errors, "write one chord, such as C4+E4+G4");
    else if (mega_notes_read(chord, held / 0.9, &p->music.sequence, &errors)) {
        mega_sequence_sort(&p->music.sequence);
        return true;
    }
    print_text_errors(stderr, "megasynth: --chord", &errors);
    return false;
}

/// Notes and score at a server's rate. @param again what is wrong has been said
static int read_music(player *p, uint32_t rate, bool again) {
    piece_options of = {.patch = p->path,
                        .notes = p->notes,
                        .score = p->score,
                        .beat = p->beat,
                        .rate = rate,
                        .quiet = again};
    piece_finish(&p->music);
    int code = piece_read(&of, p->patch, &p->music);
    const char *chord = p->chord;
    if (!p->notes && !p->score && !chord && p->has_notes && !isatty(STDIN_FILENO)) chord = "C4";
    return code == CLI_OK && chord && !add_chord(p, chord) ? CLI_USAGE : code;
}

/// Reads the patch, and says all that is wrong with it before anything is started.
static int read_patch(player *p) {
    mega_report *report = mega_report_create();
    if (!report) return status_exit(p->path, MEGA_ERROR_MEMORY);
    int code = patch_read(p->path, report, &p->patch);
    if (code == CLI_OK && mega_patch_check(p->patch, report) != MEGA_OK) code = CLI_PATCH;
    print_report(stderr, p->path, report, false);
    mega_report_destroy(report);
    if (code == CLI_OK) code = settings_apply(&command_play, &p->settings, &p->patch);
    size_t bytes;
    if (code == CLI_OK) {
        p->has_notes = mega_patch_has_notes(p->patch);
        code = status_exit(p->path, mega_patch_write(p->patch, MEGA_FORMAT_JSON, &p->text, &bytes));
    }
    return code;
}

// ---- where -------------------------------------------------------------------------------------

/// Whether the command line or the environment names a server.
static bool is_named(const client *c) {
    const char *given = getenv("MEGASYNTH_URL");
    return c->url || c->name || (given && *given);
}

static bool start_server(client *c, player *p) {
    const char *further[5] = {"--backend", p->backend ? p->backend : "auto"};
    char cause[256];
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

/// A synth for the patch, without taking another's place: on our own server `main`, elsewhere one
/// of our own.
static bool take_synth(client *c, player *p) {
    if (!c->synth && p->server.pid) return true;
    if (!c->synth) snprintf(p->synth, sizeof p->synth, "play-%ld", (long)getpid());
    const char *name = c->synth ? c->synth : p->synth;
    json_t *answer = client_call(c, "/synth/list", NULL);
    if (!answer) return false;
    const json_t *there = json_object_get(json_object_get(answer, "synths"), name);
    bool taken = json_is_true(json_object_get(there, "loaded")), made = there != NULL;
    json_decref(answer);
    if (taken) {
        c->code = usage_error(c->command,
                              "synth `%s` already has a patch; omit --synth, or replace the patch "
                              "with `megasynth load`",
                              name);
        return false;
    }
    if (!made) {
        answer = client_call(c, "/synth/new", json_pack("{s:s}", "name", name));
        p->made_synth = answer != NULL;
        json_decref(answer);
    }
    c->synth = name;
    return made || p->made_synth;
}

static bool find_place(client *c, player *p) {
    catch_interrupts();
    return (is_named(c) ? client_open(c) : start_server(c, p)) && take_synth(c, p);
}

static bool prepare(client *c, player *p) {
    json_t *answer =
        client_call(c, "/patch/load", json_pack("{s:s, s:s}", "text", p->text, "format", "json"));
    json_decref(answer);
    return answer != NULL;
}

// ---- how ---------------------------------------------------------------------------------------

/// @return false after a message
static bool sound(client *c, player *p) {
    json_t *clock = client_call(c, "/clock", NULL);
    if (!clock) return false;
    double rate = number_in(clock, "rate");
    // on the grid of blocks, so that edits fall where `render` has them
    uint64_t first = (uint64_t)(number_in(clock, "frame") + lead_seconds * rate);
    first += (SEQUENCE_GRID_FRAMES - first % SEQUENCE_GRID_FRAMES) % SEQUENCE_GRID_FRAMES;
    json_decref(clock);
    int code = read_music(p, (uint32_t)rate, true);
    if (code != CLI_OK) {
        c->code = code;
        return false;
    }
    double began = clock_seconds() + lead_seconds;
    double until = p->seconds > 0 ? began + p->seconds : INFINITY;
    bool typed = !p->notes && !p->score && !p->chord && p->has_notes && isatty(STDIN_FILENO);
    fprintf(stderr, "playing %s%s%s at %s; Ctrl-C ends it\n", p->path, c->synth ? " as synth " : "",
            c->synth ? c->synth : "", link_url(c->link));
    if (typed) return perform_piano(c, until);
    if (!perform_sequence(c, &p->music.sequence, first, began, until)) return false;
    if ((p->notes || p->score) && !p->chord && p->seconds == 0 && p->music.facts.ends_with_notes)
        return perform_tail(c, tail_seconds, p->server.pid == 0);
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
        else {
            if (code <= CLI_OK) end_notes(c);
            if (p->made_synth)
                json_decref(client_call_in(c, "/synth/free", json_pack("{s:s}", "name", c->synth),
                                           end_seconds));
        }
    }
    link_close(c->link);
    c->link = NULL;
    if (p->server.pid) boot_end(&p->server, there ? end_seconds : 0);
    bool endless = p->seconds == 0 && !p->notes && !p->score;
    c->code = code > CLI_OK ? code : stopped && !endless ? CLI_INTERRUPTED : CLI_OK;
}

static int play(client *c, player *p) {
    int code = read_patch(p);
    if (code != CLI_OK) return code;
    code = read_music(p, 48000, false);
    if (code != CLI_OK) return code;
    bool there = find_place(c, p) && prepare(c, p) && sound(c, p);
    // What the server refused, it is still there to be ended.
    finish(c, p, there || (c->link && c->code != CLI_LOST));
    return c->code;
}

static int run(int argc, char **argv) {
    client c = {.command = &command_play};
    static player p; // its settings are large
    p.beat = beat_default;
    for (int option; client_option(&c, argc, argv, &option);)
        if (!take(&c, &p, option)) return CLI_USAGE;
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 1)) return CLI_USAGE;
    if (is_named(&c) && (p.backend || p.device))
        return usage_error(
            c.command,
            "--%s applies only when `play` starts a server; omit it, or --url and --name",
            p.backend ? "backend" : "device");
    p.path = argv[optind];
    int code = play(&c, &p);
    piece_finish(&p.music);
    mega_patch_destroy(p.patch);
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
        "  megasynth play examples/keys.json                      with this terminal's keys\n"
        "  megasynth play examples/keys.json --notes \"C4 E4 G4 C4+E4+G4\"\n"
        "  megasynth play examples/keys.json --score examples/demo_score.json\n"
        "  megasynth play examples/pad.json --chord C3+G3+E4 --seconds 20\n",
    .notes =
        "It starts its own megasynthd and stops it at the end; if no other server runs, `megasynth knob` and the\n"
        "other commands use that one. With --url or --name (or MEGASYNTH_URL) it adds a synth to a running server,\n"
        "beside the others, and replaces none. `megasynth render --help` describes NOTES and SCORE. Without notes, the\n"
        "terminal's keys play; without a terminal it plays C4. A patch without a `note` node (a drone) sounds at once.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
// clang-format on
