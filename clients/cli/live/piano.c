// SPDX-License-Identifier: MIT
// piano -- two rows of the keyboard as white and black keys. A terminal tells no releases: a note
// lasts a while, and as long as its key repeats.
#include <ctype.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "live/perform.h"
#include "live/terminal.h"

enum { KEYS = 128, OCTAVE_MIN = 0, OCTAVE_MAX = 8 };
static const double hold_seconds = 0.5, repeat_seconds = 0.12, slice_seconds = 0.05;

typedef struct {
    client *c;
    double ends[KEYS];    ///< 0: it does not sound
    double pressed[KEYS]; ///< last
    int octave;
    double velocity;
} piano;

static bool send_note(piano *p, int key, bool on) {
    char room[320];
    int32_t id;
    json_t *map = on ? json_pack("{s:i, s:f}", "key", key, "velocity", p->velocity)
                     : json_pack("{s:i}", "key", key);
    const char *address = client_address(p->c, on ? "/note/on" : "/note/off", room);
    link_status status = link_request(p->c->link, address, map, &id);
    json_decref(map);
    if (status == LINK_OK) return true;
    p->c->code = client_link_error(p->c, status, address);
    return false;
}

static bool press(piano *p, int key) {
    double now = clock_seconds();
    bool repeats = p->ends[key] > 0 && now - p->pressed[key] < repeat_seconds;
    bool sounds = p->ends[key] > 0;
    p->pressed[key] = now;
    p->ends[key] = now + hold_seconds;
    if (repeats) return true;
    return (!sounds || send_note(p, key, false)) && send_note(p, key, true);
}

static bool release(piano *p, double now) {
    for (int key = 0; key < KEYS; key++) {
        if (p->ends[key] == 0 || p->ends[key] > now) continue;
        p->ends[key] = 0;
        if (!send_note(p, key, false)) return false;
    }
    return true;
}

static void tell(const piano *p) {
    fprintf(stderr, "\roctave C%d, velocity %.1f ", p->octave, p->velocity);
}

/// @return false to end
static bool type(piano *p, int typed) {
    static const char white_and_black[] = "awsedftgyhujkolp;'";
    typed = tolower(typed);
    const char *at = typed > 0 ? strchr(white_and_black, typed) : NULL;
    int key = at ? 12 * (p->octave + 1) + (int)(at - white_and_black) : 0;
    if (at) return key >= KEYS || press(p, key);
    switch (typed) {
    case 'z': p->octave -= p->octave > OCTAVE_MIN; break;
    case 'x': p->octave += p->octave < OCTAVE_MAX; break;
    case 'c': p->velocity = fmax(0.1, p->velocity - 0.1); break;
    case 'v': p->velocity = fmin(1, p->velocity + 0.1); break;
    case ' ': return release(p, INFINITY);
    case 'q':
    case 4: return false;
    default: return true;
    }
    tell(p);
    return true;
}

bool perform_piano(client *c, double until) {
    piano p = {.c = c, .octave = 4, .velocity = 0.8};
    if (!terminal_begin(false)) return perform_wait(c, until);
    fputs("a w s e d f t g y h u j k: play   z x: octave   c v: velocity   space: release all   q: "
          "quit\n",
          stderr);
    tell(&p);
    bool there = true, on = true;
    while (there && on && !interrupted && clock_seconds() < until) {
        struct pollfd watched[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                    {.fd = link_socket(c->link), .events = POLLIN}};
        poll(watched, 2, (int)(slice_seconds * 1000));
        for (int typed; on && (typed = terminal_key()) != -1;) on = typed != -2 && type(&p, typed);
        if (watched[0].revents & (POLLHUP | POLLERR)) on = false;
        there = c->code <= CLI_OK && release(&p, clock_seconds()) &&
                perform_wait(c, clock_seconds() + 1e-4);
    }
    if (there) there = release(&p, INFINITY);
    terminal_end();
    fputc('\n', stderr);
    return there;
}
