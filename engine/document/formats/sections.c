// SPDX-License-Identifier: MIT
// sections -- the table of them.
#include "document/formats/sections.h"

#include <stdlib.h>
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

/// The rows of a patch; by bytes, since each section's are of another type.
static char *rows_of(const mega_rows *rows, const mega_patch *patch) {
    char *first;
    memcpy(&first, (const char *)patch + rows->at, sizeof first);
    return first;
}

static size_t *count_of(const mega_rows *rows, const mega_patch *patch) {
    return (size_t *)((char *)patch + rows->count_at);
}

bool mega_section_copy(const mega_section *section, mega_patch *to, const mega_patch *from) {
    const mega_rows *rows = &section->rows;
    if (!rows->bytes) return !section->copy || section->copy(to, from);
    const char *row = rows_of(rows, from);
    const size_t count = *count_of(rows, from);
    char *made = calloc(count + 1, rows->bytes);
    memcpy((char *)to + rows->at, &made, sizeof made);
    bool good = made;
    // a row that is copied in part is finished with the others
    for (size_t i = 0; good && i < count; i++, ++*count_of(rows, to))
        good = section->copy_row(made + i * rows->bytes, row + i * rows->bytes);
    return good;
}

void mega_section_finish(const mega_section *section, mega_patch *patch) {
    const mega_rows *rows = &section->rows;
    if (!rows->bytes) {
        if (section->finish) section->finish(patch);
        return;
    }
    char *row = rows_of(rows, patch);
    for (size_t i = 0; i < *count_of(rows, patch); i++) section->finish_row(row + i * rows->bytes);
    free(row);
}
