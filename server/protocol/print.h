// SPDX-License-Identifier: MIT
// print -- the protocol's reference page, from its tables.
#ifndef PRINT_H
#define PRINT_H

#include <stdbool.h>
#include <stdio.h>

/// @return false if it could not be written
bool print_protocol(FILE *out);

#endif
