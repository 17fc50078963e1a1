// SPDX-License-Identifier: MIT
// files -- whole files and folders, for tests.
#ifndef FILES_H
#define FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The bytes of a file, a NUL after them. @return NULL if it cannot be read
static inline char *read_file(const char *path, size_t *bytes) {
    *bytes = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *text = NULL;
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) >= 0) {
        *bytes = (size_t)ftell(file);
        rewind(file);
        text = malloc(*bytes + 1);
        if (text && fread(text, 1, *bytes, file) != *bytes) {
            free(text);
            text = NULL;
        }
        if (text) text[*bytes] = 0;
    }
    fclose(file);
    return text;
}

/// Calls `visit` with the path of each file of a folder, by name. @return how many there were
static inline int visit_files(const char *folder,
                              void (*visit)(const char *path, const char *name)) {
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort), visited = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            visit(path, entries[i]->d_name);
            visited++;
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return visited;
}

#endif
