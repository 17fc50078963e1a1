// SPDX-License-Identifier: MIT
#include "clients/gate.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clients/net.h"
#include "protocol/bounds.h"

enum {
    DOORS_MAX = 8,
    BATCH = 64,             ///< datagrams at a time, of each sender looked up once
    DATAGRAM_BYTES = 65507, ///< the longest there is
    NO_FILES_MS = 50,       ///< pause where no more files can be opened
    SLICE_NS = 100000,      ///< the shortest that the scheduler takes: it runs sooner
};

typedef struct {
    int file, door;
    bool datagrams;
    struct sockaddr_storage own;
} door;

/// A sender of this batch, or of the one before.
typedef struct {
    struct sockaddr_storage address;
    uint64_t socket;
    owner owner;
} sender;

struct gate {
    uv_async_t arrived;
    pthread_t thread;
    bool started, realtime;
    int wake;
    void (*take)(void *context, arrival *a);
    void *context;
    door doors[DOORS_MAX];
    nfds_t door_count;
    // under the mutex
    pthread_mutex_t mutex;
    pthread_cond_t room;
    arrival *first, *last;
    size_t bytes;
    bool stop;
    // the thread's
    owner_lookup lookup;
    struct mmsghdr heads[BATCH];
    struct iovec parts[BATCH];
    struct sockaddr_storage froms[BATCH];
    sender senders[BATCH];
    unsigned sender_count;
    uint8_t room_bytes[BATCH][DATAGRAM_BYTES + 1];
};

// ---- the thread -------------------------------------------------------------------------------

/// Sooner than others' work: the lowest real-time priority where that is allowed (it works no more
/// than the loop takes), else a short slice, which anybody may have.
static void be_quick(bool realtime) {
    struct sched_param lowest = {.sched_priority = 1};
    if (realtime && sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) == 0) return;
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } wish = {.size = sizeof wish, .runtime = SLICE_NS};
    syscall(SYS_sched_setattr, 0, &wish, 0); // older kernels know of no slice: no harm
}

static void hand_over(gate *g, arrival *a) {
    a->next = NULL;
    pthread_mutex_lock(&g->mutex);
    while (g->bytes > limit_arrivals_bytes_max && !g->stop) {
        uv_async_send(&g->arrived);
        pthread_cond_wait(&g->room, &g->mutex);
    }
    if (g->last) g->last->next = a;
    else g->first = a;
    g->last = a;
    g->bytes += sizeof *a + a->bytes;
    pthread_mutex_unlock(&g->mutex);
}

static arrival *make(const door *at, const struct sockaddr_storage *from, const void *packet,
                     size_t bytes) {
    arrival *a = malloc(sizeof *a + bytes);
    if (!a) return NULL;
    *a = (arrival){.door = at->door, .file = -1, .owner = OWNER_UNKNOWN, .bytes = bytes};
    memcpy(&a->from, from, sizeof a->from);
    if (bytes) memcpy(a->packet, packet, bytes);
    return a;
}

static void accept_one(gate *g, const door *at) {
    struct sockaddr_storage from = {0}, own = {0};
    socklen_t from_bytes = sizeof from, own_bytes = sizeof own;
    int file =
        accept4(at->file, (struct sockaddr *)&from, &from_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) usleep(NO_FILES_MS * 1000);
        return;
    }
    arrival *a = make(at, &from, NULL, 0);
    if (!a || getsockname(file, (struct sockaddr *)&own, &own_bytes) != 0) {
        free(a);
        close(file);
        return;
    }
    a->file = file;
    uint64_t socket = 0;
    if (address_is_loopback(&a->from.any))
        a->owner =
            owner_of(&g->lookup, IPPROTO_TCP, &a->from.any, (struct sockaddr *)&own, &socket);
    hand_over(g, a);
}

/// Once a batch: what has come since the last was sent from the socket that is there now, unless it
/// is gone.
static const sender *look_up(gate *g, const door *at, const struct sockaddr_storage *from,
                             unsigned *seen) {
    static const sender elsewhere = {.owner = OWNER_UNKNOWN};
    if (!address_is_loopback((const struct sockaddr *)from)) return &elsewhere;
    sender *s = g->senders;
    for (unsigned i = 0; i < g->sender_count; i++, s++) {
        if (memcmp(&s->address, from, sizeof *from) != 0) continue;
        if (i < *seen) return s;
        break;
    }
    if (s == g->senders + g->sender_count) {
        if (g->sender_count < BATCH) g->sender_count++;
        else s = &g->senders[*seen];
        *s = (sender){.address = *from};
    }
    s->owner = owner_of(&g->lookup, IPPROTO_UDP, (const struct sockaddr *)from,
                        (const struct sockaddr *)&at->own, &s->socket);
    sender held = *s; // those of this batch come first
    *s = g->senders[*seen];
    g->senders[*seen] = held;
    return &g->senders[(*seen)++];
}

