// SPDX-License-Identifier: MIT
#include "protocol/command.h"

#include <assert.h>
#include <megasynth.h>
#include <stdlib.h>
#include <string.h>

// Example: COMMAND(ping, "/ping", "", "", DIRECT, FLAG_OPEN, "...")
// Becomes: {"/ping", "", "", ROUTE_DIRECT, FLAG_OPEN, NULL, NULL, "...", {{0}}, {{0}}, 0, 0},
#define COMMAND(name, address, arguments, answer, route, flags, doc)                               \
    {address, arguments, answer, ROUTE_##route, flags, NULL, NULL, doc, {{0}}, {{0}}, 0, 0},
static command commands[] = {
#include "protocol/commands.def"
};
#undef COMMAND

// Becomes: {"/status", "load", SHAPE_MAP, "mean:f peak:f", {{0}}, 0},
#define SHAPE(address, key, form, words) {address, key, SHAPE_##form, words, {{0}}, 0},
static shape shapes[] = {
#include "protocol/shapes.def"
};
#undef SHAPE

enum { COMMANDS = sizeof commands / sizeof *commands };
enum { SHAPES = sizeof shapes / sizeof *shapes };
static const command *by_address[COMMANDS];

size_t command_count(void) { return COMMANDS; }
const command *command_get(size_t index) { return index < COMMANDS ? &commands[index] : NULL; }

const char *route_name(route which) {
    static const char *const names[] = {"direct", "perform", "build"};
    return names[which];
}

const char *argument_type_name(char type) {
    switch (type) {
    case 's': return "string";
    case 'i': return "integer";
    case 'f': return "number";
    case 'b': return "boolean";
    case 'm': return "map";
    case 'l': return "list";
    default: return "any";
    }
}

/// "key:type?" or "key:type*"
static argument parse_one(char *word, bool named) {
    char *colon = strchr(word, ':');
    assert(colon && colon[1]);
    *colon = '\0';
    return (argument){.key = word,
                      .type = colon[1],
                      .optional = colon[2] == '?' || colon[2] == '*' || named,
                      .named = named,
                      .rest = colon[2] == '*'};
}

/// @return how many
static size_t parse(const char *column, argument into[COMMAND_ARGUMENTS_MAX]) {
    char *text = strdup(column), *save = NULL; // the keys point into it: kept
    assert(text);
    bool named = false;
    size_t count = 0;
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        assert(count < COMMAND_ARGUMENTS_MAX);
        if (strcmp(word, "|") == 0) named = true;
        else into[count++] = parse_one(word, named);
    }
    if (!count) free(text);
    return count;
}

static int compare(const void *a, const void *b) {
    return strcmp((*(const command *const *)a)->address, (*(const command *const *)b)->address);
}

void command_begin(const command_handlers *handlers) {
    static bool begun;
    if (begun) return;
    begun = true;
    for (size_t i = 0; i < COMMANDS; i++) {
        command *c = &commands[i];
        by_address[i] = c;
        c->validate = handlers[i].validate;
        c->run = handlers[i].run;
        c->count = parse(c->arguments, c->parsed);
        c->answer_count = parse(c->answer, c->answers);
    }
    for (size_t i = 0; i < SHAPES; i++) {
        shapes[i].count = parse(shapes[i].words, shapes[i].holds);
        assert(shapes[i].count);
    }
    qsort(by_address, COMMANDS, sizeof *by_address, compare);
}

const command *command_find(const char *address) {
    size_t low = 0, high = COMMANDS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(address, by_address[middle]->address);
        if (order == 0) return by_address[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

const shape *command_shape(const command *of, const char *key) {
    for (size_t i = 0; i < SHAPES; i++)
        if (!strcmp(shapes[i].address, of->address) && !strcmp(shapes[i].key, key))
            return &shapes[i];
    return NULL;
}

const char *shape_form_name(const shape *of) {
    static const char *const names[] = {"map", "list", "names"};
    return names[of->form];
}

const char *command_nearest(const char *address) {
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) names[i] = commands[i].address;
    return mega_nearest(address, names, COMMANDS);
}
