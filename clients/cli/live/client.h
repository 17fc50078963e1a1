// SPDX-License-Identifier: MIT
// client -- what the live commands share: the options they all take, a server found and greeted,
// calls that either answer or have said why not.
#ifndef LIVE_CLIENT_H
#define LIVE_CLIENT_H

#include "cli.h"
#include "live/link.h"
#include "live/rows.h"

typedef struct {
    const cli_command *command;
    const char *url, *name, *synth, *token_file;
    double timeout; ///< seconds
    bool json;
    const char *source; ///< a file whose errors the server tells; NULL: none
    bool quiet;         ///< what goes wrong is kept in `said` ...
    char said[512];     ///< ... the last of it
    live_link *link;
    int code; ///< what the command is to end with
} client;

/// The next option of the command's own, its argument in `optarg`; those that all take are kept.
/// @return false at the end, or with `c->code` set if there is nothing more to do
bool client_option(client *c, int argc, char **argv, int *option);
/// Finds the server and connects. @return false with `c->code`, after a message
bool client_open(client *c);
/// The same, but says nothing.
bool client_open_at(client *c, const char *url, char cause[256]);
/// Closes what is open. @return c->code
int client_close(client *c);

/// The command's address for the synth that --synth names. @param room holds it
const char *client_address(const client *c, const char *address, char room[320]);
/// Asks, and waits. Takes the map. @return the answer; NULL with `c->code`, after a message
json_t *client_call(client *c, const char *address, json_t *arguments);
/// As that, but waits longer than --timeout if need be.
json_t *client_call_in(client *c, const char *address, json_t *arguments, double seconds);
/// Calls and prints the answer: as JSON with --json, else `text` if there is some.
/// @return c->code
int client_do(client *c, const char *address, json_t *arguments, const char *text);

/// A number that is an operand, or a message and false.
bool client_number(const client *c, const char *name, const char *text, double min, double max,
                   double *value);
/// Says what is wrong with the connection. @return the exit code for it
int client_link_error(client *c, link_status status, const char *address);
/// Says why the server refused. @return the exit code for it
int client_refusal(client *c, const packet *failure);

// ---- answer.c: maps for people -----------------------------------------------------------------

/// A line of JSON, numbers as short as they can be.
void print_json_line(const json_t *value);
/// "key: value" lines, what is within others as JSON.
void print_answer(const json_t *map);
/// The same on one line: "rev 3, frame 480".
void print_short(const json_t *map);
/// JSON text of a value; to be freed.
char *json_text(const json_t *value);

const char *text_in(const json_t *map, const char *key); ///< "" if it is not there
double number_in(const json_t *map, const char *key);    ///< 0 if it is not there

#endif
