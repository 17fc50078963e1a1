// SPDX-License-Identifier: MIT
#include "live/batch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/words.h"

enum { SLICE_MS = 100 };

/// A line that was sent, until its answer is printed.
typedef struct {
    int32_t id;
    size_t line;
    double sent;
    bool answered;
    packet p;
    char address[256];
} slot;

typedef struct {
    client *c;
    lines in;
    slot slots[BATCH_WINDOW_MAX]; ///< a ring
    uint32_t first, count, window;
    double *trips; ///< seconds, of each
    size_t done, failed, trip_room;
} batch;

static void fail(batch *b, int code) {
    b->failed++;
    if (b->c->code <= CLI_OK) b->c->code = code;
}

// ---- out ---------------------------------------------------------------------------------------

static void send_words(batch *b, char **words, int count) {
    char why[256], room[320];
    const row *r = row_find(words[0]);
    json_t *arguments = row_arguments(r, words + 1, (size_t)count - 1, why);
    if (!arguments) {
        say("line %zu: %s: %s", b->in.number, words[0], why);
        fail(b, CLI_USAGE);
        return;
    }
    slot *s = &b->slots[(b->first + b->count) % b->window];
    *s = (slot){.line = b->in.number, .sent = clock_seconds()};
    snprintf(s->address, sizeof s->address, "%s", words[0]);
    link_status status =
        link_request(b->c->link, client_address(b->c, words[0], room), arguments, &s->id);
    json_decref(arguments);
    if (status == LINK_OK) b->count++;
    else fail(b, client_link_error(b->c, status, words[0]));
}

static void send_line(batch *b, char *line) {
    char *words[WORDS_MAX];
    const char *why;
    int count = words_split(line, words, &why);
    if (count == 0) return;
    if (count > 0 && *words[0] != '/') why = "a line must begin with an address, such as /knob/set";
    else if (count > 0) {
        send_words(b, words, count);
        return;
    }
    say("line %zu: %s", b->in.number, why);
    fail(b, CLI_USAGE);
}

// ---- in ----------------------------------------------------------------------------------------

static void print(batch *b, slot *s) {
    if (s->p.kind == PACKET_FAIL) {
        char source[300];
        snprintf(source, sizeof source, "line %zu: %s", s->line, s->address);
        b->c->source = source;
        fail(b, client_refusal(b->c, &s->p));
        b->c->source = NULL;
    } else if (b->c->json) {
        print_json_line(s->p.map);
    } else {
        printf("%s: ", s->address);
        print_short(s->p.map);
    }
    if (b->done == b->trip_room) {
        b->trip_room = b->trip_room ? 2 * b->trip_room : 1024;
        double *more = realloc(b->trips, b->trip_room * sizeof *more);
        if (!more) abort();
        b->trips = more;
    }
    b->trips[b->done++] = s->p.seconds - s->sent;
    packet_finish(&s->p);
}

static void take(batch *b, packet *p) {
    for (uint32_t i = 0; i < b->count; i++) {
        slot *s = &b->slots[(b->first + i) % b->window];
        if (s->id != p->id || s->answered) continue;
        s->p = *p;
        s->answered = true;
        break;
    }
    if (!b->count) packet_finish(p);
    while (b->count && b->slots[b->first].answered) {
        print(b, &b->slots[b->first]);
        b->first = (b->first + 1) % b->window;
        b->count--;
    }
}

/// All that has come. @return LINK_TIMEOUT if all is well
static link_status take_all(batch *b) {
    packet p;
    link_status status;
    while ((status = link_receive(b->c->link, 0, &p)) == LINK_OK) {
        if (p.id && (p.kind == PACKET_DONE || p.kind == PACKET_FAIL)) take(b, &p);
        else packet_finish(&p);
    }
    return status;
}

// ---- both --------------------------------------------------------------------------------------

static void wait(batch *b) {
    fflush(stdout);
    bool more = b->count < b->window && !b->in.ended;
    struct pollfd watched[2] = {
        {.fd = link_socket(b->c->link),
         .events = (short)(POLLIN | (link_unsent(b->c->link) ? POLLOUT : 0))},
        {.fd = more ? b->in.file : -1, .events = POLLIN}};
    poll(watched, 2, SLICE_MS);
    if (watched[1].revents && !lines_read(&b->in)) {
        say("standard input: %s", strerror(errno));
        fail(b, CLI_FILE);
        b->in.ended = true;
    }
}

static void say_unanswered(batch *b) {
    for (uint32_t i = 0; i < b->count; i++)
        if (!b->slots[(b->first + i) % b->window].answered) {
            say("no reply to line %zu and %u lines after it",
                b->slots[(b->first + i) % b->window].line, b->count - i - 1);
            return;
        }
}

static void run_stream(batch *b) {
    for (;;) {
        char *line;
        while (b->count < b->window && (line = lines_next(&b->in))) send_line(b, line);
        link_status status = take_all(b);
        bool late = b->count && clock_seconds() - b->slots[b->first].sent > b->c->timeout;
        if (status != LINK_TIMEOUT || late) {
            b->c->code = client_link_error(b->c, status, "send -");
            say_unanswered(b);
            return;
        }
        if (!b->count && b->in.ended && b->in.first == b->in.used) return;
        if (b->count == b->window || !b->in.used || b->in.first == b->in.used ||
            !memchr(b->in.bytes + b->in.first, '\n', b->in.used - b->in.first))
            wait(b);
    }
}

/// A datagram at a time: each is sent again until it is answered.
static void run_datagrams(batch *b) {
    for (;;) {
        char *line = lines_next(&b->in);
        if (!line && b->in.ended) return;
        if (!line && !lines_read(&b->in)) return;
        if (!line) continue;
        send_line(b, line);
        if (!b->count) continue;
        packet p;
        link_status status = link_answer(b->c->link, b->slots[b->first].id, b->c->timeout, &p);
        if (status != LINK_OK) {
            b->c->code = client_link_error(b->c, status, b->slots[b->first].address);
            return;
        }
        take(b, &p);
        fflush(stdout);
    }
}

static int compare(const void *a, const void *b) {
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

static void say_stats(batch *b, double seconds) {
    if (b->done) qsort(b->trips, b->done, sizeof *b->trips, compare);
    say("%zu replies, %zu errors, %.3f s, %.0f per second; round trip p50 %.3f ms, p99 %.3f ms",
        b->done, b->failed, seconds, (double)b->done / (seconds > 0 ? seconds : 1),
        b->done ? b->trips[b->done / 2] * 1e3 : 0,
        b->done ? b->trips[b->done * 99 / 100] * 1e3 : 0);
}

int batch_run(client *c, uint32_t window, bool stats) {
    batch *b = calloc(1, sizeof *b);
    if (!b) return c->code = status_exit("send -", MEGA_ERROR_MEMORY);
    b->c = c;
    b->in.file = STDIN_FILENO;
    b->window = window;
    c->code = CLI_OK;
    double began = clock_seconds();
    if (link_is_datagram(c->link)) run_datagrams(b);
    else run_stream(b);
    if (stats) say_stats(b, clock_seconds() - began);
    while (b->count--) {
        packet_finish(&b->slots[b->first].p);
        b->first = (b->first + 1) % b->window;
    }
    lines_finish(&b->in);
    free(b->trips);
    free(b);
    return c->code;
}
