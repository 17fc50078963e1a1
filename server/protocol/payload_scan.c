// SPDX-License-Identifier: MIT
// payload_scan -- what a payload's bytes must be like before msgpack-c unpacks them; and the check
// of keys after it.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/bounds.h"
#include "protocol/payload.h"

typedef struct {
    const uint8_t *start, *at, *end;
    payload_error *error;
    size_t values;
    struct {
        uint64_t left; ///< values still to come, keys included
        bool map;
    } open[limit_payload_depth_max];
    uint32_t depth;
} scan;

static bool refuse(scan *s, code which, const char *message, const char *limit) {
    *s->error = (payload_error){which, (size_t)(s->at - s->start), message, limit};
    return false;
}

bool payload_is_text(const char *text, size_t bytes) {
    const uint8_t *at = (const uint8_t *)text, *end = at + bytes;
    while (at < end) {
        uint8_t c = *at++;
        if (c == 0) return false;
        if (c < 0x80) continue;
        int more = c >= 0xC2 && c <= 0xDF   ? 1
                   : (c & 0xF0) == 0xE0     ? 2
                   : c >= 0xF0 && c <= 0xF4 ? 3
                                            : 0;
        if (!more || end - at < more) return false;
        // the second byte's range excludes overlong forms, surrogates, and what is past U+10FFFF
        uint8_t low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
        uint8_t high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        if (*at < low || *at > high) return false;
        for (at++; --more; at++)
            if ((*at & 0xC0) != 0x80) return false;
    }
    return true;
}

/// A big-endian number after the type byte.
static bool read_number(scan *s, uint32_t bytes, uint64_t *number) {
    if ((size_t)(s->end - s->at) < bytes)
        return refuse(s, CODE_BAD_PACKET, "malformed payload: truncated", NULL);
    *number = 0;
    while (bytes--) *number = *number << 8 | *s->at++;
    return true;
}

static bool skip(scan *s, uint64_t bytes) {
    if ((uint64_t)(s->end - s->at) < bytes)
        return refuse(s, CODE_BAD_PACKET, "malformed payload: a length exceeds it", NULL);
    s->at += bytes;
    return true;
}

static bool read_text(scan *s, uint64_t bytes) {
    const char *text = (const char *)s->at;
    if (!skip(s, bytes)) return false;
    if (payload_is_text(text, bytes)) return true;
    return refuse(s, CODE_BAD_PACKET, "a string is not valid UTF-8, or contains a zero byte", NULL);
}

static bool open_values(scan *s, uint64_t count, bool map) {
    uint64_t values = map ? 2 * count : count;
    if (values > (uint64_t)(s->end - s->at))
        return refuse(s, CODE_BAD_PACKET, "malformed payload: more values declared than bytes",
                      NULL);
    if (s->depth == limit_payload_depth_max)
        return refuse(s, CODE_LIMIT, "nested too deep", "payload_depth_max");
    s->open[s->depth].left = values;
    s->open[s->depth++].map = map;
    return true;
}

static bool read_float(scan *s, uint32_t bytes) {
    uint64_t bits;
    if (!read_number(s, bytes, &bits)) return false;
    double value;
    if (bytes == 4) {
        uint32_t narrow = (uint32_t)bits;
        float f;
        memcpy(&f, &narrow, 4);
        value = (double)f;
    } else {
        memcpy(&value, &bits, 8);
    }
    return isfinite(value) || refuse(s, CODE_BAD_VALUE, "a number is NaN or infinite", NULL);
}

/// The types from 0xC0 to 0xDF.
static bool read_marked(scan *s, uint8_t type) {
    uint64_t n;
    switch (type) {
    case 0xC0:
    case 0xC2:
    case 0xC3: return true;
    case 0xC4:
    case 0xC5:
    case 0xC6: return read_number(s, 1u << (type - 0xC4), &n) && skip(s, n);
    case 0xCA: return read_float(s, 4);
    case 0xCB: return read_float(s, 8);
    case 0xCC:
    case 0xCD:
    case 0xCE:
    case 0xCF: return read_number(s, 1u << (type - 0xCC), &n);
    case 0xD0:
    case 0xD1:
    case 0xD2:
    case 0xD3: return read_number(s, 1u << (type - 0xD0), &n);
    case 0xD9:
    case 0xDA:
    case 0xDB: return read_number(s, 1u << (type - 0xD9), &n) && read_text(s, n);
    case 0xDC:
    case 0xDD: return read_number(s, type == 0xDC ? 2 : 4, &n) && open_values(s, n, false);
    case 0xDE:
    case 0xDF: return read_number(s, type == 0xDE ? 2 : 4, &n) && open_values(s, n, true);
    default: return refuse(s, CODE_BAD_PACKET, "unsupported MessagePack type", NULL);
    }
}

static bool is_text_type(uint8_t type) {
    return (type & 0xE0) == 0xA0 || (type >= 0xD9 && type <= 0xDB);
}

