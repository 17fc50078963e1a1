// SPDX-License-Identifier: MIT
// handlers -- the functions of each command, in the order of commands.def: `command_NAME`; of those
// that are performed `validate_NAME` and `apply_NAME`.
#ifndef HANDLERS_H
#define HANDLERS_H

#include "protocol/command.h"

extern const command_handlers all_handlers[];

#endif
