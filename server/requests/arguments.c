// SPDX-License-Identifier: MIT
// arguments -- binds what a message carries, in either form, to what the command's row asks for.
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clients/session.h"
#include "requests/requests.h"
#include "synths/sound.h"
#include "synths/synth.h"

// ---- one value --------------------------------------------------------------------------------

static bool is_integer(const msgpack_object *value) {
    if (value->type == MSGPACK_OBJECT_POSITIVE_INTEGER) return value->via.u64 <= INT64_MAX;
    if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) return true;
    return (value->type == MSGPACK_OBJECT_FLOAT32 || value->type == MSGPACK_OBJECT_FLOAT64) &&
           fabs(value->via.f64) < 9e15 && floor(value->via.f64) == value->via.f64;
}

static bool is_number(const msgpack_object *value) {
    return value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
           value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
           value->type == MSGPACK_OBJECT_FLOAT32 || value->type == MSGPACK_OBJECT_FLOAT64;
}

static const char *type_of(const msgpack_object *value) {
    switch (value->type) {
    case MSGPACK_OBJECT_NIL: return "nil";
    case MSGPACK_OBJECT_BOOLEAN: return "boolean";
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return "integer";
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: return "number";
    case MSGPACK_OBJECT_STR: return "string";
    case MSGPACK_OBJECT_ARRAY: return "list";
    case MSGPACK_OBJECT_MAP: return "map";
    default: return "bytes";
    }
}

static bool fits(char type, const msgpack_object *value) {
    switch (type) {
    case 's': return value->type == MSGPACK_OBJECT_STR;
    case 'i': return is_integer(value);
    case 'f': return is_number(value);
    case 'b': return value->type == MSGPACK_OBJECT_BOOLEAN || is_number(value);
    case 'm': return value->type == MSGPACK_OBJECT_MAP;
    case 'l': return value->type == MSGPACK_OBJECT_ARRAY;
    default: return true;
    }
}

static bool mismatch(call *c, const argument *wanted, const msgpack_object *value) {
    call_fail(c, CODE_BAD_TYPE, wanted->key, "wrong argument type");
    call_note(c, "got", "%s", type_of(value));
    call_note(c, "want", "%s", argument_type_name(wanted->type));
    return false;
}

static bool bind_value(call *c, size_t index, const msgpack_object *value) {
    const argument *wanted = &c->command->parsed[index];
    if (wanted->rest) {
        if (value->type != MSGPACK_OBJECT_ARRAY)
            return mismatch(c, &(argument){wanted->key, 'l', 0, 0, 0}, value);
        for (uint32_t i = 0; i < value->via.array.size; i++)
            if (!fits(wanted->type, &value->via.array.ptr[i]))
                return mismatch(c, wanted, &value->via.array.ptr[i]);
        c->rest = value->via.array.ptr;
        c->rest_count = value->via.array.size;
        return true;
    }
    if (!fits(wanted->type, value)) return mismatch(c, wanted, value);
    c->values[index] = *value;
    if (value->type != MSGPACK_OBJECT_STR) return true;
    c->texts[index] = strndup(value->via.str.ptr, value->via.str.size);
    if (c->texts[index]) return true;
    call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    return false;
}

static bool nothing_missing(call *c) {
    for (size_t i = 0; i < c->command->count; i++) {
        const argument *a = &c->command->parsed[i];
        if (a->optional || c->values[i].type != MSGPACK_OBJECT_NIL) continue;
        call_fail(c, CODE_BAD_TYPE, a->key, "an argument is missing");
        call_note(c, "want", "%s", c->command->arguments);
        return false;
    }
    return true;
}

// ---- the request form -------------------------------------------------------------------------

bool arguments_is_request(lo_message message, int32_t *id) {
    if (lo_message_get_argc(message) != 2 || strcmp(lo_message_get_types(message), "ib") != 0)
        return false;
    memcpy(id, lo_message_get_argv(message)[0], sizeof *id); // liblo's unions lie anywhere
    return *id != 0;
}

static bool text_is(const msgpack_object_str *text, const char *word) {
    return text->size == strlen(word) && memcmp(text->ptr, word, text->size) == 0;
}

/// Keys that the table does not repeat in each row.
static bool common_key(const call *c, const msgpack_object_str *key) {
    return (c->command->flags & FLAG_TIMED && text_is(key, "at")) ||
           (key->size >= 2 && memcmp(key->ptr, "x-", 2) == 0);
}

