// SPDX-License-Identifier: MIT
// topics -- the names of topics.def.
#ifndef TOPICS_H
#define TOPICS_H

#include <stdbool.h>

// Example: TOPIC(note, "...")  Becomes: TOPIC_note,
#define TOPIC(name, doc) TOPIC_##name,
typedef enum {
#include "protocol/topics.def"
    TOPIC_COUNT
} topic;
#undef TOPIC

/// @return false if there is no topic of that name
bool topic_of(const char *name, topic *which);
const char *topic_name(topic which);

#endif
