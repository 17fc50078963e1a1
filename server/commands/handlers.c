// SPDX-License-Identifier: MIT
#include "commands/handlers.h"

// Example: COMMAND(ping, "/ping", "", "", DIRECT, ...)  Becomes: command_handler command_ping;
#define COMMAND(name, address, arguments, answer, route, flags, doc) DECLARE_##route(name)
#define DECLARE_DIRECT(name) command_handler command_##name;
#define DECLARE_BUILD(name) command_handler command_##name;
#define DECLARE_PERFORM(name) command_handler validate_##name, apply_##name;
#include "protocol/commands.def"
#undef COMMAND

// Becomes: {NULL, command_ping},
#define COMMAND(name, address, arguments, answer, route, flags, doc) HANDLERS_##route(name)
#define HANDLERS_DIRECT(name) {NULL, command_##name},
#define HANDLERS_BUILD(name) {NULL, command_##name},
#define HANDLERS_PERFORM(name) {validate_##name, apply_##name},
const command_handlers all_handlers[] = {
#include "protocol/commands.def"
};
#undef COMMAND
