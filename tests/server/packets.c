// SPDX-License-Identifier: MIT
// packets -- sends a running server millions of packets over one transport, most of them wrong in
// some way, and asks every few hundred whether it still answers. Loopback only, and it ends.
//
// usage: packets unix:PATH|tcp://127.0.0.1:PORT|udp://127.0.0.1:PORT COUNT [SEED]
// A run for the record: megasynthd of a build with -DMEGASYNTH_SANITIZE=address,undefined, 10000000
// packets over each.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_MAX = 2048, BETWEEN_PINGS = 256, ANSWER_MS_MAX = 20000 };

static uint64_t state;

static uint32_t draw(uint32_t below) { // splitmix64
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ z >> 31) >> 32) % below;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// ---- packets ----------------------------------------------------------------------------------

typedef struct {
    uint8_t bytes[PACKET_MAX + 64];
    size_t used;
} packet;

static void put(packet *p, const void *bytes, size_t count) {
    if (p->used + count > PACKET_MAX) return;
    memcpy(p->bytes + p->used, bytes, count);
    p->used += count;
}
static void put_text(packet *p, const char *text) {
    static const char zeros[4];
    size_t length = strlen(text);
    put(p, text, length);
    put(p, zeros, 4 - length % 4);
}
static void put_u32(packet *p, uint32_t value) {
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                        (uint8_t)value};
    put(p, bytes, 4);
}

/// All but those that end the server, load machines for real, or write files.
static const char *const addresses[] = {"/hello",
                                        "/ping",
                                        "/sync",
                                        "/clock",
                                        "/status",
                                        "/subscribe",
                                        "/unsubscribe",
                                        "/command/list",
                                        "/panic",
                                        "/synth/new",
                                        "/synth/free",
                                        "/synth/list",
                                        "/synth/fader",
                                        "/patch/load",
                                        "/patch/edit",
                                        "/patch/add",
                                        "/patch/remove",
                                        "/patch/connect",
                                        "/patch/disconnect",
                                        "/patch/undo",
                                        "/patch/redo",
                                        "/patch/cancel",
                                        "/patch/get",
                                        "/patch/disasm",
                                        "/param/set",
                                        "/param/get",
                                        "/param/list",
                                        "/knob/new",
                                        "/knob/free",
                                        "/knob/set",
                                        "/knob/get",
                                        "/knob/list",
                                        "/knob/map",
                                        "/preset/recall",
                                        "/preset/save",
                                        "/preset/list",
                                        "/note/on",
                                        "/note/off",
                                        "/note/set",
                                        "/note/control",
                                        "/note/all_off",
                                        "/voice/alloc",
                                        "/voice/free",
                                        "/voice/list",
                                        "/bus/new",
                                        "/bus/free",
                                        "/bus/set",
                                        "/bus/get",
                                        "/bus/list",
                                        "/bus/tap",
                                        "/bus/untap",
                                        "/module/list",
                                        "/module/get",
                                        "/record/status",
                                        "/record/stop",
                                        "/state/get",
                                        "/synth/main/note/on",
                                        "/synth/x/knob/set",
                                        "/nothing",
                                        "/",
                                        "/a/b/c"};
static const char *const words[] = {
    "main", "cutoff", "filt", "res", "note", "", "x", "saw", "\xff\xfe", "out", "../../etc/passwd"};

static void put_payload(packet *p) {
    static const uint8_t some[] = {0x80, 0x81, 0xa1, 'a',  0xa3, 'k',  'e',  'y',
                                   0x90, 0xc0, 0xdf, 0xff, 0xcb, 0x7f, 0xd9, 0xc4};
    uint8_t blob[64] = {0x80};
    uint32_t count = 1 + draw(63);
    if (draw(3))
        for (uint32_t i = 0; i < count; i++)
            blob[i] = draw(2) ? some[draw(sizeof some)] : (uint8_t)draw(256);
    else count = 1;
    put_u32(p, count);
    put(p, blob, (count + 3) / 4 * 4);
}

static void message(packet *p) {
    put_text(p, addresses[draw(sizeof addresses / sizeof *addresses)]);
    if (draw(3) == 0) { // the request form
        put_text(p, ",ib");
        put_u32(p, 1 + draw(100000));
        put_payload(p);
        return;
    }
    char types[10] = ",";
    uint32_t count = draw(6);
    for (uint32_t i = 0; i < count; i++) types[1 + i] = "ifsbhdTFNtcmrSI[]"[draw(i ? 17 : 12)];
    put_text(p, types);
    for (uint32_t i = 1; i <= count; i++) {
        if (strchr("sS", types[i])) put_text(p, words[draw(sizeof words / sizeof *words)]);
        else if (types[i] == 'b') put_payload(p);
        else if (strchr("hdt", types[i]))
            put_u32(p, draw(2) ? 0 : draw(UINT32_MAX)), put_u32(p, draw(128));
        else if (strchr("ifcmr", types[i])) put_u32(p, draw(2) ? draw(128) : draw(UINT32_MAX));
    }
}

