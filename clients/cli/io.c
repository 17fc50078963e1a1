// SPDX-License-Identifier: MIT
// io -- files in, files out (all or nothing), and the reading of patches with their reports.
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

// ---- files -------------------------------------------------------------------------------------

/// Reads until the end or the limit. @return NULL with errno set
static char *read_stream(FILE *file, size_t bytes_max, size_t *bytes) {
    char *data = NULL;
    size_t room = 0;
    for (*bytes = 0; *bytes < bytes_max;) {
        if (*bytes + 1 >= room) {
            room = room ? room * 2 : 1 << 16;
            char *grown = realloc(data, room);
            if (!grown) {
                free(data);
                return NULL;
            }
            data = grown;
        }
        size_t wanted = room - 1 - *bytes;
        if (wanted > bytes_max - *bytes) wanted = bytes_max - *bytes;
        size_t got = fread(data + *bytes, 1, wanted, file);
        *bytes += got;
        if (got < wanted) break;
    }
    if (ferror(file)) {
        free(data);
        return NULL;
    }
    if (data) data[*bytes] = '\0';
    return data;
}

char *file_read(const char *path, size_t bytes_max, size_t *bytes) {
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");
    char *data = file ? read_stream(file, bytes_max, bytes) : NULL;
    if (!data) say("%s: %s", path, strerror(errno));
    if (file && !standard) fclose(file);
    return data;
}

char *part_name(const char *path) {
    size_t room = strlen(path) + 32;
    char *name = malloc(room);
    if (name) snprintf(name, room, "%s.part-%ld", path, (long)getpid());
    return name;
}

bool is_special(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

bool file_write(const char *path, const void *data, size_t bytes) {
    bool special = is_special(path);
    char *part = special ? strdup(path) : part_name(path);
    if (!special) part_guard(part);
    FILE *file = part ? fopen(part, "wb") : NULL;
    bool good = file && fwrite(data, 1, bytes, file) == bytes && fflush(file) == 0;
    int error = errno;
    if (file && fclose(file) != 0 && good) {
        good = false;
        error = errno;
    }
    if (good && !special && rename(part, path) != 0) {
        good = false;
        error = errno;
    }
    if (!good) {
        say("%s: cannot write: %s", path, strerror(error));
        if (file && !special) unlink(part);
    }
    part_guard(NULL);
    free(part);
    return good;
}

// ---- patches -----------------------------------------------------------------------------------

/// As compilers do, so that editors find the place: "my.json:3:9: error: nodes.x: ...".
static void print_diagnostic(FILE *out, const char *path, const mega_diagnostic *d) {
    fputs(path, out);
    if (d->line) fprintf(out, ":%u", d->line);
    if (d->line && d->column) fprintf(out, ":%u", d->column);
    fputs(d->severity == MEGA_SEVERITY_ERROR ? ": error: " : ": warning: ", out);
    if (*d->path) fprintf(out, "%s: ", d->path);
    fprintf(out, "%s%s%s\n", d->message, *d->hint ? "; " : "", d->hint);
}

void print_report(FILE *out, const char *path, const mega_report *report, bool errors_only) {
    for (size_t i = 0; i < mega_report_count(report); i++) {
        const mega_diagnostic *d = mega_report_get(report, i);
        if (d->severity == MEGA_SEVERITY_ERROR || !errors_only) print_diagnostic(out, path, d);
    }
}

bool patch_format(const char *path, const char *data, size_t bytes, mega_format *format) {
    if (strcmp(path, "-") != 0) return mega_format_of_file(path, format);
    size_t i = 0;
    while (i < bytes && strchr(" \t\r\n", data[i]) && data[i]) i++;
    char first = i < bytes ? data[i] : '{';
    *format = first == '(' || first == ';'   ? MEGA_FORMAT_SEXP
              : (unsigned char)first >= 0x80 ? MEGA_FORMAT_MSGPACK
                                             : MEGA_FORMAT_JSON;
    return true;
}

/// What the server saves is a map of such documents.
static void explain_state(const char *path, const char *data, size_t bytes) {
    json_t *state = json_loadb(data, bytes, 0, NULL);
    if (json_is_object(json_object_get(state, "synths")) && !json_object_get(state, "nodes"))
        say("%s is a megasynthd state file, not a patch; extract a patch with "
            "`megasynth save FILE --state %s [--synth NAME]`",
            path, path);
    json_decref(state);
}

int patch_read(const char *path, mega_report *report, mega_patch **patch) {
    size_t bytes;
    char *data = file_read(path, PATCH_BYTES_MAX, &bytes);
    if (!data) return CLI_FILE;
    mega_format format;
    if (!patch_format(path, data, bytes, &format)) {
        say("%s: unknown file name ending; name patches *.json, *.sexp or *.msgpack", path);
        free(data);
        return CLI_FILE;
    }
    *patch = mega_patch_read(data, bytes, format, report);
    if (!*patch && format == MEGA_FORMAT_JSON) explain_state(path, data, bytes);
    free(data);
    if (!*patch && mega_report_error_count(report) == 0) {
        say("%s: out of memory", path);
        return CLI_FILE;
    }
    return *patch ? CLI_OK : CLI_PATCH;
}

int patch_open(const char *path, bool quiet, mega_patch **patch) {
    mega_report *report = mega_report_create();
    if (!report) return status_exit(path, MEGA_ERROR_MEMORY);
    int code = patch_read(path, report, patch);
    print_report(stderr, path, report, quiet);
    mega_report_destroy(report);
    return code;
}

int engine_open(const char *path, const mega_patch *patch, const mega_options *options, bool quiet,
                mega_engine **engine) {
    mega_report *report = mega_report_create();
    if (!report) return status_exit(path, MEGA_ERROR_MEMORY);
    *engine = mega_create(options, report);
    int code = CLI_OK;
    if (!*engine) { // the rate was checked: it is MEGASYNTH_ISA, or memory
        bool said = mega_report_error_count(report) > 0;
        print_report(stderr, "megasynth", report, quiet);
        code = said ? CLI_USAGE : status_exit(path, MEGA_ERROR_MEMORY);
    } else {
        mega_status status = mega_load(*engine, patch, report);
        print_report(stderr, path, report, quiet);
        if (status != MEGA_OK)
            code = mega_report_error_count(report) ? CLI_PATCH : status_exit(path, status);
    }
    mega_report_destroy(report);
    return code;
}

int print_text(char *text) {
    if (!text) return status_exit("", MEGA_ERROR_MEMORY);
    fputs(text, stdout);
    mega_free(text);
    return CLI_OK;
}

int status_exit(const char *path, mega_status status) {
    if (status == MEGA_OK) return CLI_OK;
    if (status == MEGA_ERROR_MEMORY) say("%s%sout of memory", path, *path ? ": " : "");
    else say("%s%scannot do this (%s)", path, *path ? ": " : "", mega_status_name(status));
    return status == MEGA_ERROR_FILE || status == MEGA_ERROR_MEMORY ? CLI_FILE : CLI_PATCH;
}
