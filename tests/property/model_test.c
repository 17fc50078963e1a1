// SPDX-License-Identifier: MIT
// model -- random calls of all three roles against a plain model of an engine, and the sequences
// that once found a fault (tests/property/calls/*): see ../model.h. The fuzzer fuzz_calls does the
// same for longer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/files.h"
#include "support/model.h"

enum { SEQUENCES = 150, BYTES = 900 };

static void random_sequences(void **unused) {
    (void)unused;
    uint64_t calls = 0;
    for (uint64_t seed = 1; seed <= SEQUENCES; seed++) {
        uint8_t bytes[BYTES];
        rng r = rng_create(seed);
        for (int i = 0; i < BYTES; i++) bytes[i] = (uint8_t)rng_below(&r, 256);
        calls += model_run(bytes, sizeof bytes);
    }
    printf("%llu calls\n", (unsigned long long)calls);
    assert_true(calls > SEQUENCES * 20);
}

static void run_file(const char *path, const char *name) {
    (void)name;
    size_t bytes;
    char *text = read_file(path, &bytes);
    assert_non_null(text);
    model_run((const uint8_t *)text, bytes);
    free(text);
}

static void sequences_that_found_something(void **unused) {
    (void)unused;
    visit_files(SOURCE_DIR "/tests/property/calls", run_file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_sequences),
        cmocka_unit_test(sequences_that_found_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
