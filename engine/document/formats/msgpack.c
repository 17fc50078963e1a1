// SPDX-License-Identifier: MIT
// msgpack -- reads and writes MessagePack (msgpack.org, spec of 2013, without bin and ext).
//
// A scan of our own goes first: msgpack-c takes memory for every element that a header declares
// before it has seen one, so a header must not declare more than there is.
#include <math.h>
#include <msgpack.h>
#include <string.h>

#include "document/formats/formats.h"

// ---- the scan ----------------------------------------------------------------------------------

typedef struct {
    mega_document *document;
    const unsigned char *bytes;
    size_t at, count;
    size_t values;
} scan;

/// What one header says: bytes of payload after it, and values inside.
typedef struct {
    size_t payload, children;
    bool container;
} item;

static bool fail(const scan *s, const char *code, const char *message) {
    mega_document_error_at(s->document, code, 0, 0, NULL, "byte %zu: %s", s->at, message);
    return false;
}

/// A big-endian length of `bytes` bytes after the tag.
static bool read_length(scan *s, size_t bytes, size_t *length) {
    *length = 0;
    if (s->count - s->at < bytes + 1) return fail(s, "syntax", "the data ends too early");
    for (size_t i = 0; i < bytes; i++) *length = *length << 8 | s->bytes[s->at + 1 + i];
    return true;
}

static bool read_item(scan *s, item *found) {
    unsigned char tag = s->bytes[s->at];
    size_t header = 0;
    *found = (item){0};
    if (tag <= 0x7F || tag >= 0xE0) { // fixint
    } else if (tag <= 0x9F) {         // fixmap, fixarray
        *found = (item){.children = (tag & 15u) << (tag < 0x90), .container = true};
    } else if (tag <= 0xBF) { // fixstr
        found->payload = tag & 31u;
    } else if (tag == 0xC0 || tag == 0xC2 || tag == 0xC3) { // nil, false, true
    } else if (tag == 0xCA || tag == 0xCB) {                // float32, float64
        found->payload = tag == 0xCA ? 4 : 8;
    } else if (tag >= 0xCC && tag <= 0xD3) { // uint8..64, int8..64
        found->payload = (size_t)1 << (tag & 3);
    } else if (tag >= 0xD9 && tag <= 0xDB) { // str8..32
        header = (size_t)1 << (tag - 0xD9);
        if (!read_length(s, header, &found->payload)) return false;
    } else if (tag >= 0xDC) { // array16, 32, map16, 32
        header = tag & 1 ? 4 : 2;
        if (!read_length(s, header, &found->children)) return false;
        if (tag >= 0xDE) found->children *= 2;
        found->container = true;
    } else {
        return fail(s, "bad-type", "neither binary nor extension data belong in a patch");
    }
    size_t left = s->count - s->at - 1 - header;
    if (s->count - s->at - 1 < header || found->payload > left || found->children > left)
        return fail(s, "syntax", "it declares more than there is");
    s->at += 1 + header + found->payload;
    return true;
}

static bool scan_all(scan *s) {
    size_t open[MEGA_DEPTH_MAX + 2] = {1}; // values still to come at each depth
    size_t depth = 0;
    for (;;) {
        while (open[depth] == 0) {
            if (depth-- > 0) continue;
            return s->at == s->count || fail(s, "syntax", "there is more data after the document");
        }
        open[depth]--;
        item found;
        if (s->at == s->count) return fail(s, "syntax", "the data ends too early");
        if (s->values++ == MEGA_VALUES_MAX) return fail(s, "limit", "more than 1048576 values");
        if (!read_item(s, &found)) return false;
        if (!found.container) continue;
        if (depth == MEGA_DEPTH_MAX + (size_t)s->document->is_edit)
            return fail(s, "limit", "nested deeper than 32");
        open[++depth] = found.children;
    }
}

// ---- to the tree -------------------------------------------------------------------------------

static json_t *convert(mega_document *document, const mega_at *at, const msgpack_object *object);

/// Memory that jansson did not get.
static json_t *checked(mega_document *document, json_t *value) {
    if (!value) mega_document_no_memory(document);
    return value;
}

static json_t *convert_string(mega_document *document, const mega_at *at,
                              const msgpack_object *object) {
    const char *bytes = object->via.str.ptr;
    size_t count = object->via.str.size;
    if (mega_text_length(bytes, count) == count)
        return checked(document, json_stringn_nocheck(count ? bytes : "", count));
    mega_document_error(document, at, "syntax", NULL,
                        "a string is not UTF-8, or holds the character 0");
    return NULL;
}

static json_t *convert_real(mega_document *document, const mega_at *at, double number) {
    if (isfinite(number)) return checked(document, json_real(number));
    mega_document_error(document, at, "bad-value", NULL, "a number is not finite");
    return NULL;
}

