// SPDX-License-Identifier: MIT
// fuzz_calls -- calls of all three roles, held against a plain model: see ../model.h. Run by
// scripts/fuzz.
#include <stdint.h>

#include "support/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    model_run(bytes, count);
    return 0;
}