static void any(packet *p, int depth) {
    if (draw(8) || depth > 5) {
        message(p);
        return;
    }
    put_text(p, "#bundle");
    put_u32(p, 0);
    put_u32(p, draw(4) ? 1 : draw(UINT32_MAX));
    for (uint32_t i = draw(5); i; i--) {
        size_t at = p->used;
        put_u32(p, 0);
        any(p, depth + 1);
        uint32_t bytes = (uint32_t)(p->used - at - 4);
        for (int b = 0; b < 4 && at + 4 <= p->used; b++)
            p->bytes[at + (size_t)b] = (uint8_t)(bytes >> (24 - 8 * b));
    }
}

static void make(packet *p) {
    p->used = 0;
    any(p, 0);
    uint32_t kind = draw(4);
    if (kind == 0)
        for (uint32_t i = 1 + draw(3); i; i--)
            p->bytes[draw((uint32_t)p->used)] = (uint8_t)draw(256);
    if (kind == 1) p->used = draw((uint32_t)p->used + 1);
}

// ---- the connection ---------------------------------------------------------------------------

static int server;
static bool is_datagram;

static int connect_to(const char *url) {
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (strncmp(url, "unix:", 5) == 0) {
        snprintf(local.sun_path, sizeof local.sun_path, "%s", url + 5);
        int made = socket(AF_UNIX, SOCK_STREAM, 0);
        return connect(made, (struct sockaddr *)&local, sizeof local) == 0 ? made : -1;
    }
    is_datagram = strncmp(url, "udp:", 4) == 0;
    const char *port = strrchr(url, ':');
    address.sin_port = htons((uint16_t)strtoul(port ? port + 1 : "0", NULL, 10));
    int made = socket(AF_INET, is_datagram ? SOCK_DGRAM : SOCK_STREAM, 0);
    return connect(made, (struct sockaddr *)&address, sizeof address) == 0 ? made : -1;
}

/// Reads what there is; tells whether the answer to `id` was in it.
static bool drain(uint32_t id, int ms) {
    static uint8_t room[1 << 20];
    uint8_t wanted[12];
    struct pollfd wait = {.fd = server, .events = POLLIN};
    bool found = false;
    memcpy(wanted, ",isb\0\0\0\0", 8);
    for (int b = 0; b < 4; b++) wanted[8 + b] = (uint8_t)(id >> (24 - 8 * b));
    while (!found && poll(&wait, 1, ms) == 1) {
        ssize_t got = recv(server, room, sizeof room, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != ECONNREFUSED)) {
            fprintf(stderr, "the server has gone: %s\n", got ? strerror(errno) : "closed");
            exit(1);
        }
        if (got > 0) found = memmem(room, (size_t)got, wanted, sizeof wanted) != NULL;
        ms = found ? 0 : ms;
    }
    return found;
}

static void send_all(const uint8_t *bytes, size_t count) {
    while (count) {
        ssize_t sent = send(server, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ECONNREFUSED)) {
            drain(0, 1);
            continue;
        }
        if (sent < 0) {
            perror("send");
            exit(1);
        }
        bytes += sent;
        count -= (size_t)sent;
    }
}

static void send_packet(const packet *p) {
    uint8_t framed[PACKET_MAX + 64];
    for (int b = 0; b < 4; b++) framed[b] = (uint8_t)(p->used >> (24 - 8 * b));
    memcpy(framed + 4, p->bytes, p->used);
    if (is_datagram) send_all(p->bytes, p->used);
    else send_all(framed, p->used + 4);
}

/// A /ping that must be answered. @return seconds
static double ping(uint32_t id) {
    packet p = {.used = 0};
    put_text(&p, "/ping");
    put_text(&p, ",ib");
    put_u32(&p, id);
    put_u32(&p, 1);
    put(&p, "\x80\0\0", 4);
    double began = seconds();
    for (int tries = 0; tries < 20; tries++) {
        send_packet(&p);
        if (drain(id, is_datagram ? ANSWER_MS_MAX / 20 : ANSWER_MS_MAX)) return seconds() - began;
    }
    fprintf(stderr, "no answer to /ping\n");
    exit(1);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: packets URL COUNT [SEED]\n");
        return 2;
    }
    unsigned long count = strtoul(argv[2], NULL, 10);
    state = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    server = connect_to(argv[1]);
    if (server < 0) {
        perror(argv[1]);
        return 2;
    }
    double began = seconds(), worst = 0;
    uint32_t id = 1u << 30; // apart from those that are drawn
    for (unsigned long i = 0; i < count; i++) {
        packet p;
        make(&p);
        if (p.used) send_packet(&p);
        if (i % BETWEEN_PINGS) continue;
        double took = ping(id++);
        if (took > worst) worst = took;
    }
    double last = ping(id++);
    printf("%s: %lu packets in %.1f s; /ping every %d answered, at most %.1f ms, last %.2f ms\n",
           argv[1], count, seconds() - began, BETWEEN_PINGS, 1e3 * worst, 1e3 * last);
    return 0;
}
