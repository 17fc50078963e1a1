// SPDX-License-Identifier: MIT
// net -- opens the sockets that the options ask for.
#include "clients/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/log.h"
#include "clients/slices.h"

enum { BACKLOG = 128 };

static void on_connection(uv_stream_t *stream, int status) {
    if (status == 0) connection_accept(stream->data);
}

static listener *add(server *s, transport which) {
    listener *l = &s->net->listeners[s->net->listener_count++];
    l->server = s;
    l->transport = which;
    l->file = -1;
    return l;
}

// ---- the unix socket --------------------------------------------------------------------------

/// Whether somebody answers at a path: then it is not a leftover.
static bool is_alive(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = probe >= 0 && connect(probe, (struct sockaddr *)&address, sizeof address) == 0;
    if (probe >= 0) close(probe);
    return alive;
}

static int open_unix(server *s, const char *path, char *cause, size_t bytes) {
    struct stat about;
    if (strlen(path) >= sizeof s->net->socket_path) {
        snprintf(cause, bytes, "socket %.60s...: path too long (limit %zu bytes)", path,
                 sizeof s->net->socket_path - 1);
        return EXIT_OPTION;
    }
    if (lstat(path, &about) == 0) {
        if (!S_ISSOCK(about.st_mode) || is_alive(path)) {
            snprintf(cause, bytes, "socket %s: %s", path,
                     S_ISSOCK(about.st_mode) ? "in use by another server"
                                             : "another file has this name");
            return EXIT_IN_USE;
        }
        unlink(path); // left by one that was killed
    }
    listener *l = add(s, TRANSPORT_UNIX);
    uv_pipe_init(&s->loop, &l->handle.pipe, 0);
    l->handle.pipe.data = l;
    l->open = true;
    mode_t before = umask(0177); // nobody else, not even for a moment
    int error = uv_pipe_bind(&l->handle.pipe, path);
    umask(before);
    if (!error) error = uv_listen(&l->handle.stream, BACKLOG, on_connection);
    if (error) {
        snprintf(cause, bytes, "socket %s: %s", path, uv_strerror(error));
        return error == UV_EADDRINUSE ? EXIT_IN_USE : EXIT_NETWORK;
    }
    snprintf(s->net->socket_path, sizeof s->net->socket_path, "%s", path);
    snprintf(l->address, sizeof l->address, "unix:%s", path);
    return EXIT_FINE;
}

// ---- TCP and UDP ------------------------------------------------------------------------------

static bool parse_host(const char *at, unsigned port, struct sockaddr_storage *address) {
    return uv_ip4_addr(at, (int)port, (struct sockaddr_in *)address) == 0 ||
           uv_ip6_addr(at, (int)port, (struct sockaddr_in6 *)address) == 0;
}

static int port_error(const char *what, const char *at, unsigned port, int error, char *cause,
                      size_t bytes) {
    snprintf(cause, bytes, "%s %s port %u: %s%s", what, at, port, uv_strerror(error),
             error == UV_EADDRINUSE ? "; --port 0 picks a free one" : "");
    return error == UV_EADDRINUSE ? EXIT_IN_USE : EXIT_NETWORK;
}

static int listen_tcp(listener *l, struct sockaddr_storage *address, socklen_t *bytes) {
    int yes = 1, family = address->ss_family;
    *bytes = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    l->file = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->file < 0) return -errno;
    if (setsockopt(l->file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(l->file, (struct sockaddr *)address, *bytes) != 0 || listen(l->file, BACKLOG) != 0 ||
        getsockname(l->file, (struct sockaddr *)address, bytes) != 0)
        return -errno;
    return 0;
}

