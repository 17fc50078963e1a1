// SPDX-License-Identifier: MIT
// module -- the modules' own tables.
#include "requests/requests.h"

void command_module_list(call *c) {
    json_t *map = json_object(), *module;
    const char *name;
    json_object_foreach(c->server->modules, name, module)
        json_object_set_new(map, name,
                            json_pack("{s:O*, s:O*}", "doc", json_object_get(module, "doc"),
                                      "category", json_object_get(module, "category")));
    c->answer = json_pack("{s:o}", "modules", map);
}

void command_module_get(call *c) {
    const char *name = arg_text(c, "name");
    json_t *module = json_object_get(c->server->modules, name);
    if (module) {
        // a copy: answers are changed, and the table is read by the builder
        c->answer = json_pack("{s:o}", "module", json_deep_copy(module));
        return;
    }
    call_fail(c, CODE_NOT_FOUND, "name", "no module `%s`", name);
    call_hint_keys(c, name, c->server->modules);
}
