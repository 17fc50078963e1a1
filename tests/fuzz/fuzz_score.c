// SPDX-License-Identifier: MIT
// fuzz_score -- the two languages of `megasynth render`, notes and scores, each given every input:
// either it is good, its events are in order and its edits make patches that load, or something
// printable has been said.
#include "../../clients/cli/text.c"
#include "time/rehearse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void require(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

static const char patch_text[] = "{\"knobs\":{\"cutoff\":{\"value\":0.5}},\"nodes\":{\"note\":{"
                                 "\"type\":\"note\"},\"saw\":{\"type\":"
                                 "\"osc.saw\"},\"filt\":{\"type\":\"svf\"},\"lfo\":{\"type\":"
                                 "\"lfo\"},\"out\":{\"type\":\"output\"}},"
                                 "\"connections\":[{\"from\":[\"note\",\"freq\"],\"to\":[\"saw\","
                                 "\"freq\"]},{\"from\":[\"saw\",\"out\"],"
                                 "\"to\":[\"filt\",\"in\"]},{\"from\":\"cutoff\",\"to\":[\"filt\","
                                 "\"freq\"]},{\"from\":[\"filt\",\"low\"],"
                                 "\"to\":[\"out\",\"in\"]}]}";

/// What scores load: the patch itself, where the name begins with a letter.
static const mega_patch *any_patch(void *context, const char *file, char why[200]) {
    snprintf(why, 200, "no such file: %.100s", file);
    return *file >= 'a' && *file <= 'z' ? context : NULL;
}

static void check(mega_sequence *s, bool good, const char *said, size_t said_bytes) {
    require(good == (said_bytes == 0), "neither good nor a message");
    for (size_t i = 0; i < said_bytes; i++)
        require(said[i] == '\n' || ((unsigned char)said[i] >= 0x20 && said[i] != 0x7f),
                "a control character in a message");
    for (size_t i = 0; i < s->count; i++) {
        const mega_timed_event *e = &s->events[i];
        require(!i || mega_event_due(&s->events[i - 1]) <= mega_event_due(e), "not in order");
        require(e->frame <= UINT64_C(2) * SEQUENCE_SECONDS_MAX * s->rate + 1, "too late");
        require(!good || (isfinite(e->value) && isfinite(e->detail)), "not finite");
        if (e->kind == EVENT_NOTE_ON)
            require(e->value >= 0 && e->value <= 127 && e->target < s->note_count, "not a note");
        if (e->kind == EVENT_EDIT) {
            const mega_sequence_edit *edit = &s->edits[e->target];
            require(!good || !edit->patch != !edit->operations, "not an edit");
            // a list is JSON by itself, and where it is said to be
            if (edit->operations)
                require(edit->operations[0] == '[' && edit->operations[edit->bytes - 1] == ']',
                        "not a list");
        }
    }
    require(mega_sequence_settled(s) >= mega_sequence_end(s), "over before its end");
    mega_sequence_finish(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    mega_patch *patch = mega_patch_read(patch_text, strlen(patch_text), MEGA_FORMAT_JSON, NULL);
    const mega_score_files files = {patch, any_patch};
    char *text = malloc(count + 1);
    require(text && patch, "no memory");
    if (count) memcpy(text, bytes, count);
    text[count] = '\0';
    for (int language = 0; language < 2; language++) {
        char *said = NULL;
        size_t said_bytes = 0;
        FILE *out = open_memstream(&said, &said_bytes);
        mega_text_errors errors = {0};
        mega_sequence s = {.rate = 48000};
        mega_rehearsal facts;
        bool good = language ? mega_score_read(text, count, &files, &s, &errors)
                             : mega_notes_read(text, 0.5, &s, &errors);
        mega_sequence_sort(&s);
        good &= mega_rehearse(&s, patch, &facts, &errors);
        print_text_errors(out, "fuzz", &errors);
        fclose(out);
        check(&s, good, said, said_bytes);
        free(said);
    }
    free(text);
    mega_patch_destroy(patch);
    return 0;
}
