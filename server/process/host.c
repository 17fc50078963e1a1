// SPDX-License-Identifier: MIT
#include "process/host.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <megasynth.h>

#include "base/exits.h"
#include "base/log.h"
#include "clients/net.h"
#include "process/patch_file.h"
#include "process/runtime.h"
#include "requests/requests.h"
#include "state/journal.h"
#include "synths/sound.h"

struct host {
    uv_signal_t signals[3];
    uv_timer_t fade;
    uint64_t fade_began_ns;
    pid_t parent;
    uv_fs_poll_t poll; ///< of the patch's file
};

enum { FADE_POLL_MS = 5 };
#define FADE_NS_MAX UINT64_C(500000000)
#define BUILDS_NS_MAX UINT64_C(10000000000) // for changes that wait in the queue

// ---- modules ----------------------------------------------------------------------------------

json_t *host_modules(uint64_t *hash) {
    char *text = mega_module_describe_json(NULL);
    if (!text) return NULL;
    *hash = 0xCBF29CE484222325u; // FNV-1a
    for (const char *at = text; *at; at++) *hash = (*hash ^ (uint8_t)*at) * 0x100000001B3u;
    json_t *list = json_loads(text, 0, NULL), *by_name = json_object(), *module;
    mega_free(text);
    json_t *rows = json_is_object(list) ? json_object_get(list, "modules") : list;
    size_t i;
    json_array_foreach(rows, i, module)
        json_object_set(by_name, json_string_value(json_object_get(module, "name")), module);
    json_decref(list);
    return by_name;
}

// ---- the end ----------------------------------------------------------------------------------

/// Once it is silent, and what was sent before is built: nothing acknowledged is lost.
static void on_fade(uv_timer_t *timer) {
    server *s = timer->data;
    uint64_t since = now_ns() - s->host->fade_began_ns;
    if (!audio_faded(sound_audio(s->sound)) && since < FADE_NS_MAX) return;
    if (builder_waiting(s->builder) && since < BUILDS_NS_MAX) return;
    uv_timer_stop(timer);
    uv_stop(&s->loop);
}

void server_quit(server *s, int exit_code) {
    if (s->quitting) {
        uv_stop(&s->loop);
        return;
    }
    s->quitting = true;
    s->exit_code = exit_code;
    log_line(LOG_INFO, "server.quit", "fading out");
    builder_hurry(s->builder);
    audio_fade_out(sound_audio(s->sound));
    s->host->fade_began_ns = now_ns();
    uv_timer_start(&s->host->fade, on_fade, FADE_POLL_MS, FADE_POLL_MS);
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    server_quit(handle->data, EXIT_FINE);
}

// ---- the beginning ----------------------------------------------------------------------------

int host_begin(server *s, char *cause, size_t cause_bytes) {
    host *h = s->host = calloc(1, sizeof *h);
    if (!h) return EXIT_FAILED;
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < 3; i++) {
        uv_signal_init(&s->loop, &h->signals[i]);
        h->signals[i].data = s;
        uv_signal_start(&h->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&s->loop, &h->fade);
    h->fade.data = s;
    if (s->options->exit_with_parent) {
        h->parent = getppid();
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    }
    if (s->options->watch) patch_file_watch(s, &h->poll);
    if (!runtime_write(s, cause, cause_bytes)) return EXIT_FILE;
    if (net_start(s)) return EXIT_FINE;
    snprintf(cause, cause_bytes, "cannot start the network thread");
    return EXIT_FAILED;
}

void host_ready(server *s) {
    char line[1024] = "ready";
    json_t *list = net_addresses(s), *address;
    size_t i;
    json_array_foreach(list, i, address) {
        size_t used = strlen(line);
        snprintf(line + used, sizeof line - used, " %s", json_string_value(address));
    }
    json_decref(list);
    strcat(line, "\n");
    if (write(STDOUT_FILENO, line, strlen(line)) <
        0) // a pipe that nobody reads: it is not waited for
        log_line(LOG_WARNING, "ready.line", "cannot write the ready line to standard output");
    if (s->options->ready_fd < 0) return;
    if (write(s->options->ready_fd, line, strlen(line)) < 0)
        log_line(LOG_WARNING, "ready.fd", "cannot write the ready line to --ready-fd %d",
                 s->options->ready_fd);
    close(s->options->ready_fd);
}

void host_tick(server *s) {
    journal_tick(s);
    // where the parent's death gives no signal, or came before it was asked for
    if (s->options->exit_with_parent && !s->quitting && getppid() != s->host->parent) {
        log_line(LOG_INFO, "server.orphan", "the parent process has exited");
        server_quit(s, EXIT_FINE);
    }
}

void host_end(server *s) {
    host *h = s->host;
    if (!h) return;
    for (int i = 0; i < 3; i++) uv_close((uv_handle_t *)&h->signals[i], NULL);
    uv_close((uv_handle_t *)&h->fade, NULL);
    if (h->poll.data) uv_close((uv_handle_t *)&h->poll, NULL);
}

void host_destroy(host *h) { free(h); }
