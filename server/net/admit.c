// SPDX-License-Identifier: MIT
// admit -- who may do what: the unix socket is its owner's; without a token this machine may do
// all; with one, TCP and UDP want it. From other machines UDP also wants the cookie that /hello
// answers, so that no address can be lent.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net.h"
#include "record/below.h"

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
        snprintf(cause, cause_bytes, "token file %s: others may read it; chmod 600 it", path);
    } else if (got < TOKEN_BYTES_MIN || got > TOKEN_BYTES_MAX || strlen(text) != got) {
        snprintf(cause, cause_bytes, "token file %s: wants %d..%d characters", path,
                 TOKEN_BYTES_MIN, TOKEN_BYTES_MAX);
    } else {
        n->token = text;
        return true;
    }
    free(text);
    return false;
}

bool admit_at_once(const server *s, transport which, bool local) {
    return which == TRANSPORT_UNIX || (local && !s->net->token);
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