static bool unknown_key(call *c, const msgpack_object_str *key) {
    char name[64];
    const char *names[COMMAND_ARGUMENTS_MAX];
    size_t bytes = key->size < sizeof name - 1 ? key->size : sizeof name - 1;
    memcpy(name, key->ptr, bytes);
    name[bytes] = '\0';
    while (!payload_is_text(name, strlen(name))) name[strlen(name) - 1] = '\0';
    for (size_t i = 0; i < c->command->count; i++) names[i] = c->command->parsed[i].key;
    call_fail(c, CODE_BAD_VALUE, name, "no such argument");
    const char *nearest = mega_nearest(name, names, c->command->count);
    if (nearest) call_note(c, "hint", "did you mean `%s`?", nearest);
    else call_note(c, "want", "%s", c->command->arguments);
    return false;
}

static bool bind_map(call *c, const msgpack_object_map *map) {
    for (uint32_t m = 0; m < map->size; m++) {
        const msgpack_object_str *key = &map->ptr[m].key.via.str;
        if (map->ptr[m].val.type == MSGPACK_OBJECT_NIL) continue; // as if it were not there
        size_t i = 0;
        while (i < c->command->count && !text_is(key, c->command->parsed[i].key)) i++;
        if (i < c->command->count) {
            if (!bind_value(c, i, &map->ptr[m].val)) return false;
        } else if (!common_key(c, key)) {
            return unknown_key(c, key);
        }
    }
    return true;
}

static bool bind_payload(call *c, const void *bytes, size_t count) {
    payload_error error;
    if (!payload_read(bytes, count, &c->payload, &error)) {
        call_fail(c, error.code, "", "%s", error.message);
        call_note(c, "got", "byte %zu of the payload", error.offset);
        if (error.limit) call_note(c, "limit", "%s", error.limit);
        return false;
    }
    c->has_payload = true;
    return bind_map(c, &c->payload.data.via.map) && nothing_missing(c);
}

bool arguments_bind_json(call *c, const json_t *map) {
    msgpack_sbuffer bytes;
    msgpack_sbuffer_init(&bytes);
    if (!payload_write(map, &bytes)) {
        msgpack_sbuffer_destroy(&bytes);
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return false;
    }
    c->own_bytes = bytes.data; // the values point into it
    return bind_payload(c, bytes.data, bytes.size);
}

// ---- the plain form ---------------------------------------------------------------------------

static int64_t integer_at(char type, const void *arg) {
    int32_t narrow;
    int64_t wide;
    memcpy(&narrow, arg, sizeof narrow);
    if (type == 'i') return narrow;
    memcpy(&wide, arg, sizeof wide);
    return wide;
}

static double real_at(char type, const void *arg) {
    float narrow;
    double wide;
    memcpy(&narrow, arg, sizeof narrow);
    if (type == 'f') return (double)narrow;
    memcpy(&wide, arg, sizeof wide);
    return wide;
}

/// OSC's T and F are numbers where the table wants numbers.
static void as_wanted(char type, msgpack_object *value) {
    if (value->type != MSGPACK_OBJECT_BOOLEAN || (type != 'i' && type != 'f')) return;
    bool is_true = value->via.boolean;
    *value = (msgpack_object){.type = MSGPACK_OBJECT_POSITIVE_INTEGER};
    value->via.u64 = is_true;
}

/// @param arg liblo's, at any address
static bool convert(char type, const void *arg, msgpack_object *value) {
    *value = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
    switch (type) {
    case 'i':
    case 'h':
        value->via.i64 = integer_at(type, arg);
        value->type =
            value->via.i64 < 0 ? MSGPACK_OBJECT_NEGATIVE_INTEGER : MSGPACK_OBJECT_POSITIVE_INTEGER;
        return true;
    case 'f':
    case 'd':
        value->type = MSGPACK_OBJECT_FLOAT64;
        value->via.f64 = real_at(type, arg);
        return isfinite(value->via.f64);
    case 'T':
    case 'F':
        value->type = MSGPACK_OBJECT_BOOLEAN;
        value->via.boolean = type == 'T';
        return true;
    case 's':
    case 'S':
        value->type = MSGPACK_OBJECT_STR;
        value->via.str.ptr = arg;
        value->via.str.size = (uint32_t)strlen(arg);
        return payload_is_text(arg, value->via.str.size);
    default: return false;
    }
}

