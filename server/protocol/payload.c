// SPDX-License-Identifier: MIT
#include "protocol/payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static int compare_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void pack_text(msgpack_packer *packer, const char *text, size_t bytes) {
    msgpack_pack_str(packer, bytes);
    msgpack_pack_str_body(packer, text, bytes);
}

static bool pack(msgpack_packer *packer, const json_t *value);

static bool pack_object(msgpack_packer *packer, const json_t *object) {
    size_t count = json_object_size(object), i = 0;
    const char *few[32], **keys = few, *key;
    if (count > 32) keys = malloc(count * sizeof *keys);
    if (!keys) return false;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) keys[i++] = key;
    qsort(keys, count, sizeof *keys, compare_text);
    bool ok = msgpack_pack_map(packer, count) == 0;
    for (i = 0; i < count && ok; i++) {
        pack_text(packer, keys[i], strlen(keys[i]));
        ok = pack(packer, json_object_get(object, keys[i]));
    }
    if (keys != few) free(keys);
    return ok;
}

static bool pack(msgpack_packer *packer, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT: return pack_object(packer, value);
    case JSON_ARRAY:
        if (msgpack_pack_array(packer, json_array_size(value)) != 0) return false;
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!pack(packer, json_array_get(value, i))) return false;
        return true;
    case JSON_STRING:
        pack_text(packer, json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER: return msgpack_pack_int64(packer, json_integer_value(value)) == 0;
    case JSON_REAL: return msgpack_pack_double(packer, json_real_value(value)) == 0;
    case JSON_TRUE: return msgpack_pack_true(packer) == 0;
    case JSON_FALSE: return msgpack_pack_false(packer) == 0;
    case JSON_NULL: break;
    }
    return msgpack_pack_nil(packer) == 0;
}

bool payload_write(const json_t *value, msgpack_sbuffer *to) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, to, msgpack_sbuffer_write);
    return value && pack(&packer, value);
}

static json_t *object_of(const msgpack_object_map *map) {
    json_t *object = json_object();
    for (uint32_t i = 0; object && i < map->size; i++) {
        const msgpack_object_str *name = &map->ptr[i].key.via.str;
        char *key = strndup(name->ptr, name->size);
        json_t *value = payload_to_json(&map->ptr[i].val);
        if (!key || !value || json_object_set_new(object, key, value) != 0) {
            json_decref(object);
            object = NULL;
        }
        free(key);
    }
    return object;
}

json_t *payload_to_json(const msgpack_object *value) {
    switch (value->type) {
    case MSGPACK_OBJECT_NIL: return json_null();
    case MSGPACK_OBJECT_BOOLEAN: return json_boolean(value->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER: return json_integer((json_int_t)value->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return json_integer(value->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: return json_real(value->via.f64);
    case MSGPACK_OBJECT_STR: return json_stringn(value->via.str.ptr, value->via.str.size);
    case MSGPACK_OBJECT_MAP: return object_of(&value->via.map);
    case MSGPACK_OBJECT_ARRAY: break;
    default: return NULL;
    }
    json_t *array = json_array();
    for (uint32_t i = 0; array && i < value->via.array.size; i++) {
        json_t *item = payload_to_json(&value->via.array.ptr[i]);
        if (item && json_array_append_new(array, item) == 0) continue;
        json_decref(array);
        array = NULL;
    }
    return array;
}

json_t *payload_float(float value) { return json_real(mega_float_decimal(value)); }

const msgpack_object *payload_get(const msgpack_object *map, const char *key) {
    size_t bytes = strlen(key);
    for (uint32_t i = 0; map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++) {
        const msgpack_object_str *name = &map->via.map.ptr[i].key.via.str;
        if (name->size == bytes && memcmp(name->ptr, key, bytes) == 0)
            return &map->via.map.ptr[i].val;
    }
    return NULL;
}
