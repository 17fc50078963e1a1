// SPDX-License-Identifier: MIT
// main -- starts the parts in order, runs the loop, stops them in reverse.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/log.h"
#include "base/server.h"
#include "base/trace.h"
#include "clients/net.h"
#include "commands/handlers.h"
#include "midi/midi.h"
#include "process/host.h"
#include "process/patch_file.h"
#include "process/print_devices.h"
#include "process/runtime.h"
#include "process/tick.h"
#include "protocol/print.h"
#include "requests/requests.h"
#include "state/journal.h"
#include "synths/client_taps.h"
#include "synths/recordings.h"
#include "synths/sound.h"
#include "synths/synth.h"

/// One line of cause, whatever the log's form.
static int fail(int exit_code, const char *cause) {
    log_line(LOG_ERROR, "server.failed", "%s", cause);
    return exit_code;
}

// MIDI follows the device: it may come before MIDI is there.
static void device_began(server *s, uint64_t frame) { midi_began(s->midi, frame); }
static void device_runs(server *s, bool is_jack) { midi_device_runs(s->midi, is_jack); }
static void device_lost(server *s) { midi_let_go(s->midi); }
static const device_watch midi_follows = {device_began, device_runs, device_lost};

/// The first synth, before anything can ask for it.
static bool make_main_synth(server *s, char *cause, size_t bytes) {
    synth *main_synth = synth_create(s, "main");
    bool made = main_synth && synth_build(main_synth, NULL) && synth_enter(main_synth);
    if (!made) snprintf(cause, bytes, "out of memory");
    return made;
}

static int start(server *s, char *cause, size_t bytes) {
    int exit_code = EXIT_FAILED;
    if (s->options->lock_memory && !audio_lock_memory(cause))
        log_line(LOG_WARNING, "memory.lock", "%s", cause);
    if (s->options->trace_file && !trace_open(s->options->trace_file, cause, (unsigned)bytes))
        return EXIT_FILE;
    const char *calls = s->options->calls_folder;
    if (calls && access(calls, W_OK | X_OK) != 0) {
        snprintf(cause, bytes, "--calls %s: %s", calls, strerror(errno));
        return EXIT_FILE;
    }
    bool in_use;
    if (!runtime_lock(s, cause, bytes, &in_use)) return in_use ? EXIT_IN_USE : EXIT_FILE;
    if (!net_open(s, cause, bytes, &exit_code)) return exit_code;
    s->sound = sound_open(s, &midi_follows, cause);
    if (!s->sound) return EXIT_AUDIO;
    s->mixer = mixer_create(sound_rate(s->sound), sound_inputs(s->sound), sound_outputs(s->sound));
    s->modules = host_modules(&s->modules_hash);
    snprintf(cause, bytes, "out of memory");
    s->buses = buses_create(s->mixer);
    s->taps = taps_create();
    s->recordings = recordings_create();
    s->maps = json_object();
    if (!s->mixer || !s->modules || !s->buses || !s->taps || !s->recordings || !s->maps ||
        !make_main_synth(s, cause, bytes))
        return EXIT_FAILED;
    bool resumed;
    if ((exit_code = journal_begin(s, &resumed, cause, bytes)) != EXIT_FINE) return exit_code;
    if (!resumed && s->options->patch_file && !patch_file_load(s, cause, bytes)) return EXIT_FILE;
    s->builder = builder_create(s);
    s->midi = midi_create(s);
    if (!s->builder || !s->midi) return EXIT_FAILED;
    if (!sound_start(s->sound, cause)) return EXIT_AUDIO;
    tasks_begin(s);
    sync_begin(s);
    notice_begin(s);
    tick_begin(s);
    return host_begin(s, cause, bytes);
}

/// In reverse. What is under way in the build worker's queue is finished, what waits there is
/// dropped.
/// @param served it was started: the state is its own
static void stop(server *s, bool served) {
    host_end(s);
    if (s->net) net_close(s);
    runtime_remove(s);
    if (s->builder) {
        sync_finish(s);
        builder_stop(s->builder, false);
    }
    if (s->midi) midi_close(s->midi);
    int saved = served ? journal_end(s) : EXIT_FINE;
    if (s->exit_code == EXIT_FINE) s->exit_code = saved;
    tick_end(s);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    sound_close(s->sound);
    taps_destroy(s);
    recordings_destroy(s);
    while (s->synths) {
        synth *first = s->synths;
        buses_forget(s->buses, first, 0);
        synth_leave(first);
        synth_release(first);
    }
    if (s->builder) builder_destroy(s->builder);
    net_destroy(s->net);
    mixer_destroy(s->mixer);
    buses_destroy(s->buses);
    midi_destroy(s->midi);
    json_decref(s->modules);
    json_decref(s->maps);
    trace_close();
    host_destroy(s->host);
    uv_loop_close(&s->loop);
}

static int serve(const options *o) {
    static server s; // large, and there is one
    char cause[512] = "";
    log_never_block();
    s.options = o;
    s.started_ns = now_ns();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // a file that grows too long is a full disk
    json_object_seed(0);
    if (uv_loop_init(&s.loop) != 0) return fail(EXIT_FAILED, "cannot create the event loop");
    s.exit_code = start(&s, cause, sizeof cause);
    bool served = s.exit_code == EXIT_FINE;
    if (served) {
        host_ready(&s);
        uv_run(&s.loop, UV_RUN_DEFAULT);
    } else {
        fail(s.exit_code, cause);
    }
    stop(&s, served);
    return s.exit_code;
}

/// What was printed has gone out; a full disk shows only here. @return the exit code
static int printed(int exit_code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return exit_code;
    fprintf(stderr, "megasynthd: standard output: %s\n", strerror(errno));
    return exit_code ? exit_code : EXIT_FILE;
}

int main(int argc, char **argv) {
    options o;
    int exit_code;
    log_open_standard();
    command_begin(all_handlers);
    if (!options_read(&o, argc, argv, &exit_code)) return printed(exit_code);
    log_begin(o.log_level, o.log_json);
    switch (o.mode) {
    case MODE_PRINT_PROTOCOL: return printed(print_protocol(stdout) ? EXIT_FINE : EXIT_FAILED);
    case MODE_DEVICES: return printed(print_devices(o.audio.backend));
    default: return serve(&o);
    }
}
