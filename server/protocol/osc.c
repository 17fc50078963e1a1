// SPDX-License-Identifier: MIT
#include "protocol/osc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/bounds.h"

static bool refuse(osc_error *error, const osc_packet *p, code which, const char *message,
                   const char *limit) {
    *error = (osc_error){which, p->is_bundle ? (int32_t)p->count : -1, message, limit};
    return false;
}

static uint32_t read_u32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static uint64_t read_u64(const uint8_t *at) {
    return (uint64_t)read_u32(at) << 32 | read_u32(at + 4);
}

/// A time tag of 0, or within a second of it, comes from those who know no time: at once.
static uint64_t read_time(const uint8_t *at) { return read_u32(at) ? read_u64(at) : OSC_NOW; }

static bool is_bundle(const uint8_t *bytes, size_t count) {
    return count >= 8 && memcmp(bytes, "#bundle", 8) == 0;
}

/// Printable, and nothing that OSC patterns use: addresses are matched exactly.
static bool check_address(const uint8_t *bytes, size_t count, const osc_packet *p,
                          osc_error *error) {
    size_t length = strnlen((const char *)bytes, count);
    if (length == count)
        return refuse(error, p, CODE_BAD_PACKET, "malformed OSC packet: unterminated address",
                      NULL);
    if (length > limit_address_bytes_max)
        return refuse(error, p, CODE_LIMIT, "the address is too long", "address_bytes_max");
    if (bytes[0] != '/')
        return refuse(error, p, CODE_BAD_PACKET,
                      "malformed OSC packet: the address must begin with /", NULL);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] <= ' ' || bytes[i] >= 0x7F || strchr("#,", bytes[i]))
            return refuse(error, p, CODE_BAD_PACKET,
                          "malformed OSC packet: invalid character in the address", NULL);
        if (strchr("*?[]{}", bytes[i]))
            return refuse(error, p, CODE_BAD_VALUE, "address patterns are not supported", NULL);
    }
    return true;
}

/// liblo allocates for each type tag before it looks at what they stand for.
static bool check_types(const uint8_t *bytes, size_t count, const osc_packet *p, osc_error *error) {
    size_t at = (strlen((const char *)bytes) / 4 + 1) * 4;
    if (at >= count || strnlen((const char *)bytes + at, count - at) <= limit_arguments_max + 1)
        return true;
    return refuse(error, p, CODE_LIMIT, "too many arguments", "arguments_max");
}

/// Bytes of an argument. @return more than are left if it is cut short
static size_t argument_bytes(char type, const uint8_t *at, size_t left) {
    switch (type) {
    case 'T':
    case 'F':
    case 'N':
    case 'I': return 0;
    case 'h':
    case 'd':
    case 't': return 8;
    case 's':
    case 'S': return strnlen((const char *)at, left) / 4 * 4 + 4;
    case 'b':
        if (left < 4 || read_u32(at) > left - 4) return left + 1;
        return 4 + ((size_t)read_u32(at) + 3) / 4 * 4;
    default: return 4;
    }
}

/// The same message with zeros after its blobs: SuperCollider's language leaves there what it
/// finds, and liblo refuses that.
static lo_message read_padded(const uint8_t *bytes, size_t count) {
    size_t tags = (strlen((const char *)bytes) / 4 + 1) * 4;
    if (tags >= count || strnlen((const char *)bytes + tags, count - tags) == count - tags)
        return NULL;
    uint8_t *copy = malloc(count);
    if (!copy) return NULL;
    memcpy(copy, bytes, count);
    const char *tag = (const char *)copy + tags;
    size_t at = tags + (strlen(tag) / 4 + 1) * 4;
    while (*tag && *++tag && at < count) {
        size_t size = argument_bytes(*tag, copy + at, count - at);
        if (size > count - at) break;
        size_t used = *tag == 'b' ? 4 + (size_t)read_u32(copy + at) : size;
        memset(copy + at + used, 0, size - used);
        at += size;
    }
    int result = 0;
    lo_message message = lo_message_deserialise(copy, count, &result); // keeps no pointer to it
    free(copy);
    return message;
}

static bool read_message(const uint8_t *bytes, size_t count, osc_packet *p, osc_error *error) {
    if (p->count == limit_bundle_messages_max)
        return refuse(error, p, CODE_LIMIT, "too many messages in a bundle", "bundle_messages_max");
    if (!check_address(bytes, count, p, error) || !check_types(bytes, count, p, error))
        return false;
    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : 1;
        osc_message *more = realloc(p->messages, room * sizeof *more);
        if (!more) return refuse(error, p, CODE_NO_MEMORY, "out of memory", NULL);
        p->messages = more;
        p->room = room;
    }
    int result = 0;
    lo_message message = lo_message_deserialise((void *)(uintptr_t)bytes, count, &result);
    if (!message) message = read_padded(bytes, count);
    if (!message) // with result 0 for array tags: the pointer tells
        return refuse(error, p, CODE_BAD_PACKET,
                      "malformed OSC message: type tags, lengths and padding must fit", NULL);
    p->messages[p->count++] = (osc_message){(const char *)bytes, message};
    return true;
}

