// SPDX-License-Identifier: MIT
// sections -- the table of them.
#include "document/formats/sections.h"

#include <string.h>

#define SECTION(name) extern const mega_section mega_section_##name;
#include "document/formats/sections.def"
#undef SECTION

#define SECTION(name) &mega_section_##name,
const mega_section *const mega_sections[] = {
#include "document/formats/sections.def"
};
const size_t mega_section_count = sizeof mega_sections / sizeof *mega_sections;

_Static_assert(sizeof mega_sections / sizeof *mega_sections <= MEGA_SECTIONS_MAX, "too many");

const mega_section *mega_section_find(const char *key) {
    for (size_t i = 0; i < mega_section_count; i++)
        if (strcmp(mega_sections[i]->key, key) == 0) return mega_sections[i];
    return NULL;
}
