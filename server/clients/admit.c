// SPDX-License-Identifier: MIT
// admit -- who may do what. The unix socket is its owner's. Over TCP and UDP on this machine
// programs of the server's own user may do all; others, and those of whom that cannot be known,
// need the token. With a token file all need it, and from other machines UDP also needs the cookie
// that /hello answers, so that no address can be lent.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/below.h"
#include "base/log.h"
#include "clients/net.h"

enum { TOKEN_BYTES_MIN = 16, TOKEN_BYTES_MAX = 256 };

bool admit_read_token(net *n, const char *path, char *cause, size_t cause_bytes) {
    char why[128];
    struct stat about;
    size_t got = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0 || fstat(file, &about) != 0) {
        snprintf(cause, cause_bytes, "token file %s: %s", path, strerror(errno));
        if (file >= 0) close(file);
        return false;
    }
    char *text = below_read_all(file, TOKEN_BYTES_MAX + 2, &got, why, sizeof why);
    while (text && got && strchr("\n\r ", text[got - 1])) text[--got] = '\0';
    if (!text) {
        snprintf(cause, cause_bytes, "token file %s: %s", path, why);
    } else if (about.st_mode & (S_IRWXG | S_IRWXO)) {
        snprintf(cause, cause_bytes,
                 "token file %s: other users can read it; run `chmod 600` on it", path);
    } else if (got < TOKEN_BYTES_MIN || got > TOKEN_BYTES_MAX || strlen(text) != got) {
        snprintf(cause, cause_bytes, "token file %s: must have %d..%d characters", path,
                 TOKEN_BYTES_MIN, TOKEN_BYTES_MAX);
    } else {
        n->token = text;
        return true;
    }
    free(text);
    return false;
}

bool admit_at_once(const server *s, transport which, bool local, owner of) {
    if (which == TRANSPORT_UNIX) return true;
    return local && !s->net->token && (of == OWNER_OURS || s->options->trust_local);
}

bool admit_same(const char *given, const char *wanted) {
    size_t bytes = given ? strlen(given) : 0, wanted_bytes = strlen(wanted);
    volatile uint8_t differ = bytes != wanted_bytes;
    for (size_t i = 0; i < bytes; i++) differ |= (uint8_t)(given[i] ^ wanted[i % wanted_bytes]);
    return !differ;
}

bool admit_token(const net *n, const char *given) {
    return admit_same(given, n->token ? n->token : n->own_token);
}

// ---- wrong tokens -----------------------------------------------------------------------------

typedef struct denial {
    uv_timer_t timer;
    struct denial *next;
    session *session; ///< lives until it is answered
    void (*answer)(void *context);
    void *context;
} denial;

static void on_closed(uv_handle_t *handle) { free(handle->data); }

static void end(denial *d) {
    d->session->denied = false;
    d->answer(d->context);
    uv_close((uv_handle_t *)&d->timer, on_closed);
}

static void on_time(uv_timer_t *timer) {
    denial *d = timer->data;
    denial **at = &d->session->server->net->denials;
    while (*at != d) at = &(*at)->next;
    *at = d->next;
    end(d);
}

bool admit_deny_later(session *of, void (*answer)(void *context), void *context) {
    server *s = of->server;
    log_line(LOG_WARNING, "token.wrong", "%s %s", transport_name(of->transport), of->peer);
    denial *d = calloc(1, sizeof *d);
    if (!d) return false;
    uv_timer_init(&s->loop, &d->timer);
    d->timer.data = d;
    d->session = of;
    d->answer = answer;
    d->context = context;
    d->next = s->net->denials;
    s->net->denials = d;
    of->denied = true;
    uv_timer_start(&d->timer, on_time, limit_token_delay_ms, 0);
    return true;
}

void admit_end(server *s) {
    while (s->net->denials) {
        denial *d = s->net->denials;
        s->net->denials = d->next;
        end(d);
    }
}
