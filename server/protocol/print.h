// SPDX-License-Identifier: MIT
// print -- what the tables say, for people: the protocol's reference page, the sound devices.
#ifndef PRINT_H
#define PRINT_H

#include <stdio.h>

#include "audio/audio.h"

/// @return an exit code
int print_protocol(FILE *out);
int print_devices(FILE *out, audio_backend backend);

#endif
