// SPDX-License-Identifier: MIT
#include "live/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "live/url.h"
#include "protocol/command.h"

// ---- open --------------------------------------------------------------------------------------

/// The token that the file holds, without its line end. @return false after a message
static bool read_token(const char *path, char token[300]) {
    FILE *file = fopen(path, "rb");
    size_t bytes = file ? fread(token, 1, 299, file) : 0;
    if (!file || ferror(file)) {
        say("token file %s: %s", path, strerror(errno));
        if (file) fclose(file);
        return false;
    }
    fclose(file);
    while (bytes && strchr("\r\n ", token[bytes - 1])) bytes--;
    token[bytes] = '\0';
    return true;
}

/// Says who is there. Over UDP from elsewhere the first answer is a cookie to say it again with.
static bool greet(client *c) {
    char token[300] = "";
    if (c->token_file && !read_token(c->token_file, token)) {
        c->code = CLI_FILE;
        return false;
    }
    if (!*token) runtime_token(link_url(c->link), token);
    json_t *hello = json_pack("{s:s+}", "client", "megasynth ", c->command->name);
    if (*token) json_object_set_new(hello, "token", json_string(token));
    packet p;
    link_status status = LINK_OK;
    for (int tries = 0; tries < 2; tries++) {
        int32_t id;
        status = link_request(c->link, "/hello", hello, &id);
        if (status == LINK_OK) status = link_answer(c->link, id, c->timeout, &p);
        if (status != LINK_OK || p.kind == PACKET_DONE ||
            strcmp(text_in(p.map, "path"), "session") != 0 || tries == 1)
            break;
        json_object_set_new(hello, "session", json_string(text_in(p.map, "want")));
        packet_finish(&p);
    }
    json_decref(hello);
    if (status != LINK_OK) c->code = client_link_error(c, status, "/hello");
    else if (p.kind == PACKET_FAIL) c->code = client_refusal(c, &p);
    if (status == LINK_OK) packet_finish(&p);
    return c->code <= 0;
}

bool client_open_at(client *c, const char *url, char cause[256]) {
    c->link = link_open(url, c->timeout, cause);
    if (!c->link) return false;
    if (greet(c)) return true;
    link_close(c->link);
    c->link = NULL;
    return false;
}

int client_close(client *c) {
    link_close(c->link);
    c->link = NULL;
    return c->code < 0 ? CLI_OK : c->code;
}

// ---- errors ------------------------------------------------------------------------------------

