// SPDX-License-Identifier: MIT
// change -- what the commands that change a patch have in common.
#ifndef LIVE_CHANGE_H
#define LIVE_CHANGE_H

#include "live/client.h"

typedef struct {
    double fade_ms, rev; ///< below 0: not given
} change;

#define CHANGE_PLAIN                                                                               \
    { -1, -1 }
#define CHANGE_FADE                                                                                \
    { "fade", '\0', "MS", "duration of cable fades, 0..2000 (3)" }
#define CHANGE_REV                                                                                 \
    { "rev", '\0', "N", "fail unless the patch has this revision" }

/// The argument of --fade and --rev. @return false after a message
bool change_fade(const client *c, change *ch);
bool change_rev(const client *c, change *ch);
/// Connects, sends the change, says what came of it. Takes the map. @return an exit code
int change_apply(client *c, const char *address, json_t *map, const change *ch, const char *what);

#endif
