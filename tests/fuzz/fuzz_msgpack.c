// SPDX-License-Identifier: MIT
// fuzz_msgpack -- see fuzz.h; run by scripts/fuzz.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    return fuzz(bytes, count, MEGA_FORMAT_MSGPACK);
}