/// Elements of a bundle: a length, then a message or a bundle.
static bool read_elements(const uint8_t *at, const uint8_t *end, uint32_t depth, osc_packet *p,
                          osc_error *error) {
    while (at < end) {
        if (end - at < 4)
            return refuse(error, p, CODE_BAD_PACKET, "malformed OSC packet: truncated bundle",
                          NULL);
        uint32_t bytes = read_u32(at);
        at += 4;
        if (bytes > (size_t)(end - at) || bytes % 4 || bytes == 0)
            return refuse(error, p, CODE_BAD_PACKET,
                          "malformed OSC packet: invalid element length in the bundle", NULL);
        if (!is_bundle(at, bytes)) {
            if (!read_message(at, bytes, p, error)) return false;
        } else {
            if (depth == limit_bundle_depth_max)
                return refuse(error, p, CODE_LIMIT, "bundles nested too deep", "bundle_depth_max");
            if (bytes < 16)
                return refuse(error, p, CODE_BAD_PACKET, "malformed OSC packet: truncated bundle",
                              NULL);
            uint64_t time = read_time(at + 8);
            if (time != p->time && time != OSC_NOW)
                return refuse(error, p, CODE_BAD_VALUE,
                              "a nested bundle has a different time; all messages of a bundle take "
                              "effect together",
                              NULL);
            if (!read_elements(at + 16, at + bytes, depth + 1, p, error)) return false;
        }
        at += bytes;
    }
    return true;
}

bool osc_read(const void *bytes, size_t count, osc_packet *p, osc_error *error) {
    *p = (osc_packet){.time = OSC_NOW};
    bool ok;
    if (count == 0 || count % 4) {
        ok = refuse(error, p, CODE_BAD_PACKET,
                    "malformed OSC packet: the length is not a multiple of 4", NULL);
    } else if (!is_bundle(bytes, count)) {
        ok = read_message(bytes, count, p, error);
    } else {
        p->is_bundle = true;
        if (count < 16)
            ok = refuse(error, p, CODE_BAD_PACKET, "malformed OSC packet: truncated bundle", NULL);
        else {
            const uint8_t *at = bytes;
            p->time = read_time(at + 8);
            ok = read_elements(at + 16, at + count, 1, p, error);
        }
    }
    if (!ok) osc_finish(p);
    return ok;
}

void osc_finish(osc_packet *p) {
    for (size_t i = 0; i < p->count; i++) lo_message_free(p->messages[i].message);
    free(p->messages);
    *p = (osc_packet){0};
}

// ---- written ----------------------------------------------------------------------------------

// Not by liblo 0.31: what it adds to a message runs over the end of its buffer when that comes to
// between 8 bytes less and some more than a power of two from 2^18 on (262,140 bytes, 1,048,600).

static uint8_t *write_u32(uint8_t *to, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) *to++ = (uint8_t)(value >> shift);
    return to;
}

/// Bytes, and zeros up to a multiple of 4. @param to NULL: only counts @return bytes it takes
static size_t write_padded(uint8_t *to, const void *bytes, size_t count, size_t room) {
    if (to && count) memcpy(to, bytes, count);
    if (to) memset(to + count, 0, room - count);
    return room;
}

static size_t write_text(uint8_t *to, const char *text) {
    size_t count = strlen(text);
    return write_padded(to, text, count, (count / 4 + 1) * 4);
}

static size_t write_blob(uint8_t *to, const void *bytes, size_t count) {
    if (to) to = write_u32(to, (uint32_t)count);
    return 4 + write_padded(to, bytes, count, (count + 3) / 4 * 4);
}

static size_t write_integer(uint8_t *to, uint64_t value, size_t bytes) {
    if (to && bytes == 8) to = write_u32(to, (uint32_t)(value >> 32));
    if (to) write_u32(to, (uint32_t)value);
    return bytes;
}

static size_t write_float(uint8_t *to, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return write_integer(to, bits, 4);
}

static size_t write_argument(uint8_t *to, char type, va_list *rest) {
    switch (type) {
    case 'i': return write_integer(to, (uint32_t)va_arg(*rest, int32_t), 4);
    case 'h': return write_integer(to, (uint64_t)va_arg(*rest, int64_t), 8);
    case 'f': return write_float(to, (float)va_arg(*rest, double));
    case 's': return write_text(to, va_arg(*rest, const char *));
    default: break;
    }
    const void *bytes = va_arg(*rest, const void *);
    return write_blob(to, bytes, va_arg(*rest, size_t));
}

/// @param to NULL: only counts @return its bytes
static size_t write_message(uint8_t *to, const char *address, const char *types, va_list *rest) {
    char tags[limit_arguments_max + 2] = ",";
    strncat(tags, types, limit_arguments_max);
    size_t used = write_text(to, address);
    used += write_text(to ? to + used : NULL, tags);
    for (const char *type = types; *type; type++)
        used += write_argument(to ? to + used : NULL, *type, rest);
    return used;
}

void *osc_write(size_t *bytes, const char *address, const char *types, ...) {
    va_list rest;
    va_start(rest, types);
    *bytes = write_message(NULL, address, types, &rest);
    va_end(rest);
    uint8_t *packet = *bytes <= INT32_MAX ? malloc(*bytes) : NULL;
    if (!packet) return NULL;
    va_start(rest, types);
    write_message(packet, address, types, &rest);
    va_end(rest);
    return packet;
}
