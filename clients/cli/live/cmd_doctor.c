// SPDX-License-Identifier: MIT
// doctor -- checks what a synthesizer needs from this machine; one line per finding, with a remedy.
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio.h"
#include "live/boot.h"
#include "live/client.h"
#include "live/url.h"

enum { STRICT };
static const cli_option options[] = {
    [STRICT] = {"strict", '\0', NULL, "exit with status 8 for warnings too"},
};

/// megasynthd queries the sound systems in turn; each takes some tenths of a second at most.
static const double ask_seconds = 4;

enum { PORT_DEFAULT = 57140, LOCK_BYTES_WANTED = 64 << 20 };

typedef enum { OK, NONE, WARNING, WRONG } level;

typedef struct {
    client *c;
    int counts[4];
    json_t *findings;
} doctor;

/// A finding. @param todo NULL: nothing
__attribute__((format(printf, 5, 6))) static void find(doctor *d, level how, const char *what,
                                                       const char *todo, const char *format, ...) {
    static const char *const words[] = {"ok", "--", "warning", "error"};
    char text[700];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    d->counts[how]++;
    if (d->c->json)
        json_array_append_new(d->findings, json_pack("{s:s, s:s, s:s, s:s*}", "level", words[how],
                                                     "about", what, "found", text, "todo", todo));
    else printf("%-8s %-10s %s%s%s\n", words[how], what, text, todo ? "; " : "", todo ? todo : "");
    fflush(stdout);
}

// ---- rights ------------------------------------------------------------------------------------

static void check_rights(doctor *d) {
    audio_rights rights = audio_rights_get();
    bool timely = rights.priority_max > 0;
    if (timely) find(d, OK, "priority", NULL, "real-time priority up to %d", rights.priority_max);
    else
        find(d, WARNING, "priority", "without it sound may drop out under load", "%s",
             rights.advice);
    if (rights.in_audio_group) find(d, OK, "group", NULL, "in the group audio");
    else if (timely) find(d, OK, "group", NULL, "not in the group audio, not needed here");
    else
        find(d, WARNING, "group", "run `sudo adduser $USER audio`, then log in again",
             "not in the group audio");
    if (rights.lock_bytes_max >= LOCK_BYTES_WANTED)
        find(d, OK, "memory", NULL, "can be locked (megasynthd --lock-memory)");
    else
        find(d, WARNING, "memory", "raise memlock in /etc/security/limits.d/audio.conf",
             "only %llu KiB can be locked", (unsigned long long)rights.lock_bytes_max >> 10);
}

// ---- the program and its devices ---------------------------------------------------------------

static bool check_program(doctor *d) {
    char text[200], path[512];
    boot_program(path);
    if (boot_ask("--version", ask_seconds, text, sizeof text) != ASK_DONE) {
        find(d, WRONG, "program", "install it, or set MEGASYNTHD to its path", "%s does not run",
             path);
        return false;
    }
    text[strcspn(text, "\n")] = '\0';
    if (strcmp(text, "megasynthd " MEGA_VERSION) == 0) {
        find(d, OK, "program", NULL, "%s (%s)", text, path);
    } else {
        find(d, WARNING, "program", "install the same version of both",
             "%s is %s, this program is version " MEGA_VERSION, path, text);
    }
    return true;
}

/// Lines of --devices: "jack       output   0*  system", or "jack       the cause".
static void check_devices(doctor *d) {
    char text[16384], *save = NULL;
    int outputs = 0;
    ask_result asked = boot_ask("--devices", ask_seconds, text, sizeof text);
    if (asked == ASK_LATE) // seen: a JACK client that was killed had left a lock behind
        find(d, WRONG, "device",
             "if other JACK clients hang too, stop them all and run `rm -r /dev/shm/jack_db-*`",
             "a sound system did not respond within %g s", ask_seconds);
    if (asked != ASK_DONE) return;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char backend[32] = "", kind[16] = "";
        int rest = 0;
        sscanf(line, "%31s %15s %n", backend, kind, &rest);
        const char *cause = line + strcspn(line, " ");
        cause += strspn(cause, " ");
        if (strcmp(backend, "dummy") == 0 || strstr(line, "built without")) continue;
        if (strcmp(kind, "output") == 0) {
            outputs++;
            const char *name = line + rest;
            name += strspn(name, "0123456789* "); // its number, and whether it is the default
            find(d, OK, "device", NULL, "%s: %s", backend, name);
        } else if (strcmp(kind, "input") != 0) {
            find(d, NONE, "device", NULL, "%s", cause);
        }
    }
    if (!outputs)
        find(d, WRONG, "device",
             "connect one, start JACK or PulseAudio, or run megasynthd with --backend dummy",
             "no sound device found");
}

// ---- what servers left -------------------------------------------------------------------------

static bool check_folder(doctor *d, const char *folder) {
    struct stat about;
    if (lstat(folder, &about) != 0) {
        find(d, OK, "folder", NULL, "%s: does not exist yet; megasynthd creates it", folder);
        return false;
    }
    if (!S_ISDIR(about.st_mode) || about.st_uid != getuid()) {
        find(d, WRONG, "folder", "remove it, or set XDG_RUNTIME_DIR to a folder that you own",
             "%s: not a folder that you own", folder);
        return false;
    }
    if (about.st_mode & (S_IRWXG | S_IRWXO))
        find(d, WARNING, "folder", "run `chmod 700` on it", "%s: other users can read it", folder);
    else find(d, OK, "folder", NULL, "%s", folder);
    return true;
}

