// SPDX-License-Identifier: MIT
// command -- the table of commands: what commands.def says, and arguments checked against it.
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/// Where a command is carried out.
typedef enum {
    ROUTE_DIRECT,  ///< at once, on the loop: nothing it does can wait
    ROUTE_PERFORM, ///< on the loop, straight to the engine's events; behind those of the client
                   ///< that wait
    ROUTE_BUILD,   ///< on the worker, in order: compiling, files
} route;

enum {
    FLAG_SYNTH = 1,  ///< of a synth: `/synth/<name>` may come before it
    FLAG_TIMED = 2,  ///< takes `at`, and the time of its bundle
    FLAG_BUNDLE = 4, ///< may be in a bundle
    FLAG_OPEN = 8,   ///< for clients that are not admitted yet, too
    FLAG_OWNER = 16, ///< for clients of this machine only
    FLAG_EDIT = 32,  ///< changes the document: counted for those who wait for names
    FLAG_STATE = 64, ///< changes what the state holds, besides those that edit
};

enum { COMMAND_ARGUMENTS_MAX = 16 };

/// s string, i integer, f number, b boolean, m map, l list, a anything
typedef struct {
    const char *key;
    char type;
    bool optional, named; ///< named: in the request form only
    bool rest;            ///< all further plain arguments; a list in the request form
} argument;

/// What a map or a list of an answer holds: maps of these keys, or, where the only key is "", of
/// that type.
typedef struct {
    const char *address, *key;
    enum { SHAPE_MAP, SHAPE_LIST, SHAPE_NAMES } form;
    const char *words;
    argument holds[COMMAND_ARGUMENTS_MAX]; ///< by command_begin
    size_t count;
} shape;

typedef struct call call;
typedef void command_handler(call *c);
typedef struct {
    command_handler *validate, *run;
} command_handlers;

typedef struct {
    const char *address;   ///< "/knob/set"
    const char *arguments; ///< "name:s value:f | ramp_ms:f": plain ones in order, `?` optional, `*`
                           ///< the rest
    const char *answer;    ///< what `/done` carries, alike; `?` where there is something to tell
    route route;
    unsigned flags;
    command_handler *validate; ///< of ROUTE_PERFORM only
    command_handler *run;      ///< of ROUTE_PERFORM: applies what was validated
    const char *doc;
    // by command_begin
    argument parsed[COMMAND_ARGUMENTS_MAX], answers[COMMAND_ARGUMENTS_MAX];
    size_t count, answer_count;
} command;

/// Parses the argument columns; asserts that they are well-formed. Once, before anything else.
/// @param handlers in the order of commands.def
void command_begin(const command_handlers *handlers);
size_t command_count(void);
const command *command_get(size_t index);
/// @return NULL if there is none of exactly that address
const command *command_find(const char *address);
/// The address most like a wrong one, or NULL.
const char *command_nearest(const char *address);
const char *route_name(route which);
/// Of a key of its answer; NULL: nothing is said.
const shape *command_shape(const command *of, const char *key);
/// "map", "list" or "names".
const char *shape_form_name(const shape *of);
/// "string", "integer" ...
const char *argument_type_name(char type);

#endif
