// SPDX-License-Identifier: MIT
#include "base/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <megasynth.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exits.h"
#include "protocol/bounds.h"

#define OPTIONS                                                                                    \
    X(backend, "NAME", "auto, jack, pulse, alsa, coreaudio, wasapi, or dummy for no sound (auto)") \
    X(device, "NAME",                                                                              \
      "output device: its name, part of the name, or its number in --devices (the default)")       \
    X(input_device, "NAME", "input device, named the same way")                                    \
    X(rate, "HZ", "sample rate (the device's own)")                                                \
    X(latency, "MS", "output latency (10); JACK sets its own")                                     \
    X(inputs, "N", "input channels, 0..24 (0)")                                                    \
    X(outputs, "N", "output channels, 1..24 (2)")                                                  \
    X(no_ceiling, NULL, "do not limit peaks above full scale")                                     \
    X(no_realtime, NULL, "do not request real-time priority")                                      \
    X(lock_memory, NULL, "lock memory, so that it is never swapped out")                           \
    X(memory, "MB", "memory limit per synth (1024)")                                               \
    X(devices, NULL, "list the sound devices and exit")                                            \
    X(name, "NAME", "name by which clients find this server (main)")                               \
    X(port, "N", "TCP and UDP port (57140); 0 picks a free one")                                   \
    X(socket, "PATH", "unix socket ($XDG_RUNTIME_DIR/megasynth/NAME.sock), or none")               \
    X(listen, "ADDRESS",                                                                           \
      "address of this machine to accept network clients on; needs --token-file")                  \
    X(token_file, "FILE", "file (mode 600) with the token that clients must send in /hello")       \
    X(trust_local, NULL,                                                                           \
      "let every user of this machine control the server without a token: play, load, quit, read " \
      "and write files below --root (default: your own programs only)")                            \
    X(root, "FOLDER",                                                                              \
      "the only folder where clients read and write files ($XDG_DATA_HOME/megasynth)")             \
    X(patch, "FILE", "load this patch")                                                            \
    X(watch, NULL, "reload the patch whenever the file changes")                                   \
    X(state, "FILE", "state file ($XDG_STATE_HOME/megasynth/NAME.json), or none")                  \
    X(resume, NULL, "restore the saved state, except after three crashes in a row")                \
    X(ready_fd, "N", "also write the ready line to this file descriptor, then close it")           \
    X(exit_with_parent, NULL, "exit when the parent process exits")                                \
    X(log_format, "text|json", "format of log lines on standard error (text)")                     \
    X(log_level, "LEVEL", "error, warning, info or debug (info)")                                  \
    X(trace, "FILE", "write blocks, swaps, xruns and commands for chrome://tracing")               \
    X(calls, "FOLDER", "record every call to each synth's engine for `megasynth replay`")          \
    X(print_protocol, NULL, "print the protocol reference as Markdown and exit")                   \
    X(version, NULL, "print the version")                                                          \
    X(help, NULL, "show this help")

// Example: X(rate, "HZ", "...")  Becomes: OPTION_rate,
#define X(name, argument, doc) OPTION_##name,
enum { OPTIONS OPTION_COUNT };
#undef X
// Becomes: {"rate", "HZ", "..."},
#define X(name, argument, doc) {#name, argument, doc},
static const struct { const char *name, *argument, *doc; } rows[] = {OPTIONS};
#undef X

static void dashed(char *to, const char *name) {
    while ((*to++ = *name == '_' ? '-' : *name)) name++;
}

static void print_help(void) {
    puts(
        "megasynthd -- synthesizer server: OSC and MessagePack over unix socket, TCP and UDP\n\n"
        "  megasynthd                                  plays on the default device, for clients on "
        "this machine\n"
        "  megasynthd --patch keys.json --watch        plays a patch and reloads it on each save\n"
        "  megasynthd --backend dummy --port 0         no sound, any free port: for tests\n\n"
        "usage: megasynthd [OPTIONS]");
    for (int i = 0; i < OPTION_COUNT; i++) {
        char name[40], left[80];
        dashed(name, rows[i].name);
        snprintf(left, sizeof left, "--%s %s", name, rows[i].argument ? rows[i].argument : "");
        printf("  %-26s %s\n", left, rows[i].doc);
    }
    puts("\nWhen it accepts connections it prints one line, `ready` and its addresses. Exit "
         "status:");
#define X(name, code, doc) printf("  %d  %s\n", code, doc);
    EXITS
#undef X
}

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    fputs("megasynthd: ", stderr);
    vfprintf(stderr, format, rest);
    fputs(" (see --help)\n", stderr);
    va_end(rest);
    return false;
}

