// SPDX-License-Identifier: MIT
// fuzz_cli -- what `megasynth` reads of others: lines of a batch, typed by the server's table, and
// what a server says. The first byte tells which.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "live/packet.h"
#include "live/rows.h"
#include "live/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static bool take(void *context, packet *p) {
    (void)context;
    if (!p->address || (p->kind == PACKET_FAIL && !p->code)) abort();
    packet_finish(p);
    return true;
}

/// Through a pipe, as they come.
static void read_lines(const uint8_t *data, size_t bytes) {
    int ends[2];
    if (bytes > 4096 || pipe(ends) != 0) return;
    if (write(ends[1], data, bytes) < 0) abort();
    close(ends[1]);
    lines in = {.file = ends[0]};
    char *line, *words[WORDS_MAX], why[256];
    const char *wrong;
    while (!in.ended && lines_read(&in)) {
        while ((line = lines_next(&in))) {
            int count = words_split(line, words, &wrong);
            if (count < 1) continue;
            json_t *map = row_arguments(row_find(words[0]), words + 1, (size_t)count - 1, why);
            if (!map && !*why) abort(); // it must say what is wrong
            json_decref(map);
        }
    }
    lines_finish(&in);
    close(ends[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    if (!bytes) return 0;
    uint8_t *copy = malloc(bytes); // where its end is seen
    if (!copy) return 0;
    memcpy(copy, data, bytes);
    for (size_t i = 0; i < bytes; i++)
        if (copy[i] == '@' && !(*data & 1)) copy[i] = '=' + 1; // no files
    if (*data & 1) packets_read(copy + 1, bytes - 1, take, NULL);
    else read_lines(copy + 1, bytes - 1);
    free(copy);
    return 0;
}