/// On standard error, or kept.
__attribute__((format(printf, 2, 3))) static void tell(client *c, const char *format, ...) {
    char line[1400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (!c->quiet) say("%s", line);
    else snprintf(c->said, sizeof c->said, "%.500s", line);
}

int client_link_error(client *c, link_status status, const char *address) {
    const char *url = link_url(c->link);
    switch (status) {
    case LINK_TIMEOUT:
        tell(c, "%s: no reply from %s within %g s; --timeout waits longer", address, url,
             c->timeout);
        return CLI_TIMEOUT;
    case LINK_INTERRUPTED: return CLI_INTERRUPTED;
    case LINK_TOO_BIG:
        tell(c, "%s: too long %s", address,
             link_is_datagram(c->link) ? "for a UDP packet; use the server's unix or tcp address"
                                       : "to send or receive (limit 16 MiB)");
        return CLI_REFUSED;
    case LINK_BAD:
        tell(c, "%s: %s does not speak this protocol; check that it is a megasynthd of version %s",
             address, url, MEGA_VERSION);
        return CLI_REFUSED;
    case LINK_MEMORY: tell(c, "%s: out of memory", address); return CLI_FILE;
    default: tell(c, "%s: lost the connection to the server at %s", address, url); return CLI_LOST;
    }
}

static void add(char *line, size_t room, const char *before, const char *text, const char *after) {
    size_t used = strlen(line);
    if (*text && used < room) snprintf(line + used, room - used, "%s%s%s", before, text, after);
}

/// got, want and limit, as text.
static void add_note(char *line, size_t room, const json_t *map, const char *key) {
    const json_t *value = json_object_get(map, key);
    char *text = json_is_string(value) ? strdup(json_string_value(value))
                 : value               ? json_text(value)
                                       : NULL;
    char before[16];
    snprintf(before, sizeof before, "; %s: ", key);
    if (text) add(line, room, before, text, "");
    free(text);
}

/// "MESSAGE; HINT; want: ..." of a failure, or of one of its `errors`.
static void describe(const json_t *map, char *line, size_t room) {
    const char *path = text_in(map, "path");
    line[0] = '\0';
    add(line, room, "", path, ": ");
    add(line, room, "", text_in(map, "message"), "");
    add(line, room, "; ", text_in(map, "hint"), "");
    add_note(line, room, map, "got");
    add_note(line, room, map, "want");
    add_note(line, room, map, "limit");
}

static void say_refusal(client *c, const packet *p) {
    const json_t *errors = json_object_get(p->map, "errors"), *error;
    char line[1024];
    size_t i, count = json_array_size(errors);
    for (i = 0; i < (count ? count : 1); i++) {
        error = count ? json_array_get(errors, i) : p->map;
        describe(error, line, sizeof line);
        int at = (int)number_in(error, "line"), column = (int)number_in(error, "column");
        const char *code = *text_in(error, "code") ? text_in(error, "code") : p->code;
        if (c->source && at && column)
            tell(c, "%s:%d:%d: %s: %s", c->source, at, column, code, line);
        else if (c->source && at) tell(c, "%s:%d: %s: %s", c->source, at, code, line);
        else tell(c, "%s: %s: %s", c->source ? c->source : p->address, code, line);
    }
}

int client_refusal(client *c, const packet *p) {
    say_refusal(c, p);
    if (c->json && !c->quiet) {
        json_t *all = json_copy(p->map);
        json_object_set_new(all, "fail", json_string(p->code));
        json_object_set_new(all, "command", json_string(p->address));
        print_json_line(all);
        json_decref(all);
    }
    // Wrong in itself, rather than at this time or for this server.
    static const char *const wrong[] = {"patch", "cycle", "not-found", "bad-value", "bad-type"};
    const row *r = row_find(p->address);
    for (size_t i = 0; r && r->flags & FLAG_EDIT && i < COUNT_OF(wrong); i++)
        if (strcmp(p->code, wrong[i]) == 0 && strncmp(r->address, "/patch/", 7) == 0)
            return CLI_PATCH;
    return CLI_REFUSED;
}

// ---- calls -------------------------------------------------------------------------------------

const char *client_address(const client *c, const char *address, char room[320]) {
    const row *r = row_find(address);
    if (!c->synth || !r || !(r->flags & FLAG_SYNTH) || strncmp(address, "/synth/", 7) == 0)
        return address;
    snprintf(room, 320, "/synth/%.64s%.200s", c->synth, address);
    return room;
}

json_t *client_call_in(client *c, const char *address, json_t *arguments, double seconds) {
    char room[320];
    address = client_address(c, address, room);
    int32_t id;
    packet p;
    link_status status = link_request(c->link, address, arguments, &id);
    json_decref(arguments);
    if (status == LINK_OK) status = link_answer(c->link, id, seconds, &p);
    if (status != LINK_OK) {
        c->code = client_link_error(c, status, address);
        return NULL;
    }
    json_t *answer = NULL;
    if (p.kind == PACKET_DONE) answer = json_incref(p.map);
    else c->code = client_refusal(c, &p);
    packet_finish(&p);
    return answer;
}

json_t *client_call(client *c, const char *address, json_t *arguments) {
    return client_call_in(c, address, arguments, c->timeout);
}

int client_do(client *c, const char *address, json_t *arguments, const char *text) {
    json_t *answer = client_call(c, address, arguments);
    if (answer) {
        c->code = CLI_OK;
        if (c->json) print_json_line(answer);
        else if (text) printf("%s\n", text);
    }
    json_decref(answer);
    return c->code;
}
