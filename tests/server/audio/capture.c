// SPDX-License-Identifier: MIT
// capture -- a JACK client that hears another: connects to its output ports and keeps what they
// carry, to the bit.
//
// usage: capture CLIENT CHANNELS SECONDS FILE
// Writes interleaved little-endian floats. Says `ready` once connected (waits up to 10 s for the
// client's ports), and at the end one JSON line: frames, cycles, and how many frames JACK left out
// between cycles (`lost`).
#include <jack/jack.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHANNELS_MAX 24

typedef struct {
    jack_client_t *client;
    jack_port_t *ports[CHANNELS_MAX];
    unsigned channels;
    float *frames;
    size_t room, count; // frames
    unsigned cycles, lost, smallest, largest;
    jack_nframes_t next;
    atomic_bool on, done;
} ear;

static int process(jack_nframes_t n, void *pointer) {
    ear *e = pointer;
    if (!atomic_load(&e->on) || atomic_load(&e->done)) return 0;
    jack_nframes_t now = jack_last_frame_time(e->client);
    if (e->cycles++) e->lost += now - e->next;
    e->next = now + n;
    if (n < e->smallest) e->smallest = n;
    if (n > e->largest) e->largest = n;
    for (unsigned ch = 0; ch < e->channels; ch++) {
        const float *from = jack_port_get_buffer(e->ports[ch], n);
        for (jack_nframes_t i = 0; i < n && e->count + i < e->room; i++)
            e->frames[(e->count + i) * e->channels + ch] = from[i];
    }
    e->count += n;
    if (e->count >= e->room) atomic_store(&e->done, true);
    return 0;
}

static void gone(void *pointer) { atomic_store(&((ear *)pointer)->done, true); }

// Its outputs in the order of their registration. @return whether all are connected
static bool connect_to(ear *e, const char *client) {
    char pattern[128];
    snprintf(pattern, sizeof pattern, "^%s:", client);
    const char **names =
        jack_get_ports(e->client, pattern, JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput);
    unsigned count = 0;
    while (names && names[count]) count++;
    bool good = count >= e->channels;
    for (unsigned ch = 0; good && ch < e->channels; ch++)
        good = jack_connect(e->client, names[ch], jack_port_name(e->ports[ch])) == 0;
    jack_free(names);
    return good;
}

int main(int argc, char **argv) {
    static ear e = {.smallest = UINT32_MAX};
    if (argc != 5) return 2;
    e.channels = (unsigned)atoi(argv[2]);
    if (e.channels < 1 || e.channels > CHANNELS_MAX) return 2;
    e.client = jack_client_open("capture", JackNoStartServer, NULL);
    if (!e.client) return 1;
    e.room = (size_t)(atof(argv[3]) * jack_get_sample_rate(e.client));
    e.frames = calloc(e.room, e.channels * sizeof(float));
    FILE *file = fopen(argv[4], "wb");
    if (!e.frames || !file) return 1;
    for (unsigned ch = 0; ch < e.channels; ch++) {
        char name[16];
        snprintf(name, sizeof name, "in_%u", ch);
        e.ports[ch] =
            jack_port_register(e.client, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    }
    jack_set_process_callback(e.client, process, &e);
    jack_on_shutdown(e.client, gone, &e);
    if (jack_activate(e.client) != 0) return 1;
    for (int tries = 0; !connect_to(&e, argv[1]); tries++) {
        if (tries == 1000) return 1;
        usleep(10000);
    }
    printf("ready\n");
    fflush(stdout);
    atomic_store(&e.on, true);
    while (!atomic_load(&e.done)) usleep(10000);
    jack_client_close(e.client);
    size_t count = e.count < e.room ? e.count : e.room;
    bool good =
        fwrite(e.frames, e.channels * sizeof(float), count, file) == count && fclose(file) == 0;
    printf("{\"frames\": %zu, \"cycles\": %u, \"lost\": %u, \"smallest\": %u, \"largest\": %u}\n",
           count, e.cycles, e.lost, e.smallest, e.largest);
    free(e.frames);
    return good ? 0 : 1;
}
