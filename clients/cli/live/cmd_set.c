// SPDX-License-Identifier: MIT
// set, knob -- read and set parameters and knobs of a running server.
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "live/client.h"

enum { RAMP };
static const cli_option options[] = {
    [RAMP] = {"ramp", '\0', "MS", "time to reach the value (the parameter's own smoothing)"},
};
static const double ramp_ms_max = 1e6;

/// --ramp and the common options. @param ramp below 0: not given
static bool read_options(client *c, int argc, char **argv, double *ramp) {
    *ramp = -1;
    for (int option; client_option(c, argc, argv, &option);)
        if (!number_of(c->command, "ramp", optarg, 0, ramp_ms_max, ramp)) c->code = CLI_USAGE;
    return c->code < 0;
}

static bool is_number(const char *word) {
    char *end;
    strtod(word, &end);
    return end != word && !*end;
}

/// "0.45 (80..12000 Hz, exp)"
static void print_row(const char *name, const json_t *answer) {
    const json_t *range = json_object_get(answer, "range");
    double min = range ? json_number_value(json_array_get(range, 0)) : number_in(answer, "min"),
           max = range ? json_number_value(json_array_get(range, 1)) : number_in(answer, "max");
    const char *unit = text_in(answer, "unit"), *scale = text_in(answer, "scale");
    printf("%-20s %-10g", name, number_in(answer, "value"));
    if (min != max) printf(" %g..%g", min, max);
    printf("%s%s%s%s", *unit ? " " : "", unit, strcmp(scale, "exp") == 0 ? " exp" : "",
           *text_in(answer, "doc") ? "  " : "");
    puts(text_in(answer, "doc"));
}

/// "+0.1" stands for a step from where the value is; of a knob "-0.1" does, too.
static bool is_step(const char *word, bool knob) {
    word += *word == ' '; // see guard_numbers
    return *word == '+' || (knob && *word == '-');
}

/// "+0.1", "-0.1", and "+-100" where a negative number is a value.
static bool step_number(const client *c, const char *word, double *step) {
    word += *word == ' ';
    return client_number(c, "VALUE", word + (word[0] == '+' && word[1] == '-'), -1e12, 1e12, step);
}

/// Where a step from its present value leads, within its range. @return false after a message
static bool take_step(client *c, const char *address, json_t *names, double step, double *value) {
    json_t *now = client_call(c, address, names);
    if (!now) return false;
    double min = number_in(now, "min"), max = number_in(now, "max");
    if (min == max) max = min + 1; // a knob
    *value = fmin(fmax(number_in(now, "value") + step, min), max);
    json_decref(now);
    return true;
}

// ---- set ---------------------------------------------------------------------------------------

/// "filt.freq" in two; the last dot parts them. @param value for the hint: what it is set to
static bool split(const client *c, const char *word, const char *value, char node[128],
                  char param[128]) {
    const char *dot = strrchr(word, '.');
    if (!dot || dot == word || !dot[1] || strlen(word) > 127) {
        usage_error(c->command,
                    "`%.60s` is not NODE.PARAM; write it as in filt.freq; a knob: "
                    "`megasynth knob %.60s%s%.20s`",
                    word, word, value ? " " : "", value ? value : "");
        return false;
    }
    snprintf(node, 128, "%.*s", (int)(dot - word), word);
    snprintf(param, 128, "%s", dot + 1);
    return true;
}

/// What a word such as `square` stands for: its place among the choices in the module's own table.
static bool choice(client *c, const char *node, const char *param, const char *word,
                   double *value) {
    json_t *answer = client_call(c, "/param/list", json_pack("{s:s}", "node", node));
    if (!answer) return false;
    mega_param_info known = {0};
    mega_module_param_named(mega_module_find(text_in(answer, "type")), param, &known);
    json_decref(answer);
    for (size_t i = 0; i < known.choice_count; i++) {
        if (strcmp(known.choices[i], word) != 0) continue;
        *value = (double)i;
        return true;
    }
    char room[160];
    const char *near = did_you_mean(word, known.choices, known.choice_count, room);
    c->code = usage_error(c->command, "%s.%s: `%s` is not a %s%s", node, param, word,
                          known.choice_count ? "choice" : "number", near);
    return false;
}