static bool number(const char *option, const char *text, double min, double max, double *value) {
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end || !isfinite(*value))
        return wrong("--%s: `%s` is not a number", option, text);
    if (*value < min || *value > max)
        return wrong("--%s: %s is out of range; it must be %g..%g", option, text, min, max);
    return true;
}

static bool whole(const char *option, const char *text, double min, double max, uint32_t *value) {
    double given;
    if (!number(option, text, min, max, &given)) return false;
    *value = (uint32_t)given;
    return given == (double)*value || wrong("--%s: %s is not a whole number", option, text);
}

static bool check_name(const char *name) {
    size_t bytes = strlen(name);
    bool good =
        bytes > 0 && bytes <= limit_name_bytes_max && name[0] != '.' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == bytes;
    return good || wrong("--name: invalid name `%s`; use letters, digits, - _ . (limit %d bytes)",
                         name, limit_name_bytes_max);
}

/// @return false if it is wrong, and said so
static bool take(options *o, int which, char *text) {
    uint32_t n;
    double value;
    switch (which) {
    case OPTION_backend:
        if (!audio_backend_find(text, &o->audio.backend))
            return wrong("--backend: unknown backend `%s`", text);
        return true;
    case OPTION_device: o->audio.device = text; return true;
    case OPTION_input_device: o->audio.input_device = text; return true;
    case OPTION_rate: return whole("rate", text, AUDIO_RATE_MIN, AUDIO_RATE_MAX, &o->audio.rate);
    case OPTION_latency:
        if (!number("latency", text, 1, 2000, &value)) return false;
        o->audio.latency_seconds = value / 1000;
        return true;
    case OPTION_inputs: return whole("inputs", text, 0, AUDIO_CHANNELS_MAX, &o->audio.inputs);
    case OPTION_outputs: return whole("outputs", text, 1, AUDIO_CHANNELS_MAX, &o->audio.outputs);
    case OPTION_no_ceiling: return o->audio.no_ceiling = true;
    case OPTION_no_realtime: return o->audio.no_realtime = true;
    case OPTION_lock_memory: return o->lock_memory = true;
    case OPTION_memory:
        if (!whole("memory", text, 1, 1 << 20, &n)) return false;
        o->memory_bytes_max = (size_t)n << 20;
        return true;
    case OPTION_devices: o->mode = MODE_DEVICES; return true;
    case OPTION_name: o->name = text; return check_name(text);
    case OPTION_port:
        if (!whole("port", text, 0, 65535, &n)) return false;
        o->port = n;
        return true;
    case OPTION_socket: o->socket_path = text; return true;
    case OPTION_listen: o->listen = text; return true;
    case OPTION_token_file: o->token_file = text; return true;
    case OPTION_trust_local: return o->trust_local = true;
    case OPTION_root: o->root = text; return true;
    case OPTION_patch: o->patch_file = text; return true;
    case OPTION_watch: return o->watch = true;
    case OPTION_state:
        o->state_file = text;
        o->state_named = true;
        return true;
    case OPTION_resume: return o->resume = true;
    case OPTION_ready_fd:
        if (!whole("ready-fd", text, 0, 1 << 20, &n)) return false;
        o->ready_fd = (int)n;
        return true;
    case OPTION_exit_with_parent: return o->exit_with_parent = true;
    case OPTION_log_format:
        o->log_json = strcmp(text, "json") == 0;
        return o->log_json || strcmp(text, "text") == 0 ||
               wrong("--log-format: must be text or json");
    case OPTION_log_level:
        return log_level_of(text, &o->log_level) ||
               wrong("--log-level: must be error, warning, info or debug");
    case OPTION_trace: o->trace_file = text; return true;
    case OPTION_calls: o->calls_folder = text; return true;
    case OPTION_print_protocol: o->mode = MODE_PRINT_PROTOCOL; return true;
    default: return false;
    }
}

// ---- paths that follow from others ------------------------------------------------------------

static bool make_folder(const char *path) {
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return true;
    return wrong("%s: %s", path, strerror(errno));
}

/// All of a path, as XDG asks for; what cannot be made shows when the last is.
static void make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
}

/// Where other users could put files or follow ours there would be no telling whose server it is: a
/// folder of our own, no link, open to nobody else.
static bool check_runtime(const char *path) {
    struct stat about;
    if (lstat(path, &about) != 0) return wrong("%s: %s", path, strerror(errno));
    if (S_ISLNK(about.st_mode)) return wrong("%s: the runtime folder must not be a link", path);
    if (!S_ISDIR(about.st_mode)) return wrong("%s: not a folder", path);
    if (about.st_uid != geteuid()) return wrong("%s: belongs to another user", path);
    if ((about.st_mode & 077) && chmod(path, 0700) != 0)
        return wrong("%s: open to other users: %s", path, strerror(errno));
    return true;
}