static json_t *convert_array(mega_document *document, const mega_at *at,
                             const msgpack_object *object) {
    json_t *array = checked(document, json_array());
    for (uint32_t i = 0; array && i < object->via.array.size; i++) {
        mega_at here = {.parent = at, .index = i};
        json_t *value = convert(document, &here, &object->via.array.ptr[i]);
        if (document->no_memory) {
            json_decref(value);
            break;
        }
        if (!value) value = json_null(); // reported; keeps the others' numbers
        if (json_array_append_new(array, value) != 0) mega_document_no_memory(document);
    }
    return array;
}

static void convert_member(mega_document *document, const mega_at *at,
                           const msgpack_object_kv *member, json_t *map) {
    if (member->key.type != MSGPACK_OBJECT_STR) {
        mega_document_error(document, at, "bad-type", NULL, "keys must be strings");
        return;
    }
    json_t *key = convert_string(document, at, &member->key);
    if (!key) return;
    mega_at here = {.parent = at, .key = json_string_value(key)};
    if (json_object_get(map, here.key)) {
        mega_document_error(document, &here, "duplicate", NULL, "the key is there twice");
    } else {
        json_t *value = convert(document, &here, &member->val);
        if (value && json_object_set_new_nocheck(map, here.key, value) != 0)
            mega_document_no_memory(document);
    }
    json_decref(key);
}

static json_t *convert_map(mega_document *document, const mega_at *at,
                           const msgpack_object *object) {
    json_t *map = checked(document, json_object());
    for (uint32_t i = 0; map && i < object->via.map.size && !document->no_memory; i++)
        convert_member(document, at, &object->via.map.ptr[i], map);
    return map;
}

/// @return NULL with an error reported
static json_t *convert(mega_document *document, const mega_at *at, const msgpack_object *object) {
    switch (object->type) {
    case MSGPACK_OBJECT_NIL: return json_null();
    case MSGPACK_OBJECT_BOOLEAN: return json_boolean(object->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        if (object->via.u64 <= INT64_MAX)
            return checked(document, json_integer((json_int_t)object->via.u64));
        mega_document_error(document, at, "bad-value", NULL, "too large an integer");
        return NULL;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return checked(document, json_integer(object->via.i64));
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: return convert_real(document, at, object->via.f64);
    case MSGPACK_OBJECT_STR: return convert_string(document, at, object);
    case MSGPACK_OBJECT_ARRAY: return convert_array(document, at, object);
    case MSGPACK_OBJECT_MAP: return convert_map(document, at, object);
    case MSGPACK_OBJECT_BIN:
    case MSGPACK_OBJECT_EXT: break; // the scan lets none through
    }
    return NULL;
}

void mega_msgpack_read(mega_document *document) {
    scan s = {.document = document,
              .bytes = (const unsigned char *)document->text,
              .count = document->bytes};
    if (!scan_all(&s)) return;
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t used = 0;
    // The scan has accepted every byte: what fails now is memory.
    if (msgpack_unpack_next(&unpacked, document->text, document->bytes, &used) ==
        MSGPACK_UNPACK_SUCCESS) {
        mega_at root = {0};
        document->root = convert(document, &root, &unpacked.data);
    } else {
        mega_document_no_memory(document);
    }
    msgpack_unpacked_destroy(&unpacked);
}

// ---- from the tree -----------------------------------------------------------------------------

/// A failure stays in the text; msgpack-c need not hear of it.
static int write_bytes(void *text, const char *bytes, size_t count) {
    mega_text_add(text, bytes, count);
    return 0;
}

static void write_string(msgpack_packer *packer, const char *string, size_t bytes) {
    msgpack_pack_str(packer, bytes);
    msgpack_pack_str_body(packer, string, bytes);
}

static void write_value(msgpack_packer *packer, const json_t *value) {
    const char *key;
    json_t *member;
    size_t i;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        msgpack_pack_map(packer, json_object_size(value));
        json_object_foreach((json_t *)value, key, member) {
            write_string(packer, key, strlen(key));
            write_value(packer, member);
        }
        break;
    case JSON_ARRAY:
        msgpack_pack_array(packer, json_array_size(value));
        json_array_foreach(value, i, member) write_value(packer, member);
        break;
    case JSON_STRING:
        write_string(packer, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER: msgpack_pack_int64(packer, json_integer_value(value)); break;
    case JSON_REAL: msgpack_pack_double(packer, json_real_value(value)); break;
    case JSON_TRUE: msgpack_pack_true(packer); break;
    case JSON_FALSE: msgpack_pack_false(packer); break;
    case JSON_NULL: msgpack_pack_nil(packer); break;
    }
}

void mega_msgpack_write(const json_t *tree, mega_text *text) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, text, write_bytes);
    write_value(&packer, tree);
}
