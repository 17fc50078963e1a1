// SPDX-License-Identifier: MIT
// handlers -- the function of each command, in the order of commands.def.
#ifndef HANDLERS_H
#define HANDLERS_H

#include "protocol/command.h"

extern command_handler *const command_handlers[];

#endif
