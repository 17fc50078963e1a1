// SPDX-License-Identifier: MIT
// answer -- maps that a server answered, for people and for programs.
#include <stdlib.h>
#include <string.h>

#include "live/client.h"

const char *text_in(const json_t *map, const char *key) {
    const char *text = json_string_value(json_object_get(map, key));
    return text ? text : "";
}

double number_in(const json_t *map, const char *key) {
    return json_number_value(json_object_get(map, key));
}

char *json_text(const json_t *value) {
    enum { FLAGS = JSON_ENCODE_ANY | JSON_SORT_KEYS };
    for (size_t digits = 6; digits < 17; digits += digits < 15 ? 3 : 1) {
        char *text = json_dumps(value, FLAGS | JSON_REAL_PRECISION(digits));
        json_t *same = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
        bool exact = json_equal(value, same);
        json_decref(same);
        if (exact) return text;
        free(text);
    }
    return json_dumps(value, FLAGS);
}

void print_json_line(const json_t *value) {
    char *text = json_text(value);
    if (text) puts(text);
    free(text);
}

static void print_value(const json_t *value) {
    if (json_is_string(value)) {
        fputs(json_string_value(value), stdout);
        return;
    }
    char *text = json_text(value);
    if (text) fputs(text, stdout);
    free(text);
}

/// What is worth a line of its own.
static bool is_large(const json_t *value) {
    return (json_is_object(value) || json_is_array(value)) && json_object_size(value) > 0;
}

static void print_level(const json_t *map, int depth) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)map, key, value) {
        printf("%*s%s:%s", 2 * depth, "", key, is_large(value) ? "\n" : " ");
        if (is_large(value)) print_level(value, depth + 1);
        else {
            const char *text = json_string_value(value);
            if (text && strchr(text, '\n')) fputc('\n', stdout); // a page
            print_value(value);
            if (!text || !*text || text[strlen(text) - 1] != '\n') fputc('\n', stdout);
        }
    }
}

void print_answer(const json_t *map) {
    if (json_object_size(map) == 0) puts("done");
    else print_level(map, 0);
}

void print_short(const json_t *map) {
    const char *key, *comma = "";
    json_t *value;
    if (json_object_size(map) == 0) fputs("done", stdout);
    json_object_foreach((json_t *)map, key, value) {
        printf("%s%s ", comma, key);
        char *text = json_text(value);
        if (text) fputs(text, stdout);
        free(text);
        comma = ", ";
    }
    fputc('\n', stdout);
}
