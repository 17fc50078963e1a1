// SPDX-License-Identifier: MIT
// operations -- edits of one operation each, for those who have no lists: nodes, cables, knobs.
#include <string.h>

#include "requests/change.h"

/// Arguments that are keys of the operation, too, as they are.
static void copy(call *c, json_t *operation, const char *key) {
    const msgpack_object *value = arg_value(c, key);
    if (value) json_object_set_new(operation, key, payload_to_json(value));
}

void command_patch_add(call *c) {
    json_t *operation = json_pack("{s:s}", "op", "add");
    copy(c, operation, "id");
    copy(c, operation, "type");
    copy(c, operation, "params");
    copy(c, operation, "scope");
    change_by_operation(c, operation);
}

void command_patch_remove(call *c) {
    change_by_operation(c, json_pack("{s:s, s:s}", "op", "remove", "id", arg_text(c, "id")));
}

/// `[node, port]`; a knob has no port.
static json_t *cable(call *c, const char *op) {
    const char *from = arg_text(c, "from"), *port = arg_text(c, "port");
    json_t *source = port[0] ? json_pack("[s, s]", from, port) : json_string(from);
    return json_pack("{s:s, s:o, s:[s, s]}", "op", op, "from", source, "to", arg_text(c, "to"),
                     arg_text(c, "to_port"));
}

void command_patch_connect(call *c) {
    json_t *operation = cable(c, "connect");
    copy(c, operation, "amount");
    copy(c, operation, "as");
    change_by_operation(c, operation);
}

void command_patch_disconnect(call *c) {
    json_t *operation = cable(c, "disconnect");
    copy(c, operation, "nth");
    change_by_operation(c, operation);
}

void command_knob_new(call *c) {
    json_t *operation = json_pack("{s:s, s:s}", "op", "knob", "id", arg_text(c, "name"));
    copy(c, operation, "value");
    copy(c, operation, "range");
    copy(c, operation, "scale");
    copy(c, operation, "unit");
    change_by_operation(c, operation);
}

void command_knob_free(call *c) {
    change_by_operation(c, json_pack("{s:s, s:s}", "op", "unknob", "id", arg_text(c, "name")));
}
