// SPDX-License-Identifier: MIT
// commands -- the table of messages, made of commands.def.
#include "core.h"

enum { ANY = UINT8_MAX };

// Example: COMMAND(sync, "", "as `wait`, then answers `synced`", 0, 0)
// Becomes: {"sync", "", "as `wait`, then answers `synced`", 0, 0, synth_command_sync},
#define COMMAND(name, arguments, doc, least, most)                                                 \
    {#name, arguments, doc, least, most, synth_command_##name},
const synth_command_row synth_commands[] = {
#include "commands.def"
    {0}};
#undef COMMAND
