// SPDX-License-Identifier: MIT
#include "protocol/topics.h"

#include <string.h>

// Example: TOPIC(note, "...")  Becomes: "note",
#define TOPIC(name, doc) #name,
static const char *const names[] = {
#include "protocol/topics.def"
};
#undef TOPIC

const char *topic_name(topic which) { return names[which]; }

bool topic_of(const char *name, topic *which) {
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *which = (topic)i;
        return true;
    }
    return false;
}