/// TCP first; UDP on the port that it got.
static int open_port(server *s, const char *at, unsigned *port, char *cause, size_t bytes) {
    struct sockaddr_storage address;
    if (!parse_host(at, *port, &address)) {
        snprintf(cause, bytes,
                 "--listen %s: not an address; write it in digits, such as 192.168.1.5", at);
        return EXIT_OPTION;
    }
    const char *form = address.ss_family == AF_INET6 ? "%s://[%s]:%u" : "%s://%s:%u";
    listener *tcp = add(s, TRANSPORT_TCP), *udp = add(s, TRANSPORT_UDP);
    socklen_t length;
    int error = listen_tcp(tcp, &address, &length);
    if (error) return port_error("TCP", at, *port, error, cause, bytes);
    *port = ntohs(((struct sockaddr_in *)&address)->sin_port);
    error = datagram_listen(udp, (struct sockaddr *)&address);
    if (error) return port_error("UDP", at, *port, error, cause, bytes);
    snprintf(tcp->address, sizeof tcp->address, form, "tcp", at, *port);
    snprintf(udp->address, sizeof udp->address, form, "udp", at, *port);
    uv_os_fd_t file = -1;
    uv_fileno(&udp->handle.any, &file);
    const struct sockaddr *own = (const struct sockaddr *)&address;
    gate_add(s->net->gate, tcp->file, false, own, (int)(tcp - s->net->listeners));
    gate_add(s->net->gate, file, true, own, (int)(udp - s->net->listeners));
    return EXIT_FINE;
}

static void take(void *server_, arrival *a) {
    server *s = server_;
    listener *l = &s->net->listeners[a->door];
    if (a->file < 0) {
        datagram_take(l, a);
        return;
    }
    connection_take(l, a->file, &a->from.any, a->owner);
    free(a);
}

static bool is_loopback(const char *at) {
    struct sockaddr_storage address;
    return parse_host(at, 0, &address) && address_is_loopback((struct sockaddr *)&address);
}

bool net_open(server *s, char *cause, size_t cause_bytes, int *exit_code) {
    const options *o = s->options;
    s->net = calloc(1, sizeof *s->net);
    session_make_secret(s->net->own_token);
    slices_begin(s);
    s->net->gate = gate_create(&s->loop, take, s);
    *exit_code = EXIT_FAILED;
    snprintf(cause, cause_bytes, "out of memory");
    if (!s->net->gate) return false;
    unsigned port = o->port;
    *exit_code = EXIT_OPTION;
    if (!s->net) return false;
    if (o->token_file && !admit_read_token(s->net, o->token_file, cause, cause_bytes)) return false;
    if (o->listen && !is_loopback(o->listen) && !o->token_file) {
        snprintf(cause, cause_bytes,
                 "--listen %s: other machines can reach this address; add --token-file FILE",
                 o->listen);
        return false;
    }
    bool any = o->listen && (strcmp(o->listen, "0.0.0.0") == 0 || strcmp(o->listen, "::") == 0);
    *exit_code = any ? EXIT_FINE : open_port(s, "127.0.0.1", &port, cause, cause_bytes);
    if (!*exit_code && o->listen && strcmp(o->listen, "127.0.0.1") != 0)
        *exit_code = open_port(s, o->listen, &port, cause, cause_bytes);
    if (!*exit_code && o->socket_path)
        *exit_code = open_unix(s, o->socket_path, cause, cause_bytes);
    return *exit_code == EXIT_FINE;
}

bool net_start(server *s) { return gate_start(s->net->gate, !s->options->audio.no_realtime); }

const char *net_token(const server *s) { return s->net->token ? s->net->token : s->net->own_token; }

json_t *net_addresses(const server *s) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->net->listener_count; i++)
        json_array_append_new(list, json_string(s->net->listeners[i].address));
    return list;
}

void net_close(server *s) {
    net *n = s->net;
    if (!n) return;
    if (n->gate) gate_stop(n->gate);
    admit_end(s);
    connections_close(s);
    datagrams_close(s);
    slices_end(s);
    for (uint32_t i = 0; i < n->listener_count; i++) {
        listener *l = &n->listeners[i];
        if (l->open && !uv_is_closing(&l->handle.any)) uv_close(&l->handle.any, NULL);
        if (l->file >= 0) close(l->file);
    }
    if (n->socket_path[0]) unlink(n->socket_path);
}

void net_destroy(net *n) {
    if (!n) return;
    gate_destroy(n->gate);
    free(n->token);
    free(n);
}