static bool read_value(scan *s) {
    if (s->at == s->end) return refuse(s, CODE_BAD_PACKET, "malformed payload: truncated", NULL);
    if (++s->values > limit_payload_values_max)
        return refuse(s, CODE_LIMIT, "too many values", "payload_values_max");
    uint8_t type = *s->at;
    if (s->depth && s->open[s->depth - 1].map && s->open[s->depth - 1].left % 2 == 1 &&
        !is_text_type(type)) // `left` was counted down already: odd is a key
        return refuse(s, CODE_BAD_TYPE, "a map key is not a string", NULL);
    s->at++;
    if (type < 0x80 || type >= 0xE0) return true;
    if (type < 0x90) return open_values(s, type & 0x0F, true);
    if (type < 0xA0) return open_values(s, type & 0x0F, false);
    if (type < 0xC0) return read_text(s, type & 0x1F);
    return read_marked(s, type);
}

bool payload_scan(const void *bytes, size_t count, payload_error *error) {
    scan s = {.start = bytes, .at = bytes, .error = error};
    s.end = s.start + count;
    if (!read_value(&s)) return false;
    while (s.depth) {
        if (s.open[s.depth - 1].left == 0) {
            s.depth--;
        } else {
            s.open[s.depth - 1].left--;
            if (!read_value(&s)) return false;
        }
    }
    return s.at == s.end ||
           refuse(&s, CODE_BAD_PACKET, "malformed payload: extra bytes at the end", NULL);
}

// ---- after unpacking --------------------------------------------------------------------------

static int compare_keys(const void *a, const void *b) {
    const msgpack_object_str *one = *(const msgpack_object_str *const *)a;
    const msgpack_object_str *two = *(const msgpack_object_str *const *)b;
    size_t bytes = one->size < two->size ? one->size : two->size;
    int order = bytes ? memcmp(one->ptr, two->ptr, bytes) : 0;
    return order ? order : (one->size > two->size) - (one->size < two->size);
}

static bool keys_differ(const msgpack_object_map *map, payload_error *error) {
    if (map->size < 2) return true;
    const msgpack_object_str *few[16], **keys = few;
    if (map->size > 16) keys = malloc(map->size * sizeof *keys);
    if (!keys) {
        *error = (payload_error){CODE_NO_MEMORY, 0, "out of memory", NULL};
        return false;
    }
    for (uint32_t i = 0; i < map->size; i++) keys[i] = &map->ptr[i].key.via.str;
    qsort(keys, map->size, sizeof *keys, compare_keys);
    bool differ = true;
    for (uint32_t i = 1; i < map->size && differ; i++)
        differ = compare_keys(&keys[i - 1], &keys[i]) != 0;
    if (keys != few) free(keys);
    if (!differ) *error = (payload_error){CODE_BAD_VALUE, 0, "duplicate key", NULL};
    return differ;
}

/// The scan has bounded the depth.
static bool all_keys_differ(const msgpack_object *value, payload_error *error) {
    if (value->type == MSGPACK_OBJECT_ARRAY) {
        for (uint32_t i = 0; i < value->via.array.size; i++)
            if (!all_keys_differ(&value->via.array.ptr[i], error)) return false;
    } else if (value->type == MSGPACK_OBJECT_MAP) {
        if (!keys_differ(&value->via.map, error)) return false;
        for (uint32_t i = 0; i < value->via.map.size; i++)
            if (!all_keys_differ(&value->via.map.ptr[i].val, error)) return false;
    }
    return true;
}

/// An empty string may come from msgpack-c without a pointer, which functions of <string.h> do not
/// allow.
static void point_empty(msgpack_object *value) {
    if (value->type == MSGPACK_OBJECT_STR && !value->via.str.size) value->via.str.ptr = "";
    if (value->type == MSGPACK_OBJECT_BIN && !value->via.bin.size) value->via.bin.ptr = "";
    if (value->type == MSGPACK_OBJECT_ARRAY)
        for (uint32_t i = 0; i < value->via.array.size; i++) point_empty(&value->via.array.ptr[i]);
    if (value->type != MSGPACK_OBJECT_MAP) return;
    for (uint32_t i = 0; i < value->via.map.size; i++) {
        point_empty(&value->via.map.ptr[i].key);
        point_empty(&value->via.map.ptr[i].val);
    }
}

bool payload_read(const void *bytes, size_t count, msgpack_unpacked *unpacked,
                  payload_error *error) {
    if (!payload_scan(bytes, count, error)) return false;
    msgpack_unpacked_init(unpacked);
    size_t offset = 0;
    msgpack_unpack_return result = msgpack_unpack_next(unpacked, bytes, count, &offset);
    *error = (payload_error){CODE_BAD_PACKET, offset, "malformed MessagePack", NULL};
    bool ok = result == MSGPACK_UNPACK_SUCCESS && offset == count;
    if (result == MSGPACK_UNPACK_NOMEM_ERROR)
        *error = (payload_error){CODE_NO_MEMORY, 0, "out of memory", NULL};
    if (ok && unpacked->data.type != MSGPACK_OBJECT_MAP) {
        *error = (payload_error){CODE_BAD_TYPE, 0, "the payload must be a map", NULL};
        ok = false;
    }
    if (ok) point_empty(&unpacked->data);
    ok = ok && all_keys_differ(&unpacked->data, error);
    if (!ok) msgpack_unpacked_destroy(unpacked);
    return ok;
}
