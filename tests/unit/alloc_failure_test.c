// SPDX-License-Identifier: MIT
// alloc_failure -- every allocation of create, read and load fails in turn: nothing leaks, nothing
// crashes, nothing is half done, and a patch that was sounding sounds on as if nobody had asked.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/failing_malloc.h"
#include "support/random_patch.h"
#include "support/random_play.h"

#ifdef SANITIZED
int main(void) {
    print_message("skipped: sanitizers own malloc; this runs in the other builds\n");
    return 77;
}
#else

enum { BEFORE = 500, AFTER = 1500 };

typedef struct {
    void *text;
    size_t bytes;
    mega_format format;
    const char *name;
} document;

static document documents[8];
static size_t document_count;

static document document_of_text(const char *name, const char *text, mega_format format) {
    document d = {.name = name, .format = format};
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
    assert_non_null(patch);
    char *written;
    assert_int_equal(mega_patch_write(patch, format, &written, &d.bytes), MEGA_OK);
    d.text = written;
    mega_patch_destroy(patch);
    return d;
}

static uint64_t render_hash(mega_engine *engine, uint64_t hash, uint32_t frames) {
    static float left[AFTER], right[AFTER];
    mega_render(engine, NULL, (float *const[]){left, right}, frames);
    hash = play_hash(hash, left, frames * sizeof(float));
    return play_hash(hash, right, frames * sizeof(float));
}

static void three_notes(mega_engine *engine) {
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            mega_note_on(engine, (uint64_t)(i * 200), 48.0f + (float)i * 7, 0.8f, NULL), MEGA_OK);
}

/// Create, read, load, sound: armed up to the first frame.
/// @return the hash of what sounds, or 0 if there was no engine
static uint64_t start(const document *d, mega_status *status) {
    *status = MEGA_ERROR_MEMORY;
    mega_report *report = mega_report_create();
    mega_engine *engine = mega_create(NULL, report);
    mega_patch *patch = mega_patch_read(d->text, d->bytes, d->format, report);
    if (engine && patch) *status = mega_load(engine, patch, report);
    mega_patch_destroy(patch);
    mega_report_destroy(report);
    long count = allocations;
    armed = false; // render allocates nothing: realtime_test
    uint64_t hash = 0;
    if (engine) {
        three_notes(engine);
        hash = render_hash(engine, PLAY_HASH_START, AFTER);
    }
    armed = true;
    mega_destroy(engine);
    armed = false;
    allocations = count;
    return hash;
}

static void create_read_load(void **state) {
    (void)state;
    mega_engine *empty = mega_create(NULL, NULL);
    assert_non_null(empty);
    three_notes(empty);
    const uint64_t silence = render_hash(empty, PLAY_HASH_START, AFTER);
    mega_destroy(empty);
    for (size_t i = 0; i < document_count; i++) {
        const document *d = &documents[i];
        mega_status status;
        memory_arm(-1, false);
        const uint64_t sound = start(d, &status); // also warms up what is made once
        assert_int_equal(status, MEGA_OK);
        const long count = allocations;
        long survived = 0;
        for (int way = 0; way < 2; way++) {
            for (long n = 0; n < count; n++) {
                const long before = live;
                memory_arm(n, way);
                uint64_t hash = start(d, &status);
                const long leaked = live - before;
                if (leaked)
                    print_error("%s: allocation %ld failed: %ld blocks leaked\n", d->name, n,
                                leaked);
                assert_int_equal(leaked, 0);
                if (status == MEGA_OK) {
                    assert_true(hash == sound);
                    survived++;
                } else if (hash) {
                    assert_true(hash == silence);
                }
            }
        }
        print_message("%s: %ld allocations, each failed twice; %ld were done without\n", d->name,
                      count, survived);
    }
}

/// An old patch sounds; `d` is loaded over it, armed. @return hash of what sounds after
static uint64_t load_over(const document *old, const document *d, mega_status *status) {
    mega_engine *engine = mega_create(NULL, NULL);
    mega_patch *patch = mega_patch_read(old->text, old->bytes, old->format, NULL);
    assert_non_null(engine);
    assert_int_equal(mega_load(engine, patch, NULL), MEGA_OK);
    mega_patch_destroy(patch);
    three_notes(engine);
    uint64_t hash = render_hash(engine, PLAY_HASH_START, BEFORE);
    *status = MEGA_ERROR_MEMORY;
    if (d) {
        armed = true; // `memory_arm` has set what fails
        patch = mega_patch_read(d->text, d->bytes, d->format, NULL);
        if (patch) *status = mega_load(engine, patch, NULL);
        mega_patch_destroy(patch);
        armed = false;
    }
    hash = render_hash(engine, hash, AFTER);
    mega_destroy(engine);
    return hash;
}

static void the_old_patch_sounds_on(void **state) {
    (void)state;
    for (size_t i = 0; i < document_count; i++) {
        const document *old = &documents[(i + 1) % document_count], *d = &documents[i];
        mega_status status;
        const uint64_t undisturbed = load_over(old, NULL, &status);
        memory_arm(-1, false);
        const uint64_t swapped = load_over(old, d, &status);
        assert_int_equal(status, MEGA_OK);
        const long count = allocations;
        for (long n = 0; n < count; n++) {
            memory_arm(n, false);
            armed = false;
            uint64_t hash = load_over(old, d, &status);
            if (hash != (status == MEGA_OK ? swapped : undisturbed))
                print_error("%s over %s: allocation %ld failed, status %s: other bits\n", d->name,
                            old->name, n, mega_status_name(status));
            assert_true(hash == (status == MEGA_OK ? swapped : undisturbed));
        }
        print_message("%s over %s: %ld allocations failed in turn\n", d->name, old->name, count);
    }
}

static int setup(void **state) {
    (void)state;
    static char keys[1 << 16];
    FILE *file = fopen(SOURCE_DIR "/examples/keys.json", "rb");
    assert_non_null(file);
    assert_true(fread(keys, 1, sizeof keys - 1, file) > 0);
    fclose(file);
    documents[document_count++] = document_of_text("keys.json", keys, MEGA_FORMAT_JSON);
    documents[document_count++] = document_of_text("keys.sexp", keys, MEGA_FORMAT_SEXP);
    documents[document_count++] = document_of_text("keys.msgpack", keys, MEGA_FORMAT_MSGPACK);
    static const char *const names[] = {"random patch 1", "random patch 2"};
    for (size_t i = 0; i < 2; i++) {
        char *text = random_patch(i + 1, 6);
        documents[document_count++] = document_of_text(names[i], text, MEGA_FORMAT_JSON);
        free(text);
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    for (size_t i = 0; i < document_count; i++) mega_free(documents[i].text);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_read_load),
        cmocka_unit_test(the_old_patch_sounds_on),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
#endif