static bool bind_plain(call *c, lo_message message) {
    const command *row = c->command;
    const char *types = lo_message_get_types(message);
    lo_arg **argv = lo_message_get_argv(message);
    int count = lo_message_get_argc(message);
    for (int i = 0; i < count; i++) {
        size_t index = (size_t)i;
        size_t last = row->count;
        while (last && row->parsed[last - 1].named) last--;
        bool rest = last && row->parsed[last - 1].rest && index + 1 >= last;
        if (rest) index = last - 1;
        if (index >= last) {
            call_fail(c, CODE_BAD_TYPE, "", "too many arguments");
            call_note(c, "got", "%d", count);
            call_note(c, "want", "%s", row->arguments);
            return false;
        }
        msgpack_object value;
        if (!convert(types[i], argv[i], &value)) {
            bool number = strchr("fd", types[i]) != NULL, text = strchr("sS", types[i]) != NULL;
            call_fail(c, number || text ? CODE_BAD_VALUE : CODE_BAD_TYPE, row->parsed[index].key,
                      number ? "a number is NaN or infinite"
                      : text ? "a string is not UTF-8"
                             : "plain arguments must have one of the types i h f d s T F");
            return false;
        }
        as_wanted(row->parsed[index].type, &value);
        if (!rest) {
            if (!bind_value(c, index, &value)) return false;
            continue;
        }
        if (!fits(row->parsed[index].type, &value)) return mismatch(c, &row->parsed[index], &value);
        if (!c->rest) c->rest = c->own_rest = calloc((size_t)count, sizeof *c->rest);
        if (!c->rest) {
            call_fail(c, CODE_NO_MEMORY, "", "out of memory");
            return false;
        }
        c->rest[c->rest_count++] = value;
    }
    return nothing_missing(c);
}

bool arguments_first_number(lo_message message, double *value) {
    msgpack_object first;
    if (lo_message_get_argc(message) < 1 ||
        !convert(lo_message_get_types(message)[0], lo_message_get_argv(message)[0], &first))
        return false;
    as_wanted('f', &first);
    if (!is_number(&first)) return false;
    *value = first.type == MSGPACK_OBJECT_FLOAT64 ? first.via.f64 : (double)first.via.i64;
    return true;
}

bool arguments_bind(call *c, lo_message message) {
    if (!c->id) return bind_plain(c, message);
    lo_blob blob = (lo_blob)lo_message_get_argv(message)[1];
    return bind_payload(c, lo_blob_dataptr(blob), lo_blob_datasize(blob));
}

void arguments_free(call *c) {
    for (size_t i = 0; i < COMMAND_ARGUMENTS_MAX; i++) free(c->texts[i]);
    free(c->own_rest);
    free(c->own_bytes);
    if (c->has_payload) msgpack_unpacked_destroy(&c->payload);
}

// ---- when -------------------------------------------------------------------------------------

static bool whole(call *c, const msgpack_object *map, const char *key, uint64_t *number) {
    const msgpack_object *value = payload_get(map, key);
    if (value && is_integer(value) && value->type != MSGPACK_OBJECT_NEGATIVE_INTEGER &&
        (value->type == MSGPACK_OBJECT_POSITIVE_INTEGER || value->via.f64 >= 0)) {
        *number = value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? value->via.u64
                                                                 : (uint64_t)value->via.f64;
        return true;
    }
    call_fail(c, CODE_BAD_TYPE, "at", "must be a whole number, 0 or more");
    call_note(c, "want", "{frame}, {after, frames}, {mono_ns} or {beat}");
    return false;
}

static bool after(call *c, const msgpack_object *at, uint64_t *frame) {
    uint64_t id, frames, base;
    if (!whole(c, at, "after", &id) || !whole(c, at, "frames", &frames)) return false;
    if (!c->from || id > INT32_MAX || !replies_frame(c->from->replies, (int32_t)id, &base)) {
        call_fail(c, CODE_NOT_FOUND, "at.after", "no reply with a frame is known for this request");
        call_note(c, "hint", "wait for that request's reply first");
        return false;
    }
    *frame = base + frames;
    return true;
}

bool arguments_time(call *c, uint64_t *frame) {
    if (!(c->command->flags & FLAG_TIMED) || !c->has_payload) return true;
    const msgpack_object *at = payload_get(&c->payload.data, "at");
    if (!at || at->type == MSGPACK_OBJECT_NIL) return true;
    if (at->type == MSGPACK_OBJECT_MAP) {
        if (payload_get(at, "frame")) return whole(c, at, "frame", frame);
        if (payload_get(at, "after")) return after(c, at, frame);
        uint64_t ns;
        if (payload_get(at, "mono_ns")) {
            if (!whole(c, at, "mono_ns", &ns)) return false;
            if (ns > INT64_MAX) ns = INT64_MAX;
            *frame = call_frame_of_ns(c->server, (int64_t)ns, &c->before);
            return true;
        }
        if (payload_get(at, "beat")) {
            call_fail(c, CODE_UNSUPPORTED, "at.beat",
                      "`beat` is not supported; use frame, after or mono_ns");
            return false;
        }
    }
    call_fail(c, CODE_BAD_TYPE, "at", "unknown kind of time");
    call_note(c, "want", "{frame}, {after, frames}, {mono_ns} or {beat}");
    return false;
}