static bool set_runtime(options *o) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && *runtime)
        snprintf(o->runtime_dir, sizeof o->runtime_dir, "%.200s/megasynth", runtime);
    else snprintf(o->runtime_dir, sizeof o->runtime_dir, "/tmp/megasynth-%u", (unsigned)getuid());
    return make_folder(o->runtime_dir) && check_runtime(o->runtime_dir);
}

/// A folder of the server's own, so that no client names what other programs read.
static void set_root(options *o) {
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    bool has_data = data && *data;
    if (o->root) return;
    snprintf(o->root_room, sizeof o->root_room,
             has_data ? "%.200s/megasynth" : "%.200s/.local/share/megasynth",
             has_data ? data
             : home   ? home
                      : "");
    make_folders(o->root_room);
    if (access(o->root_room, W_OK) != 0) { // a home that nobody may write to
        snprintf(o->root_room, sizeof o->root_room, "%.200s/files", o->runtime_dir);
        make_folders(o->root_room);
    }
    o->root = o->root_room;
}

static bool set_paths(options *o) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (!set_runtime(o)) return false;
    set_root(o);
    if (!o->socket_path) {
        snprintf(o->room[0], sizeof o->room[0], "%.170s/%s.sock", o->runtime_dir, o->name);
        o->socket_path = o->room[0];
    } else if (strcmp(o->socket_path, "none") == 0) {
        o->socket_path = NULL;
    }
    if (o->state_file) {
        if (strcmp(o->state_file, "none") == 0) o->state_file = NULL;
        return true;
    }
    if (state && *state) snprintf(o->room[2], sizeof o->room[2], "%.180s", state);
    else if (home && *home) snprintf(o->room[2], sizeof o->room[2], "%.160s/.local/state", home);
    else return true;
    make_folders(o->room[2]);
    snprintf(o->room[1], sizeof o->room[1], "%.170s/megasynth", o->room[2]);
    if (mkdir(o->room[1], 0700) != 0 && errno != EEXIST) return true; // no such place: no state
    snprintf(o->room[2], sizeof o->room[2], "%.180s/%s.json", o->room[1], o->name);
    o->state_file = o->room[2];
    return true;
}

static bool check_root(options *o) {
    struct stat about;
    if (stat(o->root, &about) != 0 || !S_ISDIR(about.st_mode))
        return wrong("--root %s: no such folder; create it", o->root);
    return true;
}

bool options_read(options *o, int argc, char **argv, int *exit_code) {
    struct option table[OPTION_COUNT + 1] = {{0}};
    char names[OPTION_COUNT][40];
    const char *list[OPTION_COUNT];
    for (int i = 0; i < OPTION_COUNT; i++) {
        dashed(names[i], rows[i].name);
        list[i] = names[i];
        table[i] = (struct option){names[i], rows[i].argument ? required_argument : no_argument,
                                   NULL, i + 256};
    }
    *o = (options){.name = "main",
                   .port = 57140,
                   .ready_fd = -1,
                   .log_level = LOG_INFO,
                   .audio = {.outputs = 2}};
    *exit_code = EXIT_OPTION;
    opterr = 0;
    for (int which; (which = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
        if (which == 'h' || which == OPTION_help + 256 || which == OPTION_version + 256) {
            if (which == OPTION_version + 256) puts("megasynthd " MEGA_VERSION);
            else print_help();
            *exit_code = EXIT_FINE;
            return false;
        }
        if (which == ':') return wrong("%s needs an argument", argv[optind - 1]);
        if (which == '?') {
            char bare[64];
            snprintf(bare, sizeof bare, "%.60s", argv[optind - 1] + strspn(argv[optind - 1], "-"));
            bare[strcspn(bare, "=")] = '\0';
            const char *nearest = mega_nearest(bare, list, OPTION_COUNT);
            return wrong(nearest ? "no such option: %s; did you mean --%s?"
                                 : "no such option, or it takes no argument: %s",
                         argv[optind - 1], nearest);
        }
        if (!take(o, which - 256, optarg)) return false;
    }
    if (optind < argc)
        return wrong("unexpected argument `%s`; load a patch with --patch FILE", argv[optind]);
    if (o->watch && !o->patch_file) return wrong("--watch needs --patch FILE");
    return o->mode != MODE_SERVE || (set_paths(o) && check_root(o));
}