/// Sockets at which nobody listens.
static void check_sockets(doctor *d, const char *folder) {
    DIR *open = opendir(folder);
    for (struct dirent *at; open && (at = readdir(open));) {
        char path[600], url[608], cause[256];
        size_t bytes = strlen(at->d_name);
        if (bytes < 6 || strcmp(at->d_name + bytes - 5, ".sock") != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, at->d_name);
        snprintf(url, sizeof url, "unix:%s", path);
        bool datagram;
        int made = url_connect(url, 1, &datagram, cause);
        if (made >= 0) close(made);
        else
            find(d, WARNING, "stale", "remove the file, or start a server with this name", "%s: %s",
                 path, cause);
    }
    if (open) closedir(open);
}

static void check_server(doctor *d, const char *name, const char *url) {
    char cause[256] = "no reply";
    client *c = d->c;
    c->code = -1;
    c->said[0] = '\0';
    if (!client_open_at(c, url, cause)) {
        find(d, WRONG, "server", "run `megasynth quit`, or kill its process", "%s: %s", url,
             *c->said ? c->said : cause);
        return;
    }
    double began = clock_seconds();
    json_t *status = client_call(c, "/status", NULL);
    double seconds = clock_seconds() - began;
    if (!status) {
        find(d, WRONG, "server", "kill its process", "%s", c->said);
    } else {
        const json_t *device = json_object_get(status, "device");
        const char *state = text_in(device, "state");
        double xruns = number_in(status, "xruns");
        find(d, OK, "server", NULL, "%s replies in %.2f ms at %s", name, seconds * 1e3, url);
        if (strcmp(state, "running") != 0)
            find(d, WARNING, "server", "read the server's log", "%s: its sound device is %s", name,
                 state);
        if (xruns > 0)
            find(d, WARNING, "server", "raise megasynthd's --latency, or use fewer voices",
                 "%s: %.0f underrun%s", name, xruns, xruns == 1 ? "" : "s");
        json_decref(status);
    }
    link_close(c->link);
    c->link = NULL;
}

/// @return how many live
static int check_servers(doctor *d, const char *folder, bool *port_is_ours) {
    static runtime_server servers[RUNTIME_SERVERS_MAX];
    int count = runtime_list(servers), living = 0;
    char port[16];
    snprintf(port, sizeof port, ":%d", PORT_DEFAULT);
    for (int i = 0; i < count; i++) {
        const runtime_server *s = &servers[i];
        if (!s->lives) {
            find(d, WARNING, "stale", "remove the file, or start a server with this name",
                 "%s/%s.json: left by process %ld, which no longer runs", folder, s->name, s->pid);
            continue;
        }
        living++;
        *port_is_ours = *port_is_ours || strstr(s->urls[1], port) != NULL;
        check_server(d, s->name, s->urls[0][0] ? s->urls[0] : s->urls[1]);
    }
    return living;
}

static bool port_is_free(int type) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(PORT_DEFAULT),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, made = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (type == SOCK_STREAM) setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    bool is_free = made >= 0 && bind(made, (struct sockaddr *)&address, sizeof address) == 0;
    if (made >= 0) close(made);
    return is_free;
}

static void check_port(doctor *d, bool ours) {
    bool tcp = port_is_free(SOCK_STREAM), udp = port_is_free(SOCK_DGRAM);
    if (ours) find(d, OK, "port", NULL, "%d is used by your megasynthd", PORT_DEFAULT);
    else if (tcp && udp) find(d, OK, "port", NULL, "%d is free", PORT_DEFAULT);
    else
        find(d, WARNING, "port", "`megasynthd --port 0` uses a free port",
             "%d (%s) is in use by another program", PORT_DEFAULT, tcp ? "UDP" : "TCP");
}

// ---- all ---------------------------------------------------------------------------------------

static int run(int argc, char **argv) {
    client c = {.command = &command_doctor, .quiet = true};
    bool strict = false, ours = false;
    for (int option; client_option(&c, argc, argv, &option);) strict = true;
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 0)) return CLI_USAGE;
    doctor d = {.c = &c, .findings = json_array()};
    char folder[256];
    const char *url = c.url ? c.url : getenv("MEGASYNTH_URL");
    runtime_folder(folder);
    catch_interrupts();
    if (check_program(&d)) check_devices(&d);
    check_rights(&d);
    int living = 0;
    if (check_folder(&d, folder)) {
        living = check_servers(&d, folder, &ours);
        check_sockets(&d, folder);
    }
    if (url && *url) check_server(&d, "the server", url);
    else if (!living) find(&d, NONE, "server", NULL, "none running");
    check_port(&d, ours);
    if (c.json) print_json_line(d.findings);
    json_decref(d.findings);
    if (interrupted) return CLI_INTERRUPTED;
    return d.counts[WRONG] || (strict && d.counts[WARNING]) ? CLI_UNSOUND : CLI_OK;
}

const cli_command command_doctor = {
    .name = "doctor",
    .operands = "",
    .doc = "check devices, permissions, ports, servers and stale files",
    .examples = "  megasynth doctor\n"
                "  megasynth doctor --strict --json   for scripts: status 8 for any warning or "
                "error\n",
    .notes =
        "Each line has a level (ok, -- for absent, warning, error), a subject, the finding and a "
        "remedy. Exit\nstatus: 8 after an error (--strict: after a warning too), else 0.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
