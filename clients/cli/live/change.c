// SPDX-License-Identifier: MIT
#include "live/change.h"

#include <getopt.h>

static const double fade_ms_max = 2000, rev_max = 9e15;

bool change_fade(const client *c, change *ch) {
    return number_of(c->command, "fade", optarg, 0, fade_ms_max, &ch->fade_ms);
}

bool change_rev(const client *c, change *ch) {
    return number_of(c->command, "rev", optarg, 0, rev_max, &ch->rev);
}

int change_apply(client *c, const char *address, json_t *map, const change *ch, const char *what) {
    if (ch->fade_ms >= 0) json_object_set_new(map, "fade_ms", json_real(ch->fade_ms));
    if (ch->rev >= 0) json_object_set_new(map, "rev", json_integer((json_int_t)ch->rev));
    if (!c->link && !client_open(c)) {
        json_decref(map);
        return c->code;
    }
    json_t *answer = client_call(c, address, map), *warning;
    if (answer && c->json) print_json_line(answer);
    else if (answer) {
        size_t i;
        json_array_foreach(json_object_get(answer, "warnings"), i, warning) {
            const char *text = json_string_value(warning); // "warning: nodes.lp: ..."
            if (text) say("%s", text);
        }
        printf("%s: revision %.0f, from frame %.0f\n", what, number_in(answer, "rev"),
               number_in(answer, "frame"));
    }
    json_decref(answer);
    return client_close(c);
}
