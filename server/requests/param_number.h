// SPDX-License-Identifier: MIT
// param_number -- the engine's numbers for parameters, for commands with `node`, `param`, `value`
// and `ramp_ms`.
#ifndef PARAM_NUMBER_H
#define PARAM_NUMBER_H

#include "requests/call.h"

/// Checks value and ramp, too. @return -1, having failed: with not-found where the builder must be
/// asked first
int32_t param_number(call *c, bool of_notes);
/// What the loop keeps a number under, in the names of a synth's parameters.
void param_key(char *key, size_t bytes, const char *node, const char *param, bool of_notes);
/// Negative: as the module's row says.
float param_ramp_seconds(const call *c);

#endif
