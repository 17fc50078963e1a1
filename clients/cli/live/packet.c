// SPDX-License-Identifier: MIT
#include "live/packet.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/osc.h"
#include "protocol/payload.h"

void packet_finish(packet *p) {
    free(p->address);
    free(p->code);
    json_decref(p->map);
    *p = (packet){0};
}

// liblo's unions lie at any address.
static char *text_at(lo_message m, int index) {
    return strdup((const char *)lo_message_get_argv(m)[index]);
}

static json_t *map_at(lo_message m, int index) {
    lo_blob blob = (lo_blob)lo_message_get_argv(m)[index];
    msgpack_unpacked unpacked;
    payload_error error;
    if (!payload_read(lo_blob_dataptr(blob), lo_blob_datasize(blob), &unpacked, &error))
        return NULL;
    json_t *map = payload_to_json(&unpacked.data);
    msgpack_unpacked_destroy(&unpacked);
    return map;
}

static int32_t integer_at(lo_message m, int index) {
    int32_t value;
    memcpy(&value, lo_message_get_argv(m)[index], sizeof value);
    return value;
}

/// The forms that a server sends.
static bool take_message(const osc_message *o, packet *p) {
    const char *types = lo_message_get_types(o->message);
    if (!types) types = "";
    if (strcmp(o->address, "/done") == 0 && strcmp(types, "isb") == 0) {
        *p = (packet){.kind = PACKET_DONE,
                      .id = integer_at(o->message, 0),
                      .address = text_at(o->message, 1),
                      .map = map_at(o->message, 2)};
        return p->address && p->map;
    }
    if (strcmp(o->address, "/fail") == 0 && strcmp(types, "issb") == 0) {
        *p = (packet){.kind = PACKET_FAIL,
                      .id = integer_at(o->message, 0),
                      .address = text_at(o->message, 1),
                      .code = text_at(o->message, 2),
                      .map = map_at(o->message, 3)};
        return p->address && p->code && p->map;
    }
    if (strcmp(o->address, "/notice") == 0 && strcmp(types, "sb") == 0) {
        *p = (packet){
            .kind = PACKET_NOTICE, .address = text_at(o->message, 0), .map = map_at(o->message, 1)};
        return p->address && p->map;
    }
    *p = (packet){.kind = strcmp(o->address, "/progress") == 0 ? PACKET_PROGRESS : PACKET_OTHER,
                  .address = strdup(o->address)};
    return p->address != NULL;
}

bool packets_read(const uint8_t *bytes, size_t count, packet_take *take, void *context) {
    osc_packet osc;
    osc_error error;
    if (!osc_read(bytes, count, &osc, &error)) return false;
    bool good = true;
    for (size_t i = 0; i < osc.count && good; i++) {
        packet p;
        good = take_message(&osc.messages[i], &p);
        if (good) good = take(context, &p);
        else packet_finish(&p);
    }
    osc_finish(&osc);
    return good;
}
