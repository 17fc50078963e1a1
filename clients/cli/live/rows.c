// SPDX-License-Identifier: MIT
#include "live/rows.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "protocol/bounds.h"
#include "protocol/command.h"
#include "time/sequence.h"

// Example: COMMAND(ping, "/ping", "", "", DIRECT, FLAG_OPEN, "...")  Becomes: {"/ping", "",
// FLAG_OPEN, "..."},
#define COMMAND(name, address, arguments, answer, route, flags, doc)                               \
    {address, arguments, flags, doc},
static const row rows[] = {
#include "protocol/commands.def"
};
#undef COMMAND

size_t row_count(void) { return COUNT_OF(rows); }
const row *row_get(size_t index) { return &rows[index]; }

static const row *exactly(const char *address) {
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].address, address) == 0) return &rows[i];
    return NULL;
}

const row *row_find(const char *address) {
    const row *found = exactly(address);
    if (found || strncmp(address, "/synth/", 7) != 0) return found;
    const char *rest = strchr(address + 7, '/');
    return rest ? exactly(rest) : NULL;
}

const char *row_nearest(const char *address) {
    const char *names[COUNT_OF(rows)];
    for (size_t i = 0; i < COUNT_OF(rows); i++) names[i] = rows[i].address;
    return mega_nearest(address, names, COUNT_OF(rows));
}

// ---- values ------------------------------------------------------------------------------------

bool key_word(const char *word, double *key) {
    const char *end;
    return mega_key_of(word, &end, key) && !*end;
}

static json_t *wrong(char why[256], const char *key, const char *word, const char *wanted) {
    snprintf(why, 256, "%s: `%.60s` is not a %s", key, word, wanted);
    return NULL;
}

static json_t *integer_word(const char *key, const char *word, char why[256]) {
    char *end;
    errno = 0;
    long long value = strtoll(word, &end, 10);
    if (end == word || *end || errno) return wrong(why, key, word, "whole number");
    return json_integer(value);
}

static json_t *number_word(const char *key, const char *word, char why[256]) {
    char *end;
    double value = strtod(word, &end), named;
    if (end != word && !*end && isfinite(value)) return json_real(value);
    if (strcmp(key, "key") == 0 && key_word(word, &named)) return json_real(named);
    return wrong(why, key, word, strcmp(key, "key") == 0 ? "number or key such as C4" : "number");
}

static json_t *boolean_word(const char *key, const char *word, char why[256]) {
    static const char *const yes[] = {"true", "on", "yes", "1"}, *const no[] = {"false", "off",
                                                                                "no", "0"};
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (strcmp(word, yes[i]) == 0) return json_true();
        if (strcmp(word, no[i]) == 0) return json_false();
    }
    return wrong(why, key, word, "true or false");
}

/// What a file holds; to be freed. @return NULL, with the reason
static char *file_text(const char *path, char why[256]) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *text = file ? malloc((size_t)limit_frame_bytes_max + 1) : NULL;
    size_t bytes = text ? fread(text, 1, limit_frame_bytes_max, file) : 0;
    if (!text || ferror(file)) {
        snprintf(why, 256, "%.180s: %s", path, strerror(errno));
        free(text);
        text = NULL;
    } else {
        text[bytes] = '\0';
    }
    if (file && file != stdin) fclose(file);
    return text;
}

static json_t *json_word(char type, const char *key, const char *word, char why[256]) {
    json_error_t error;
    json_t *value = json_loads(word, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!value && type == 'a') return json_string(word);
    if (!value) {
        snprintf(why, 256, "%s: invalid JSON (%c...%c): line %d: %.120s", key,
                 type == 'l' ? '[' : '{', type == 'l' ? ']' : '}', error.line, error.text);
        return NULL;
    }
    if ((type == 'm' && !json_is_object(value)) || (type == 'l' && !json_is_array(value))) {
        json_decref(value);
        snprintf(why, 256, "%s: must be %s", key, type == 'm' ? "a map {...}" : "a list [...]");
        return NULL;
    }
    return value;
}

