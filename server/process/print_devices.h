// SPDX-License-Identifier: MIT
// print_devices -- `--devices`: what sound can go out by and come in by, on standard output.
#ifndef PRINT_DEVICES_H
#define PRINT_DEVICES_H

#include "audio/audio.h"

/// @return an exit code
int print_devices(audio_backend backend);

#endif
