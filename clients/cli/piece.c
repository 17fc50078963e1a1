// SPDX-License-Identifier: MIT
#include "piece.h"

#include <stdlib.h>

#include "cli.h"

enum { SCORE_BYTES_MAX = 256 << 20 }; // room for SEQUENCE_EVENTS_MAX events

void piece_finish(piece *p) {
    sequence_finish(&p->sequence);
    loads_finish(&p->loads);
}

static int read_score(const piece_options *o, piece *p, text_errors *errors) {
    size_t bytes;
    char *text = file_read(o->score, SCORE_BYTES_MAX, &bytes);
    if (!text) return CLI_FILE;
    score_files files = loads_of(&p->loads);
    bool good = score_read(text, bytes, &files, &p->sequence, errors);
    free(text);
    return good ? CLI_OK : CLI_PATCH;
}

int piece_read(const piece_options *o, const mega_patch *patch, piece *p) {
    *p = (piece){.sequence.rate = o->rate, .loads = {.score = o->score, .quiet = o->quiet}};
    text_errors in_notes = {.out = stderr, .source = "megasynth: --notes"};
    bool notes_good = !o->notes || notes_read(o->notes, o->beat, &p->sequence, &in_notes);
    text_errors in_score = {
        .out = stderr, .source = o->score ? o->score : o->patch, .collects = true};
    int code = o->score ? read_score(o, p, &in_score) : CLI_OK;
    if (code == CLI_FILE) return code;
    sequence_sort(&p->sequence);
    if (!rehearse(&p->sequence, patch, &p->facts, &in_score)) code = CLI_PATCH;
    text_errors_print(&in_score);
    if (!notes_good) return CLI_USAGE;
    if (code == CLI_OK && p->sequence.note_count && !p->facts.plays_notes && !o->quiet)
        say("warning: %s has no `note` node, so notes do not change its sound", o->patch);
    return code;
}
