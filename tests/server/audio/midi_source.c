// SPDX-License-Identifier: MIT
// midi_source -- a JACK client with a MIDI output, which sends what it is told.
//
// usage: midi_source NAME
// Says `ready`; then, for each line of standard input (messages in hexadecimal, apart by spaces),
// `sent` once they went out. All in one period; or, where they are written `960@903c64`, so many
// frames after the first period of the line. Ends with its input, or with JACK.
#include <jack/jack.h>
#include <jack/midiport.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1 << 16, MESSAGES_MAX = 4096 };

static jack_port_t *out;
static uint8_t bytes[LINE_MAX_BYTES];
static struct {
    size_t at, count;
    uint32_t frame;
} messages[MESSAGES_MAX];
static size_t message_count, sent_count;
static uint32_t passed; ///< frames since the line's first period
static bool timed;
static atomic_bool full, gone;

static int process(jack_nframes_t frames, void *context) {
    (void)context;
    void *buffer = jack_port_get_buffer(out, frames);
    jack_midi_clear_buffer(buffer);
    if (!atomic_load(&full)) return 0;
    for (; sent_count < message_count; sent_count++) {
        size_t i = sent_count;
        if (timed && messages[i].frame >= passed + frames) break;
        jack_nframes_t at =
            timed ? messages[i].frame - passed : (jack_nframes_t)(i * frames / message_count);
        jack_midi_event_write(buffer, at, bytes + messages[i].at, messages[i].count);
    }
    passed += frames;
    if (sent_count == message_count) atomic_store(&full, false);
    return 0;
}

static void on_shutdown(void *context) {
    (void)context;
    atomic_store(&gone, true);
}

static void read_messages(char *line) {
    size_t used = 0;
    message_count = sent_count = 0;
    passed = 0;
    timed = strchr(line, '@') != NULL;
    for (char *word = strtok(line, " \n"); word && message_count < MESSAGES_MAX;
         word = strtok(NULL, " \n")) {
        size_t begin = used;
        char *at = strchr(word, '@');
        messages[message_count].frame = at ? (uint32_t)strtoul(word, NULL, 10) : 0;
        if (at) word = at + 1;
        for (; word[0] && word[1]; word += 2)
            bytes[used++] = (uint8_t)strtoul((char[]){word[0], word[1], '\0'}, NULL, 16);
        messages[message_count].at = begin;
        messages[message_count++].count = used - begin;
    }
}

int main(int argc, char **argv) {
    static char line[LINE_MAX_BYTES];
    if (argc != 2) return 2;
    jack_client_t *client = jack_client_open(argv[1], JackNoStartServer | JackUseExactName, NULL);
    if (!client) return 1;
    out = jack_port_register(client, "out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
    jack_set_process_callback(client, process, NULL);
    jack_on_shutdown(client, on_shutdown, NULL);
    if (!out || jack_activate(client) != 0) return 1;
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        read_messages(line);
        atomic_store(&full, true);
        while (atomic_load(&full) && !atomic_load(&gone)) usleep(500);
        if (atomic_load(&gone)) return 3;
        puts("sent");
        fflush(stdout);
    }
    jack_client_close(client);
    return 0;
}