json_t *value_of(char type, const char *key, const char *word, char why[256]) {
    char *text = NULL;
    if (*word == '@' && (strchr("mla", type) || strcmp(key, "text") == 0)) {
        text = file_text(word + 1, why);
        if (!text) return NULL;
        word = text;
    }
    json_t *value = NULL;
    switch (type) {
    case 'i': value = integer_word(key, word, why); break;
    case 'f': value = number_word(key, word, why); break;
    case 'b': value = boolean_word(key, word, why); break;
    case 's':
        if (word[0] == ' ' && word[1] == '-') word++; // guarded from getopt
        value = json_string(word);
        if (!value) snprintf(why, 256, "%s: not valid UTF-8 text", key);
        break;
    default: value = json_word(type, key, word, why);
    }
    free(text);
    return value;
}

// ---- arguments ---------------------------------------------------------------------------------

typedef struct {
    char key[32];
    char type;
    bool rest, found;
} column;

/// The argument of a row by its number among the plain ones, or by its key.
static column column_of(const row *r, size_t number, const char *key, size_t key_bytes) {
    column c = {.found = false};
    bool named = false;
    size_t index = 0;
    for (const char *at = r->arguments; *at;) {
        size_t bytes = strcspn(at, " ");
        const char *colon = memchr(at, ':', bytes);
        if (!colon) {
            named = true; // |
        } else {
            size_t length = (size_t)(colon - at);
            bool rest = at[bytes - 1] == '*';
            bool this_one = key ? length == key_bytes && memcmp(at, key, length) == 0
                                : !named && (number == index || (rest && number > index));
            if (this_one && length < sizeof c.key) {
                memcpy(c.key, at, length);
                c.key[length] = '\0';
                c.type = colon[1];
                c.rest = rest;
                c.found = true;
                return c;
            }
            index++;
        }
        at += bytes;
        at += strspn(at, " ");
    }
    return c;
}

/// What `key=` stands for: an argument of the row, or one that all rows take.
static column named_column(const row *r, const char *word) {
    const char *equals = strchr(word, '=');
    size_t bytes = equals ? (size_t)(equals - word) : 0;
    column c = {.found = false};
    if (!bytes || bytes >= sizeof c.key) return c;
    if (r) c = column_of(r, 0, word, bytes);
    bool any = !r || (bytes == 2 && memcmp(word, "at", 2) == 0) || memcmp(word, "x-", 2) == 0;
    if (c.found || !any) return c;
    memcpy(c.key, word, bytes);
    c.key[bytes] = '\0';
    c.type = 'a';
    c.found = true;
    return c;
}

static bool put(json_t *map, const column *c, const char *word, char why[256]) {
    json_t *value = value_of(c->type, c->key, word, why);
    if (!value) return false;
    if (!c->rest) return json_object_set_new(map, c->key, value) == 0;
    json_t *list = json_object_get(map, c->key);
    if (!list) json_object_set_new(map, c->key, list = json_array());
    return json_array_append_new(list, value) == 0;
}

json_t *row_arguments(const row *r, char **words, size_t count, char why[256]) {
    json_t *map = json_object();
    size_t plain = 0;
    why[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        column c = named_column(r, words[i]);
        const char *value = words[i];
        if (c.found) value = strchr(words[i], '=') + 1;
        else if (r) c = column_of(r, plain++, NULL, 0);
        if (!c.found && r)
            snprintf(why, 256, "unexpected `%.60s`; the arguments are: %.150s", words[i],
                     *r->arguments ? r->arguments : "none");
        else if (!c.found)
            snprintf(why, 256,
                     "`%.60s`: this megasynth does not know the command; write its arguments as "
                     "key=value",
                     words[i]);
        if (c.found && put(map, &c, value, why)) continue;
        if (!*why) snprintf(why, 256, "out of memory");
        json_decref(map);
        return NULL;
    }
    return map;
}
