// SPDX-License-Identifier: MIT
// fuzz_osc -- bytes as a stream of a client's: framing, OSC, payloads, the command table, the
// queues; against a whole server without sockets or a device. The first byte chooses the framing,
// and whether the client is admitted.
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/net.h"
#include "commands/handlers.h"
#include "process/host.h"
#include "process/tick.h"
#include "protocol/command.h"
#include "protocol/framing.h"
#include "requests/requests.h"
#include "synths/buses.h"
#include "synths/client_taps.h"
#include "synths/recordings.h"
#include "synths/sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static options o;
static server s;
static uint64_t answers;

/// Every answer must be what a client can read.
static void send_packet(session *to, const void *packet, size_t bytes, send_kind kind) {
    (void)to, (void)kind;
    osc_packet read;
    osc_error error;
    if (!osc_read(packet, bytes, &read, &error)) abort();
    lo_message message = read.messages[0].message;
    const char *types = lo_message_get_types(message);
    for (int i = 0; types[i]; i++) {
        payload_error why;
        lo_blob blob = types[i] == 'b' ? (lo_blob)lo_message_get_argv(message)[i] : NULL;
        if (blob && !payload_scan(lo_blob_dataptr(blob), lo_blob_datasize(blob), &why)) abort();
    }
    osc_finish(&read);
    answers++;
}

// ---- the folder below which it may write ------------------------------------------------------

static char folder[] = "/tmp/megasynth-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about, (void)kind, (void)where;
    return remove(path);
}
static void remove_folder(void) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

static void begin(void) {
    char cause[512];
    if (!mkdtemp(folder) || atexit(remove_folder) != 0) abort();
    o = (options){.name = "fuzz", .root = folder, .ready_fd = -1};
    o.audio.backend = AUDIO_DUMMY;
    o.audio.outputs = 2;
    o.audio.no_realtime = true;
    o.memory_bytes_max = 8 << 20;
    s.options = &o;
    command_begin(all_handlers);
    log_begin(LOG_ERROR, false);
    uv_loop_init(&s.loop);
    s.net = calloc(1, sizeof *s.net);
    s.sound = sound_open(&s, NULL, cause);
    if (!s.net || !s.sound) abort();
    s.mixer = mixer_create(sound_rate(s.sound), 0, 2);
    s.buses = buses_create(s.mixer);
    s.taps = taps_create();
    s.recordings = recordings_create();
    s.maps = json_object();
    s.modules = host_modules(&s.modules_hash);
    synth *first = synth_create(&s, "main");
    if (!first || !synth_build(first, NULL) || !synth_enter(first)) abort();
    s.builder = builder_create(&s);
    if (!sound_start(s.sound, cause)) abort();
    tasks_begin(&s);
    sync_begin(&s);
}

static bool take(void *client, framing_event event, const uint8_t *frame, size_t bytes) {
    if (event == FRAMING_OK) session_packet(client, frame, bytes);
    return event != FRAMING_LOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    if (!s.loop.data) {
        begin();
        s.loop.data = &s;
    }
    if (!bytes) return 0;
    // from elsewhere, so that it may not end the server
    session *client = session_create(&s, data[0] & 2 ? TRANSPORT_UDP : TRANSPORT_TCP, false,
                                     !(data[0] & 4), "fuzz");
    framing f = {
        .max = 1 << 16, .known = true, .kind = data[0] & 1 ? FRAMING_SLIP : FRAMING_LENGTH};
    client->send = send_packet;
    if (data[0] & 8) session_packet(client, data + 1, bytes - 1); // a datagram
    else framing_feed(&f, data + 1, bytes - 1, take, client);
    framing_finish(&f);
    // all that was asked for comes to its end
    do uv_run(&s.loop, UV_RUN_NOWAIT);
    while (client->open_count || client->waiting);
    session_gone(client);
    return 0;
}
