// SPDX-License-Identifier: MIT
// codes -- the words of codes.def.
#ifndef CODES_H
#define CODES_H

// Example: CODE(LATE, "late", "...")  Becomes: CODE_LATE,
#define CODE(name, word, doc) CODE_##name,
typedef enum {
    CODE_NONE,
#include "protocol/codes.def"
    CODE_COUNT
} code;
#undef CODE

const char *code_word(code which);

#endif
