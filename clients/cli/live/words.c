// SPDX-License-Identifier: MIT
#include "live/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/bounds.h"

bool lines_read(lines *l) {
    if (l->first) {
        memmove(l->bytes, l->bytes + l->first, l->used - l->first);
        l->used -= l->first;
        l->first = 0;
    }
    if (l->room - l->used < 2) {
        size_t room = l->room ? l->room * 2 : 1 << 16;
        char *more = room <= 2 * (size_t)limit_frame_bytes_max ? realloc(l->bytes, room) : NULL;
        if (!more) {
            errno = ENOMEM;
            return false;
        }
        l->bytes = more;
        l->room = room;
    }
    ssize_t got = read(l->file, l->bytes + l->used, l->room - l->used - 1);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    l->used += (size_t)got;
    l->ended = got == 0;
    return true;
}

char *lines_next(lines *l) {
    char *at = l->bytes ? l->bytes + l->first : NULL;
    size_t left = l->used - l->first;
    char *end = left ? memchr(at, '\n', left) : NULL;
    if (!end && (!l->ended || !left)) return NULL;
    l->first = end ? (size_t)(end - l->bytes) + 1 : l->used;
    if (!end) end = l->bytes + l->used; // lines_read keeps a byte for it
    *end = '\0';
    l->number++;
    return at;
}

void lines_finish(lines *l) { free(l->bytes); }

int words_split(char *line, char *words[WORDS_MAX], const char **why) {
    int count = 0;
    for (char *at = line;;) {
        while (*at && strchr(" \t\r", *at)) at++;
        if (!*at || *at == '#') return count;
        if (count == WORDS_MAX) {
            *why = "too many words (limit 256)";
            return -1;
        }
        char *to = words[count++] = at, quote = 0;
        for (; *at && (quote || !strchr(" \t\r", *at)); at++) {
            if (quote ? *at == quote : *at == '"' || *at == '\'') quote = quote ? 0 : *at;
            else {
                if (*at == '\\' && quote != '\'' && at[1]) at++;
                *to++ = *at;
            }
        }
        if (quote) {
            *why = "unclosed quote";
            return -1;
        }
        bool end = !*at;
        *to = '\0';
        if (end) return count;
        at++;
    }
}
