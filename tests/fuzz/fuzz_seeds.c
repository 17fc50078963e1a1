// SPDX-License-Identifier: MIT
// fuzz_seeds -- rewrites documents in the spelling of a fuzzer: fuzz_seeds json|sexp|msgpack FOLDER
// FILE...
#include "document/patch.h"
#include "support/files.h"

static int convert(const char *path, mega_format to, const char *folder, const char *ending) {
    mega_format from;
    size_t bytes, written;
    char *text, out[4096];
    char *document = mega_format_of_file(path, &from) ? read_file(path, &bytes) : NULL;
    mega_patch *patch = document ? mega_patch_read(document, bytes, from, NULL) : NULL;
    free(document);
    if (!patch) return 0; // a score, say
    mega_status status = mega_patch_write(patch, to, &text, &written);
    mega_patch_destroy(patch);
    if (status != MEGA_OK) return 1;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    snprintf(out, sizeof out, "%s/good-%s.%s", folder, name, ending);
    FILE *file = fopen(out, "wb");
    bool good = file && fwrite(text, 1, written, file) == written;
    if (file) good &= fclose(file) == 0;
    mega_free(text);
    return !good;
}

int main(int count, char **arguments) {
    char name[64];
    mega_format format;
    if (count < 4) return 2;
    snprintf(name, sizeof name, ".%s", arguments[1]);
    if (!mega_format_of_file(name, &format)) return 2;
    for (int i = 3; i < count; i++)
        if (convert(arguments[i], format, arguments[2], arguments[1])) return 1;
    return 0;
}
