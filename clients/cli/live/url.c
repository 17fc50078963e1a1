// SPDX-License-Identifier: MIT
#include "live/url.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "live/clock.h"

enum { RECEIVE_BYTES = 4 << 20, SLICE_MS = 100 };

/// Connects, waiting at most so long. @return whether it is
static bool connect_in(int socket, const struct sockaddr *to, socklen_t bytes, double seconds) {
    int flags = fcntl(socket, F_GETFL);
    fcntl(socket, F_SETFL, flags | O_NONBLOCK);
    if (connect(socket, to, bytes) == 0) return true;
    if (errno != EINPROGRESS && errno != EAGAIN) return false;
    for (double until = clock_seconds() + seconds; clock_seconds() < until && !interrupted;) {
        struct pollfd watched = {.fd = socket, .events = POLLOUT};
        if (poll(&watched, 1, SLICE_MS) <= 0) continue;
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
        errno = error;
        return error == 0;
    }
    errno = interrupted ? EINTR : ETIMEDOUT;
    return false;
}

static int connect_unix(const char *path, double seconds, char cause[256]) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        snprintf(cause, 256, "path too long (limit %zu bytes)", sizeof address.sun_path - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made >= 0 && connect_in(made, (struct sockaddr *)&address, sizeof address, seconds))
        return made;
    snprintf(cause, 256, "%s", strerror(errno));
    if (made >= 0) close(made);
    return -1;
}

/// "host:port" or "[::1]:port", in two parts. @return false if it is neither
static bool split(const char *place, char host[200], char port[8]) {
    const char *colon = strrchr(place, ':');
    if (!colon || colon == place || strlen(colon + 1) < 1 || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    size_t bytes = (size_t)(colon - place);
    if (*place == '[' && place[bytes - 1] == ']') {
        place++;
        bytes -= 2;
    }
    if (bytes == 0 || bytes >= 200) return false;
    memcpy(host, place, bytes);
    host[bytes] = '\0';
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

static int connect_host(const char *place, bool datagram, double seconds, char cause[256]) {
    char host[200], port[8];
    if (!split(place, host, port)) {
        snprintf(cause, 256, "invalid address; write HOST:PORT, such as 127.0.0.1:57140");
        return -1;
    }
    struct addrinfo wanted = {.ai_socktype = datagram ? SOCK_DGRAM : SOCK_STREAM}, *found = NULL;
    int error = getaddrinfo(host, port, &wanted, &found);
    if (error) {
        snprintf(cause, 256, "%s", gai_strerror(error));
        return -1;
    }
    int made = -1;
    for (struct addrinfo *at = found; at && made < 0; at = at->ai_next) {
        made = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (made < 0 || connect_in(made, at->ai_addr, at->ai_addrlen, seconds)) continue;
        snprintf(cause, 256, "%s", strerror(errno));
        close(made);
        made = -1;
    }
    freeaddrinfo(found);
    if (made < 0) return -1;
    int one = 1, room = RECEIVE_BYTES;
    if (datagram) setsockopt(made, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    else setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return made;
}

int url_connect(const char *url, double timeout_seconds, bool *datagram, char cause[256]) {
    *datagram = strncmp(url, "udp:", 4) == 0;
    if (strncmp(url, "unix:", 5) == 0) return connect_unix(url + 5, timeout_seconds, cause);
    if (!*datagram && strncmp(url, "tcp:", 4) != 0) {
        char host[200], port[8];
        if (split(url, host, port))
            snprintf(cause, 256, "invalid address; did you mean `tcp://%.200s`?", url);
        else
            snprintf(cause, 256,
                     "invalid address; write unix:PATH, tcp://HOST:PORT or udp://HOST:PORT");
        return -1;
    }
    const char *place = url + 4;
    if (strncmp(place, "//", 2) == 0) place += 2;
    return connect_host(place, *datagram, timeout_seconds, cause);
}
