// SPDX-License-Identifier: MIT
#include "live/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/client.h"

void page_line(page *p, const char *format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t bytes = strlen(line);
    int columns = 0;
    for (size_t i = 0; i < bytes; i++) {
        if ((unsigned char)line[i] < ' ') line[i] = ' '; // no name moves the cursor
        columns += (line[i] & 0xC0) != 0x80;             // UTF-8: first bytes of characters
        if (columns > p->columns) bytes = i;
    }
    if (p->used + bytes + 1 > sizeof p->text) return;
    memcpy(p->text + p->used, line, bytes);
    p->used += bytes;
    p->text[p->used++] = '\n';
}

/// "1 d 02:03:04" or "02:03:04"
static const char *duration(double seconds, char room[32]) {
    long s = (long)seconds;
    if (s >= 86400)
        snprintf(room, 32, "%ld d %02ld:%02ld:%02ld", s / 86400, s / 3600 % 24, s / 60 % 60,
                 s % 60);
    else snprintf(room, 32, "%02ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    return room;
}

static void bar(double share, char room[24]) {
    int full = share <= 0 ? 0 : share >= 1 ? 20 : (int)(share * 20 + 0.5);
    memset(room, '-', 20);
    memset(room, '#', (size_t)full);
    room[20] = '\0';
}

static void synth_lines(page *p, const json_t *status) {
    const char *name;
    json_t *s;
    page_line(p, "%-16s %8s %7s %7s %7s %7s %7s %9s %6s", "synth", "revision", "voices", "notes",
              "stolen", "late", "nan", "memory", "fader");
    json_object_foreach(json_object_get(status, "synths"), name, s) page_line(
        p, "%-16.16s %8.0f %7.0f %7.0f %7.0f %7.0f %7.0f %7.1fMB %6.2f%s", name,
        number_in(s, "rev"), number_in(s, "voices"), number_in(s, "notes"), number_in(s, "stolen"),
        number_in(s, "late"), number_in(s, "nan"), number_in(s, "memory") / 1e6,
        number_in(s, "fader"), json_is_true(json_object_get(s, "loaded")) ? "" : "  no patch");
}

void page_status(page *p, const json_t *status, const char *url) {
    const json_t *load = json_object_get(status, "load"), *d = json_object_get(status, "device"),
                 *q = json_object_get(status, "queues");
    double peak = number_in(status, "level_peak");
    char up[32], mean[24], worst[24], level[32] = "silent";
    bar(number_in(load, "mean"), mean);
    bar(number_in(load, "peak"), worst);
    if (peak > 1e-6) snprintf(level, sizeof level, "%.1f dB", 20 * log10(peak));
    page_line(p, "megasynthd at %s, up %s, %.0f client%s", url,
              duration(number_in(status, "uptime"), up), number_in(status, "clients"),
              number_in(status, "clients") == 1 ? "" : "s");
    page_line(p, "%s %s: %s, %.0f Hz, %.0f out, %.0f in, period %.0f, latency %.1f ms, %s",
              text_in(d, "backend"), text_in(d, "name"), text_in(d, "state"), number_in(d, "rate"),
              number_in(d, "outputs"), number_in(d, "inputs"), number_in(d, "period"),
              number_in(d, "latency") * 1e3,
              json_is_true(json_object_get(d, "realtime")) ? "real-time" : "no real-time priority");
    page_line(p, "load %s %5.1f %%   peak %s %5.1f %%", mean, 100 * number_in(load, "mean"), worst,
              100 * number_in(load, "peak"));
    page_line(p, "voices %.0f   xruns %.0f   late %.0f   level %s   memory %.1f MB   builds %.0f",
              number_in(status, "voices"), number_in(status, "xruns"), number_in(status, "late"),
              level, number_in(status, "memory") / 1e6, number_in(q, "build"));
    page_line(p, "%s", "");
    synth_lines(p, status);
}

// ---- modules -----------------------------------------------------------------------------------

typedef struct {
    const char *type;
    double ns;
} cost;

static int dearest_first(const void *a, const void *b) {
    double one = ((const cost *)a)->ns, two = ((const cost *)b)->ns;
    return (one < two) - (one > two);
}

void page_modules(page *p, const json_t *now, const json_t *before, double seconds, int lines) {
    enum { TYPES_MAX = 512 };
    static cost costs[TYPES_MAX];
    int count = 0;
    const char *type;
    json_t *ns;
    const json_t *old = json_object_get(before, "modules");
    json_object_foreach(json_object_get(now, "modules"), type, ns) {
        double spent = json_number_value(ns) - number_in(old, type);
        if (count < TYPES_MAX && spent > 0) costs[count++] = (cost){type, spent};
    }
    qsort(costs, (size_t)count, sizeof *costs, dearest_first);
    double all = 0;
    for (int i = 0; i < count; i++) all += costs[i].ns;
    page_line(p, "%s", "");
    page_line(p, "%-22s %8s %8s", "module", "of core", "share");
    for (int i = 0; i < count && i < lines; i++) {
        char share[24];
        bar(costs[i].ns / all, share);
        page_line(p, "%-22.22s %6.2f %% %6.1f %% %s", costs[i].type,
                  costs[i].ns / (seconds * 1e9) * 100, costs[i].ns / all * 100, share);
    }
    if (!count) page_line(p, "%s", "nothing sounds");
}
