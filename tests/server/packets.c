// SPDX-License-Identifier: MIT
// packets -- sends a running server millions of packets over one transport, most of them wrong in
// some way; a second client asks for /status all the while, and must be answered. Loopback only,
// and it ends.
//
// usage: packets unix:PATH|tcp://127.0.0.1:PORT|udp://127.0.0.1:PORT COUNT [SEED [PID]]
// With the server's process id it tells its memory, too. For the record: megasynthd of a build with
// -DMEGASYNTH_SANITIZE=address,undefined, 10000000 packets over each (packets_run does all of it).
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

enum {
    PACKET_MAX = 2048,
    IN_FLIGHT = 256, ///< packets, after which an answer is waited for: UDP's buffer holds as many
    ANSWER_MS_MAX = 20000,
    QUIET_ROUNDS = 1000, ///< of /status, once all is sent
    TIMES_MAX = 1 << 20
};

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

// ---- connections ------------------------------------------------------------------------------

typedef struct {
    int fd;
    bool is_datagram;
    size_t used; ///< of a stream's packets, sent together
    uint8_t out[64 << 10];
} line;

static void die(const char *what) {
    fprintf(stderr, "packets: %s\n", what);
    exit(1);
}

static void line_open(line *l, const char *url) {
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr *to = (const struct sockaddr *)&address;
    socklen_t bytes = sizeof address;
    bool is_unix = strncmp(url, "unix:", 5) == 0;
    l->is_datagram = strncmp(url, "udp:", 4) == 0;
    if (is_unix) {
        snprintf(local.sun_path, sizeof local.sun_path, "%s", url + 5);
        to = (const struct sockaddr *)&local;
        bytes = sizeof local;
    } else {
        const char *port = strrchr(url, ':');
        address.sin_port = htons((uint16_t)strtoul(port ? port + 1 : "0", NULL, 10));
    }
    l->fd = socket(is_unix ? AF_UNIX : AF_INET, l->is_datagram ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (l->fd < 0 || connect(l->fd, to, bytes) != 0) die(strerror(errno));
    int yes = 1;
    if (!is_unix && !l->is_datagram) setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/// Reads what there is within the time, up to the answer to request `id`, of which the bytes that
/// follow the id are left in `answer`. @return whether it came
static bool line_read(line *l, uint32_t id, int ms, uint8_t *answer, size_t answer_bytes) {
    static uint8_t room[1 << 20];
    uint8_t wanted[12];
    struct pollfd wait = {.fd = l->fd, .events = POLLIN};
    memcpy(wanted, ",isb\0\0\0\0", 8);
    for (int b = 0; b < 4; b++) wanted[8 + b] = (uint8_t)(id >> (24 - 8 * b));
    while (poll(&wait, 1, ms) == 1) {
        ssize_t got = recv(l->fd, room, sizeof room, MSG_DONTWAIT);
        if (got < 0 && errno != EAGAIN && errno != ECONNREFUSED) die(strerror(errno));
        if (got == 0 && !l->is_datagram) die("the server has closed the connection");
        if (got <= 0) continue;
        const uint8_t *found = memmem(room, (size_t)got, wanted, sizeof wanted);
        if (!found) continue;
        size_t left = (size_t)(room + got - found) - sizeof wanted;
        if (answer)
            memcpy(answer, found + sizeof wanted, left < answer_bytes ? left : answer_bytes);
        return true;
    }
    return false;
}

static void line_flush(line *l, const uint8_t *bytes, size_t count) {
    while (count) {
        ssize_t sent = send(l->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ECONNREFUSED)) {
            line_read(l, 0, 1, NULL, 0);
            continue;
        }
        if (sent < 0) die(strerror(errno));
        bytes += sent;
        count -= (size_t)sent;
    }
}

static void line_send(line *l, const packet *p) {
    if (l->is_datagram) {
        line_flush(l, p->bytes, p->used);
        return;
    }
    if (l->used + p->used + 4 > sizeof l->out) {
        line_flush(l, l->out, l->used);
        l->used = 0;
    }
    for (int b = 0; b < 4; b++) l->out[l->used + (size_t)b] = (uint8_t)(p->used >> (24 - 8 * b));
    memcpy(l->out + l->used + 4, p->bytes, p->used);
    l->used += p->used + 4;
}

// ---- questions that must be answered ----------------------------------------------------------

static uint32_t next_id = 1u << 30; // apart from those that are drawn

/// A request without arguments. @return seconds until its answer
static double ask(line *l, const char *address, uint8_t *answer, size_t answer_bytes) {
    packet p = {.used = 0};
    uint32_t id = next_id++;
    put_text(&p, address);
    put_text(&p, ",ib");
    put_u32(&p, id);
    put_u32(&p, 1);
    put(&p, "\x80\0\0", 4);
    double began = seconds();
    int tries = l->is_datagram ? 20 : 1; // sent again, as clients do
    for (int i = 0; i < tries; i++) {
        line_send(l, &p);
        if (!l->is_datagram) line_flush(l, l->out, l->used);
        l->used = 0;
        if (line_read(l, id, ANSWER_MS_MAX / tries, answer, answer_bytes)) return seconds() - began;
    }
    die("no answer");
    return 0;
}

static double times[TIMES_MAX];
static size_t time_count;

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void ask_status(line *l) {
    double took = ask(l, "/status", NULL, 0);
    if (time_count < TIMES_MAX) times[time_count++] = took;
}

static void print_times(const char *when) {
    qsort(times, time_count, sizeof *times, by_size);
    printf("  /status %s: %zu answered, p50 %.3f ms, p99 %.3f ms, slowest %.2f ms\n", when,
           time_count, 1e3 * times[time_count / 2], 1e3 * times[time_count * 99 / 100],
           1e3 * times[time_count - 1]);
    time_count = 0;
}

/// What the server counts as packets that came, from its /status.
static uint64_t packets_counted(line *l) {
    uint8_t answer[8192] = {0};
    ask(l, "/status", answer, sizeof answer);
    const uint8_t *at = memmem(answer, sizeof answer - 16, "\xa7packets", 8);
    if (!at) die("no count of packets in /status");
    int bytes = at[8] >= 0xcc && at[8] <= 0xcf ? 1 << (at[8] - 0xcc) : 0;
    uint64_t count = bytes ? 0 : at[8];
    for (int b = 0; b < bytes; b++) count = count << 8 | at[9 + b];
    return count;
}

/// MiB that a process has in memory, 0 if nobody told which.
static double resident(const char *pid) {
    char path[64], text[256];
    unsigned long kib = 0;
    if (!pid) return 0;
    snprintf(path, sizeof path, "/proc/%.20s/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(text, sizeof text, file)) sscanf(text, "VmRSS: %lu", &kib);
    if (file) fclose(file);
    return (double)kib / 1024;
}

// ---- the run ----------------------------------------------------------------------------------

static void tell(unsigned long sent, unsigned long count, double began, const char *pid) {
    printf("  %3.0f %%: %.0f s", 100.0 * (double)sent / (double)count, seconds() - began);
    if (pid) printf(", %.0f MiB resident", resident(pid));
    puts("");
    fflush(stdout);
}

int main(int argc, char **argv) {
    static line work, watch;
    if (argc < 3) {
        fprintf(stderr, "usage: packets URL COUNT [SEED [PID]]\n");
        return 2;
    }
    unsigned long count = strtoul(argv[2], NULL, 10), told = 0;
    state = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    const char *pid = argc > 4 ? argv[4] : NULL;
    line_open(&work, argv[1]);
    line_open(&watch, argv[1]);
    ask(&work, "/ping", NULL, 0); // whose first packet is wrong is cut as a stranger
    uint64_t counted = packets_counted(&watch), asked = 0;
    double began = seconds();
    printf("%s, %lu packets, seed %s\n", argv[1], count, argc > 3 ? argv[3] : "1");
    tell(0, count, began, pid);
    for (unsigned long i = 1; i <= count; i++) {
        packet p;
        do make(&p);
        while (!p.used);
        line_send(&work, &p);
        if (i % IN_FLIGHT == 0) {
            ask(&work, "/ping", NULL, 0);
            ask_status(&watch);
            asked += 2;
        }
        if (10 * (i - told) < count && i < count) continue;
        told = i;
        tell(i, count, began, pid);
    }
    ask(&work, "/ping", NULL, 0);
    double took = seconds() - began;
    print_times("in between");
    counted = packets_counted(&watch) - counted - asked - 2;
    for (int i = 0; i < QUIET_ROUNDS; i++) ask_status(&watch);
    print_times("afterwards");
    printf("  %lu packets sent, %llu received, %.0f a second\n", count, (unsigned long long)counted,
           (double)count / took);
    return 0;
}