static int set_param(client *c, const char *place, const char *word, double ramp) {
    char node[128], param[128], said[300];
    double value = 0;
    if (!split(c, place, word, node, param)) return CLI_USAGE;
    bool step = word && is_step(word, false);
    if (step ? !step_number(c, word, &value)
             : word && is_number(word) && !client_number(c, "VALUE", word, -1e12, 1e12, &value))
        return CLI_USAGE;
    if (!client_open(c)) return c->code;
    json_t *map = json_pack("{s:s, s:s}", "node", node, "param", param);
    if (!word) {
        json_t *answer = client_call(c, "/param/get", map);
        if (answer && c->json) print_json_line(answer);
        else if (answer) print_row(place, answer);
        json_decref(answer);
        return client_close(c);
    }
    if (step ? !take_step(c, "/param/get", json_incref(map), value, &value)
             : !is_number(word) && !choice(c, node, param, word, &value)) {
        json_decref(map);
        return client_close(c);
    }
    json_object_set_new(map, "value", json_real(value));
    if (ramp >= 0) json_object_set_new(map, "ramp_ms", json_real(ramp));
    if (step) snprintf(said, sizeof said, "%s %g", place, value);
    else snprintf(said, sizeof said, "%s %s", place, word + (*word == ' '));
    client_do(c, "/param/set", map, said);
    return client_close(c);
}

static int run_set(int argc, char **argv) {
    client c = {.command = &command_set};
    double ramp;
    if (!read_options(&c, argc, argv, &ramp)) return c.code;
    int count = argc - optind;
    if (count != 1 && !operands_are(c.command, argc, argv, 2)) return CLI_USAGE;
    return set_param(&c, argv[optind], count == 2 ? argv[optind + 1] : NULL, ramp);
}

const cli_command command_set = {
    .name = "set",
    .operands = "NODE.PARAM [VALUE]",
    .doc = "set or print a parameter of the running patch",
    .examples =
        "  megasynth set filt.freq 900 --ramp 200\n"
        "  megasynth set filt.freq +100       adds 100; +-100 subtracts 100, -100 means minus 100\n"
        "  megasynth set lfo.shape square\n"
        "  megasynth set filt.freq            prints its value and range\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_set,
    .live = true,
};

// ---- knob --------------------------------------------------------------------------------------

static int list_knobs(client *c) {
    json_t *answer = client_call(c, "/knob/list", NULL), *knob;
    const char *name;
    if (answer && c->json) print_json_line(answer);
    else if (answer)
        json_object_foreach(json_object_get(answer, "knobs"), name, knob) print_row(name, knob);
    json_decref(answer);
    return client_close(c);
}

static int run_knob(int argc, char **argv) {
    client c = {.command = &command_knob};
    double ramp, value;
    char said[160];
    if (!read_options(&c, argc, argv, &ramp)) return c.code;
    int count = argc - optind;
    if (count > 1 && !operands_are(c.command, argc, argv, 2)) return CLI_USAGE;
    const char *name = count ? argv[optind] : NULL, *word = count == 2 ? argv[optind + 1] : NULL;
    bool step = word && is_step(word, true);
    if (step ? !step_number(&c, word, &value)
             : word && !client_number(&c, "VALUE", word, 0, 1, &value))
        return CLI_USAGE;
    if (!client_open(&c)) return c.code;
    if (!name) return list_knobs(&c);
    json_t *map = json_pack("{s:s}", "name", name);
    if (!word) {
        json_t *answer = client_call(&c, "/knob/get", map);
        if (answer && c.json) print_json_line(answer);
        else if (answer) print_row(name, answer);
        json_decref(answer);
        return client_close(&c);
    }
    if (step && !take_step(&c, "/knob/get", json_incref(map), value, &value)) {
        json_decref(map);
        return client_close(&c);
    }
    json_object_set_new(map, "value", json_real(value));
    if (ramp >= 0) json_object_set_new(map, "ramp_ms", json_real(ramp));
    snprintf(said, sizeof said, "%.100s %g", name, value);
    client_do(&c, "/knob/set", map, said);
    return client_close(&c);
}

const cli_command command_knob = {
    .name = "knob",
    .operands = "[KNOB [VALUE]]",
    .doc = "set or print a knob (0..1), or list all knobs",
    .examples =
        "  megasynth knob                     lists all knobs\n"
        "  megasynth knob cutoff 0.7 --ramp 500\n"
        "  megasynth knob cutoff +0.1         adds 0.1; -0.1 subtracts (a knob is never negative)\n"
        "  megasynth knob cutoff              prints its value\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run_knob,
    .live = true,
};
