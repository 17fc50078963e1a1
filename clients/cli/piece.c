// SPDX-License-Identifier: MIT
#include "piece.h"

#include <stdlib.h>

#include "cli.h"

enum { SCORE_BYTES_MAX = 256 << 20 }; // room for SEQUENCE_EVENTS_MAX events

void piece_finish(piece *p) {
    mega_sequence_finish(&p->sequence);
    loads_finish(&p->loads);
}

static int read_score(const piece_options *o, piece *p, mega_text_errors *errors) {
    size_t bytes;
    char *text = file_read(o->score, SCORE_BYTES_MAX, &bytes);
    if (!text) return CLI_FILE;
    mega_score_files files = loads_of(&p->loads);
    bool good = mega_score_read(text, bytes, &files, &p->sequence, errors);
    free(text);
    return good ? CLI_OK : CLI_PATCH;
}

int piece_read(const piece_options *o, const mega_patch *patch, piece *p) {
    *p = (piece){.sequence.rate = o->rate, .loads = {.score = o->score, .quiet = o->quiet}};
    mega_text_errors errors = {0};
    bool notes_good = !o->notes || mega_notes_read(o->notes, o->beat, &p->sequence, &errors);
    print_text_errors(stderr, "megasynth: --notes", &errors);
    int code = o->score ? read_score(o, p, &errors) : CLI_OK;
    if (code == CLI_FILE) return code;
    mega_sequence_sort(&p->sequence);
    if (!mega_rehearse(&p->sequence, patch, &p->facts, &errors)) code = CLI_PATCH;
    print_text_errors(stderr, o->score ? o->score : o->patch, &errors);
    if (!notes_good) return CLI_USAGE;
    if (code == CLI_OK && p->sequence.note_count && !p->facts.plays_notes && !o->quiet)
        say("warning: %s has no `note` node, so notes do not change its sound", o->patch);
    return code;
}