static void receive_some(gate *g, const door *at) {
    for (unsigned i = 0; i < BATCH; i++) {
        memset(&g->froms[i], 0, sizeof g->froms[i]);
        g->heads[i].msg_hdr = (struct msghdr){.msg_name = &g->froms[i],
                                              .msg_namelen = sizeof g->froms[i],
                                              .msg_iov = &g->parts[i],
                                              .msg_iovlen = 1};
    }
    int count = recvmmsg(at->file, g->heads, BATCH, MSG_DONTWAIT, NULL);
    owner owners[BATCH];
    uint64_t sockets[BATCH];
    unsigned seen = 0;
    for (int i = 0; i < count; i++) {
        const sender *s = look_up(g, at, &g->froms[i], &seen);
        owners[i] = s->owner;
        sockets[i] = s->socket;
    }
    for (int i = 0; i < count; i++) {
        arrival *a = make(at, &g->froms[i], g->parts[i].iov_base, g->heads[i].msg_len);
        if (!a) continue;
        a->owner = owners[i];
        a->socket = sockets[i];
        a->cut = g->heads[i].msg_hdr.msg_flags & MSG_TRUNC;
        hand_over(g, a);
    }
}

static void *run(void *gate_) {
    gate *g = gate_;
    struct pollfd watched[DOORS_MAX + 1];
    be_quick(g->realtime);
    for (nfds_t i = 0; i < g->door_count; i++)
        watched[i] = (struct pollfd){.fd = g->doors[i].file, .events = POLLIN};
    watched[g->door_count] = (struct pollfd){.fd = g->wake, .events = POLLIN};
    for (;;) {
        if (poll(watched, g->door_count + 1, -1) < 0 && errno != EINTR) break;
        if (watched[g->door_count].revents) break;
        for (nfds_t i = 0; i < g->door_count; i++) {
            if (!watched[i].revents) continue;
            if (g->doors[i].datagrams) receive_some(g, &g->doors[i]);
            else accept_one(g, &g->doors[i]);
        }
        uv_async_send(&g->arrived);
    }
    return NULL;
}

// ---- the loop ---------------------------------------------------------------------------------

static void on_arrived(uv_async_t *async) {
    gate *g = async->data;
    pthread_mutex_lock(&g->mutex);
    arrival *a = g->first;
    g->first = g->last = NULL;
    g->bytes = 0;
    pthread_cond_signal(&g->room);
    pthread_mutex_unlock(&g->mutex);
    while (a) {
        arrival *next = a->next;
        g->take(g->context, a);
        a = next;
    }
}

gate *gate_create(uv_loop_t *loop, void (*take)(void *context, arrival *a), void *context) {
    gate *g = calloc(1, sizeof *g);
    if (!g) return NULL;
    g->take = take;
    g->context = context;
    g->wake = eventfd(0, EFD_CLOEXEC);
    for (unsigned i = 0; i < BATCH; i++)
        g->parts[i] = (struct iovec){g->room_bytes[i], sizeof g->room_bytes[i]};
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->room, NULL);
    owner_begin(&g->lookup);
    uv_async_init(loop, &g->arrived, on_arrived);
    g->arrived.data = g;
    return g;
}

bool gate_add(gate *g, int file, bool datagrams, const struct sockaddr *own, int number) {
    if (g->door_count == DOORS_MAX) return false;
    door *d = &g->doors[g->door_count++];
    *d = (door){.file = file, .door = number, .datagrams = datagrams};
    memcpy(&d->own, own,
           own->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    // of what comes from this machine to any of its addresses, most comes to this one
    struct sockaddr_in *four = (struct sockaddr_in *)&d->own;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&d->own;
    if (own->sa_family == AF_INET && !four->sin_addr.s_addr)
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (own->sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr))
        six->sin6_addr = in6addr_loopback;
    return true;
}

bool gate_start(gate *g, bool realtime) {
    g->realtime = realtime;
    g->started = pthread_create(&g->thread, NULL, run, g) == 0;
    return g->started;
}

void gate_stop(gate *g) {
    uint64_t one = 1;
    if (g->started) {
        pthread_mutex_lock(&g->mutex);
        g->stop = true;
        pthread_cond_signal(&g->room);
        pthread_mutex_unlock(&g->mutex);
        if (write(g->wake, &one, sizeof one) == sizeof one) pthread_join(g->thread, NULL);
        g->started = false;
    }
    for (arrival *a = g->first, *next; a; a = next) {
        next = a->next;
        if (a->file >= 0) close(a->file);
        free(a);
    }
    g->first = g->last = NULL;
    uv_close((uv_handle_t *)&g->arrived, NULL);
}

void gate_destroy(gate *g) {
    if (!g) return;
    owner_end(&g->lookup);
    close(g->wake);
    pthread_mutex_destroy(&g->mutex);
    pthread_cond_destroy(&g->room);
    free(g);
}
