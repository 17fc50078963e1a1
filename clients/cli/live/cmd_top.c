// SPDX-License-Identifier: MIT
// top -- load, voices, xruns and the cost of modules, as they change.
#include <getopt.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "live/client.h"
#include "live/page.h"
#include "live/terminal.h"

enum { ONCE, INTERVAL };
static const cli_option options[] = {
    [ONCE] = {"once", '\0', NULL, "print one page and exit, for pipes and scripts"},
    [INTERVAL] = {"interval", 'i', "S", "seconds between updates, 0.05..60 (0.5)"},
};
static const double interval_default = 0.5, interval_min = 0.05, interval_max = 60;

enum { SYNTHS_MAX = 64 };

typedef struct {
    client *c;
    double interval;
    json_t *status, *costs, *costs_before;
    double when, when_before;
    char profiled[SYNTHS_MAX][64]; ///< synths that measure because of us
    int profiled_count;
} view;

// ---- what modules take -------------------------------------------------------------------------

/// Asks one synth, and lets it measure. NULL if it has no patch any more, or the server is gone.
static json_t *profile(view *v, const char *name) {
    char address[320];
    snprintf(address, sizeof address, "/synth/%.64s/patch/profile", name);
    json_t *answer = client_call(v->c, address, NULL);
    if (!answer || json_is_true(json_object_get(answer, "on"))) return answer;
    if (v->profiled_count < SYNTHS_MAX) snprintf(v->profiled[v->profiled_count++], 64, "%s", name);
    json_decref(answer);
    return client_call(v->c, address, json_pack("{s:b}", "on", true));
}

/// Of all synths together. @return false if the server is gone
static bool read_costs(view *v) {
    json_decref(v->costs_before);
    v->costs_before = v->costs;
    v->when_before = v->when;
    v->when = clock_seconds();
    json_t *sums = json_object(), *synth, *ns;
    v->costs = json_pack("{s:o}", "modules", sums);
    const char *name, *type;
    json_object_foreach(json_object_get(v->status, "synths"), name, synth) {
        if (!json_is_true(json_object_get(synth, "loaded"))) continue;
        if (v->c->synth && strcmp(v->c->synth, name) != 0) continue;
        json_t *answer = profile(v, name);
        if (!answer && v->c->code != CLI_REFUSED) return false;
        json_object_foreach(json_object_get(answer, "modules"), type, ns) json_object_set_new(
            sums, type, json_real(number_in(sums, type) + json_number_value(ns)));
        json_decref(answer);
    }
    return true;
}

static bool read_all(view *v) {
    json_decref(v->status);
    v->status = client_call(v->c, "/status", NULL);
    return v->status && read_costs(v);
}

/// Measuring ends with us, where it began with us.
static void stop_profiles(view *v) {
    char address[320];
    interrupted = 0;
    for (int i = 0; i < v->profiled_count; i++) {
        snprintf(address, sizeof address, "/synth/%.64s/patch/profile", v->profiled[i]);
        json_decref(client_call_in(v->c, address, json_pack("{s:b}", "on", false), 1));
    }
}

// ---- pages -------------------------------------------------------------------------------------

static void make_page(const view *v, page *p, int lines, int columns) {
    *p = (page){.columns = columns};
    page_status(p, v->status, link_url(v->c->link));
    int used = 0;
    for (size_t i = 0; i < p->used; i++) used += p->text[i] == '\n';
    int left = lines - used - 3;
    if (v->costs_before && left > 0)
        page_modules(p, v->costs, v->costs_before, v->when - v->when_before, left);
}

/// Waits for the next page. @return false to end
static bool wait(const view *v) {
    double until = v->when + v->interval;
    for (double left; (left = until - clock_seconds()) > 0;) {
        struct pollfd watched[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                    {.fd = link_socket(v->c->link), .events = POLLIN}};
        poll(watched, 2, left < 0.1 ? (int)(left * 1000) + 1 : 100);
        if (interrupted) return false;
        for (int key; (key = terminal_key()) != -1;)
            if (key == 'q' || key == 'Q' || key == 4 || key == -2) return false;
        if (watched[0].revents & (POLLHUP | POLLERR)) return false;
        if (watched[1].revents && link_turn(v->c->link) == LINK_LOST) return true; // is said
    }
    return !interrupted;
}

static void show_pages(view *v) {
    static page p;
    int lines, columns;
    bool good;
    while ((good = read_all(v))) {
        terminal_size(&lines, &columns);
        make_page(v, &p, lines, columns);
        terminal_show(p.text, p.used);
        if (!wait(v)) break;
    }
    if (good) v->c->code = CLI_OK;
}

/// Two looks, so that costs are of now.
static void print_one(view *v) {
    static page p;
    if (!read_all(v)) return;
    double until = clock_seconds() + v->interval;
    for (double left; (left = until - clock_seconds()) > 0 && !interrupted;) {
        packet notice;
        link_status status = link_receive(v->c->link, left, &notice); // its end shows, too
        if (status == LINK_OK) packet_finish(&notice);
        else if (status != LINK_TIMEOUT) break;
    }
    if (!read_all(v)) return;
    v->c->code = interrupted ? CLI_INTERRUPTED : CLI_OK;
    if (v->c->json) {
        json_t *all = json_pack("{s:O, s:O, s:O, s:f}", "status", v->status, "modules",
                                json_object_get(v->costs, "modules"), "modules_before",
                                json_object_get(v->costs_before, "modules"), "seconds",
                                v->when - v->when_before);
        print_json_line(all);
        json_decref(all);
        return;
    }
    make_page(v, &p, 1000, PAGE_WIDE);
    fwrite(p.text, 1, p.used, stdout);
}

static int run(int argc, char **argv) {
    client c = {.command = &command_top};
    view v = {.c = &c, .interval = interval_default};
    bool once = false;
    for (int option; client_option(&c, argc, argv, &option);) {
        once = once || option == ONCE;
        if (option == INTERVAL &&
            !number_of(c.command, "interval", optarg, interval_min, interval_max, &v.interval))
            return CLI_USAGE;
    }
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 0)) return CLI_USAGE;
    if (!client_open(&c)) return c.code;
    once = once || c.json || !isatty(STDOUT_FILENO);
    c.quiet = true; // what is wrong is said when the page is gone
    if (once || !terminal_begin(true)) print_one(&v);
    else show_pages(&v);
    int code = c.code;
    stop_profiles(&v);
    terminal_end();
    c.code = code;
    if (*c.said && code > CLI_OK) say("%s", c.said);
    json_decref(v.status);
    json_decref(v.costs);
    json_decref(v.costs_before);
    return client_close(&c);
}

const cli_command command_top = {
    .name = "top",
    .operands = "",
    .doc = "watch load, voices, xruns and the cost of each module",
    .examples = "  megasynth top                      press q to quit\n"
                "  megasynth top --once               one page\n"
                "  megasynth top --synth bass -i 1\n",
    .notes =
        "The server measures modules only while `top` runs. `of core` is the percentage of one "
        "processor core,\n`share` the percentage of all modules' time.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
