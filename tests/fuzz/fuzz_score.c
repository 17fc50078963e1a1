// SPDX-License-Identifier: MIT
// fuzz_score -- the two languages of `megasynth render`, notes and scores, each given every input:
// either it is good and its events are in order, or something printable has been said.
#include "../../clients/cli/notes.c"
#include "../../clients/cli/score.c"
#include "../../clients/cli/sequence.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void require(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

static int32_t any_knob(void *context, const char *name, char why[200]) {
    (void)context;
    snprintf(why, 200, "no such knob: `%.100s`", name);
    return *name == 'x' ? -1 : 7;
}
static int32_t any_param(void *context, const char *node, const char *port, const char *choice,
                         double *value, char why[200]) {
    (void)context;
    snprintf(why, 200, "`%.60s` of `%.60s`", port, node);
    if (choice && value) *value = (double)strlen(choice);
    return *node == 'x' ? -1 : 7;
}

static void check(sequence *s, bool good, const char *said, size_t said_bytes) {
    require(good == (said_bytes == 0), "neither good nor a message");
    for (size_t i = 0; i < said_bytes; i++)
        require(said[i] == '\n' || ((unsigned char)said[i] >= 0x20 && said[i] != 0x7f),
                "a control character in a message");
    sequence_sort(s);
    for (size_t i = 0; i < s->count; i++) {
        const event *e = &s->events[i];
        require(!i || s->events[i - 1].frame <= e->frame, "not in order");
        require(e->frame <= UINT64_C(2) * SEQUENCE_SECONDS_MAX * s->rate + 1, "too late");
        require(isfinite(e->value) && isfinite(e->detail), "not finite");
        if (e->kind == EVENT_NOTE_ON)
            require(e->value >= 0 && e->value <= 127 && e->target < s->note_count, "not a note");
    }
    sequence_finish(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    static const score_names names = {NULL, any_knob, any_param};
    char *text = malloc(count + 1);
    require(text, "no memory");
    if (count) memcpy(text, bytes, count);
    text[count] = '\0';
    for (int language = 0; language < 2; language++) {
        char *said = NULL;
        size_t said_bytes = 0;
        FILE *out = open_memstream(&said, &said_bytes);
        text_errors errors = {.out = out, .source = "fuzz"};
        sequence s = {.rate = 48000};
        bool good = language ? score_read(text, count, &names, &s, &errors)
                             : notes_read(text, 0.5, &s, &errors);
        fclose(out);
        check(&s, good, said, said_bytes);
        free(said);
    }
    free(text);
    return 0;
}
