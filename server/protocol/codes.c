// SPDX-License-Identifier: MIT
#include "protocol/codes.h"

// Example: CODE(LATE, "late", "...")  Becomes: "late",
#define CODE(name, word, doc) word,
const char *code_word(code which) {
    static const char *const words[] = {
        "",
#include "protocol/codes.def"
    };
    return words[which];
}
#undef CODE
