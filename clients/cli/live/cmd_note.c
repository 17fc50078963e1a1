// SPDX-License-Identifier: MIT
// note, panic -- notes played from a shell, and the end of all sound.
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "live/client.h"

enum { KEYS_MAX = 16 };
enum { SECONDS, HOLD, OFF };
static const cli_option options[] = {
    [SECONDS] = {"seconds", 's', "S", "duration (0.5)"},
    [HOLD] = {"hold", '\0', NULL, "start the note only; --off releases it"},
    [OFF] = {"off", '\0', NULL, "release the note; without KEY, all notes"},
};
static const double seconds_default = 0.5, seconds_max = 86400, velocity_default = 0.8;

/// "C4+E4+G4". @return how many; 0 after a message
static int read_keys(const client *c, const char *word, double keys[KEYS_MAX]) {
    const char *at = word;
    for (int count = 0; count < KEYS_MAX; at++) {
        char one[16];
        size_t bytes = strcspn(at, "+");
        snprintf(one, sizeof one, "%.*s", (int)(bytes < 15 ? bytes : 15), at);
        if (bytes > 15 || !key_word(one, &keys[count])) break;
        count++;
        at += bytes;
        if (!*at) return count;
    }
    char *end;
    double number = strtod(word, &end);
    if (end != word && !*end && isfinite(number)) {
        usage_error(c->command, "KEY: %.20s is out of range; it must be 0..127", word);
        return 0;
    }
    usage_error(
        c->command,
        "`%.60s` is not a note; write C4, F#3, Bb-1, a MIDI key 0..127, or a chord C4+E4+G4 "
        "of up to %d notes",
        word, KEYS_MAX);
    return 0;
}

static bool note_off(client *c, json_t *map) {
    json_t *answer = client_call(c, "/note/off", map);
    json_decref(answer);
    return answer != NULL;
}

static int end_notes(client *c, const double *keys, int count) {
    if (!count) return client_do(c, "/note/all_off", NULL, NULL);
    bool good = true;
    for (int i = 0; i < count && good; i++) good = note_off(c, json_pack("{s:f}", "key", keys[i]));
    if (good) c->code = CLI_OK;
    return c->code;
}

/// Waits without missing that the server goes. @return false after a message
static bool hold(client *c, double seconds) {
    double until = clock_seconds() + seconds;
    for (;;) {
        packet p;
        link_status status = link_receive(c->link, fmax(0, until - clock_seconds()), &p);
        if (status == LINK_OK) packet_finish(&p);
        else if (status == LINK_TIMEOUT || status == LINK_INTERRUPTED) return true;
        else {
            c->code = client_link_error(c, status, "/note/on");
            return false;
        }
    }
}

static int play_notes(client *c, const double *keys, int count, double velocity, double seconds) {
    json_t *started[KEYS_MAX] = {0};
    int on = 0;
    while (on < count &&
           (started[on] = client_call(
                c, "/note/on", json_pack("{s:f, s:f}", "key", keys[on], "velocity", velocity)))) {
        if (c->json) print_json_line(started[on]);
        on++;
    }
    fflush(stdout);
    if (on == count) c->code = CLI_OK;
    bool there = seconds == 0 || hold(c, seconds);
    bool stopped = interrupted;
    interrupted = 0; // it is still to be ended
    for (int i = 0; i < on; i++) {
        if (there && seconds > 0)
            there = note_off(c, json_pack("{s:O}", "note", json_object_get(started[i], "note")));
        json_decref(started[i]);
    }
    if (stopped && c->code <= CLI_OK) c->code = CLI_INTERRUPTED;
    return c->code;
}

static int run(int argc, char **argv) {
    client c = {.command = &command_note};
    double seconds = seconds_default, velocity = velocity_default, keys[KEYS_MAX];
    bool held = false, off = false;
    for (int option; client_option(&c, argc, argv, &option);) {
        held = held || option == HOLD;
        off = off || option == OFF;
        if (option == SECONDS &&
            !number_of(c.command, "seconds", optarg, 0.001, seconds_max, &seconds))
            return CLI_USAGE;
    }
    if (c.code >= 0) return c.code;
    int given = argc - optind, count = 0;
    if (held && off) return usage_error(c.command, "use either --hold or --off, not both");
    if (!(off && given == 0) && given != 2 && !operands_are(c.command, argc, argv, 1))
        return CLI_USAGE;
    if (given && !(count = read_keys(&c, argv[optind], keys))) return CLI_USAGE;
    if (given == 2 && !client_number(&c, "VELOCITY", argv[optind + 1], 0, 1, &velocity))
        return CLI_USAGE;
    if (!client_open(&c)) return c.code;
    if (off) end_notes(&c, keys, count);
    else play_notes(&c, keys, count, velocity, held ? 0 : seconds);
    return client_close(&c);
}

const cli_command command_note = {
    .name = "note",
    .operands = "KEY [VELOCITY]",
    .doc = "play a note or a chord",
    .examples = "  megasynth note C4\n"
                "  megasynth note C4+E4+G4 0.9 --seconds 2\n"
                "  megasynth note f#3 --hold; sleep 1; megasynth note f#3 --off\n",
    .notes = "KEY is a name, C4 (middle C, key 60), F#3, Bb-1, or a MIDI key 0..127 such as 60 or "
             "61.5; VELOCITY\nis 0..1 (0.8).\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};

// ---- panic -------------------------------------------------------------------------------------

static int run_panic(int argc, char **argv) {
    client c = {.command = &command_panic};
    for (int option; client_option(&c, argc, argv, &option);) continue;
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 0)) return CLI_USAGE;
    if (client_open(&c)) client_do(&c, "/panic", NULL, NULL);
    return client_close(&c);
}

const cli_command command_panic = {
    .name = "panic",
    .operands = "",
    .doc = "silence everything, drones too, until the next load or note",
    .examples = "  megasynth panic\n",
    .run = run_panic,
    .live = true,
};
