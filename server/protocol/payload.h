// SPDX-License-Identifier: MIT
// payload -- the MessagePack maps that requests and answers carry: scanned before msgpack-c sees
// them, since that allocates by declared counts, and looks at neither UTF-8, repeated keys nor NaN.
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <jansson.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>

#include "protocol/codes.h"

/// Why a payload was refused. Texts are static.
typedef struct {
    code code;
    size_t offset; ///< of the byte at which it shows
    const char *message;
    const char *limit; ///< the name of the limit that was reached, or NULL
} payload_error;

/// Checks that `bytes` are one value, whole and nothing after it: counts that fit, depth, number of
/// values, strict UTF-8 without the character 0, string keys, finite numbers, no extension types.
bool payload_scan(const void *bytes, size_t count, payload_error *error);

/// Scans, unpacks, and checks that it is a map in which no key is repeated, at any depth.
/// @param unpacked msgpack_unpacked_destroy when done, only on success
bool payload_read(const void *bytes, size_t count, msgpack_unpacked *unpacked,
                  payload_error *error);

/// Packs a JSON value, keys sorted by bytes. @return false without memory
bool payload_write(const json_t *value, msgpack_sbuffer *to);
/// A payload's value as JSON; NULL without memory, or if it holds `bin`.
json_t *payload_to_json(const msgpack_object *value);

/// A float as the shortest decimal that reads back as the same: 0.1, not 0.100000001.
json_t *payload_float(float value);
/// The value of a map's key, or NULL.
const msgpack_object *payload_get(const msgpack_object *map, const char *key);

/// Well-formed UTF-8 (RFC 3629) without the character 0.
bool payload_is_text(const char *text, size_t bytes);

#endif
