// SPDX-License-Identifier: MIT
#include "commands/handlers.h"

// Example: COMMAND(ping, ...)  Becomes: command_handler command_ping;
#define COMMAND(name, address, arguments, answer, route, flags, doc) command_handler command_##name;
#include "protocol/commands.def"
#undef COMMAND

// Becomes: command_ping,
#define COMMAND(name, address, arguments, answer, route, flags, doc) command_##name,
command_handler *const command_handlers[] = {
#include "protocol/commands.def"
};
#undef COMMAND
