// SPDX-License-Identifier: MIT
// golden -- documents played through the API with bends, pedals, steals: one hash for every
// instruction set and host block size, and the one that tests/golden/played holds, whatever the
// compiler.
//
// GOLDEN_UPDATE=1 writes the file: for when the sound is meant to change.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/random_patch.h"
#include "support/random_play.h"

enum { FRAMES = 72000, CASES = 5, RANDOM_PATCHES = 60, RANDOM_FRAMES = 12000 };

static const struct {
    const char *name, *document;
    uint32_t voices; ///< 0: as the document says
    uint64_t seed;
} cases[CASES] = {
    {"toy", "examples/toy.json", 0, 1},
    {"keys", "examples/keys.json", 0, 2},
    {"keys.2", "examples/keys.json", 2, 3},
    {"keys.33", "examples/keys.json", 33, 4},
    {"all_modules", "tests/golden/all_modules.json", 0, 5},
};

static char *read_file(const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    if (!file) print_error("no %s\n", path);
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static mega_patch *read_patch(const char *name, const char *text, uint32_t voices) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report);
    for (size_t i = 0; !patch && i < mega_report_count(report); i++) {
        const mega_diagnostic *d = mega_report_get(report, i);
        print_error("%s: %s: %s %s\n", name, d->path, d->message, d->hint);
    }
    mega_report_destroy(report);
    assert_non_null(patch);
    if (voices) assert_int_equal(mega_patch_set_voices(patch, voices), MEGA_OK);
    return patch;
}

/// The hash of a patch played with a seed; zero blocks: blocks of changing sizes.
static uint64_t play(const mega_patch *patch, const char *isa, uint64_t seed, uint32_t block,
                     uint64_t frames) {
    static const uint32_t sizes[] = {1, 100, 64, 7, 1000, 63, 65, 4096, 2, 31};
    mega_engine *engine = mega_create(&(mega_options){.isa = isa, .seed = 7}, NULL);
    assert_non_null(engine);
    assert_int_equal(mega_load(engine, patch, NULL), MEGA_OK);
    player p = play_create(engine, patch, seed);
    for (size_t i = 0; p.now < frames; i++) {
        uint32_t n = block ? block : sizes[i % (sizeof sizes / sizeof *sizes)];
        play_render(&p, n < frames - p.now ? n : frames - p.now, n);
    }
    assert_true(p.refused == 0);
    if (!isfinite(p.peak)) print_error("peak %g\n", p.peak);
    assert_true(isfinite(p.peak));
    mega_destroy(engine);
    return p.hash;
}

/// The hash written down for a case; 0: none.
static uint64_t written_hash(const char *name) {
    FILE *file = fopen(SOURCE_DIR "/tests/golden/played", "r");
    char line[128], found[64];
    unsigned long long hash = 0, value;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%63s %llx", found, &value) == 2 && strcmp(found, name) == 0) hash = value;
    if (file) fclose(file);
    return hash;
}

static void documents(void **state) {
    (void)state;
    static const uint32_t blocks[] = {0, 1, 17, 64, 512};
    bool update = getenv("GOLDEN_UPDATE");
    uint64_t first[CASES];
    int bad = 0;
    for (size_t i = 0; i < CASES; i++) {
        char *text = read_file(cases[i].document);
        mega_patch *patch = read_patch(cases[i].name, text, cases[i].voices);
        first[i] = play(patch, "one", cases[i].seed, 64, FRAMES);
        print_message("%-12s %016llx\n", cases[i].name, (unsigned long long)first[i]);
        const mega_isa_table *isa;
        for (size_t k = 0; (isa = mega_isa_at(k)); k++) {
            // Every block size in the widest, the last, which most people run; two in the others.
            size_t count = mega_isa_at(k + 1) ? 2 : sizeof blocks / sizeof *blocks;
            for (size_t b = 0; b < count; b++) {
                uint64_t hash = play(patch, isa->name, cases[i].seed, blocks[b], FRAMES);
                if (hash == first[i]) continue;
                print_error("%s: isa %s, blocks of %u: %016llx\n", cases[i].name, isa->name,
                            blocks[b], (unsigned long long)hash);
                bad++;
            }
        }
        if (!update && first[i] != written_hash(cases[i].name)) {
            print_error("%s: tests/golden/played has %016llx\n", cases[i].name,
                        (unsigned long long)written_hash(cases[i].name));
            bad++;
        }
        mega_patch_destroy(patch);
        free(text);
    }
    if (update) {
        FILE *file = fopen(SOURCE_DIR "/tests/golden/played", "w");
        assert_non_null(file);
        fprintf(file, "# hashes of golden_test's cases; GOLDEN_UPDATE=1 build/tests/golden_test "
                      "writes them\n");
        for (size_t i = 0; i < CASES; i++)
            fprintf(file, "%s %016llx\n", cases[i].name, (unsigned long long)first[i]);
        fclose(file);
    }
    assert_int_equal(bad, 0);
}

/// No hash is written down for these: they change with each new module, which they test.
static void random_patches(void **state) {
    (void)state;
    int bad = 0;
    for (uint64_t seed = 0; seed < RANDOM_PATCHES; seed++) {
        char *text = random_patch(seed + 1000, 0), name[32];
        snprintf(name, sizeof name, "random patch %d", (int)seed + 1000);
        mega_patch *patch = read_patch(name, text, 0);
        uint64_t first = play(patch, "one", seed, 64, RANDOM_FRAMES);
        const mega_isa_table *isa;
        for (size_t k = 0; (isa = mega_isa_at(k)); k++) {
            uint64_t hash = play(patch, isa->name, seed, 0, RANDOM_FRAMES);
            if (hash != first) {
                print_error("%s: isa %s: %016llx, not %016llx\n", name, isa->name,
                            (unsigned long long)hash, (unsigned long long)first);
                bad++;
            }
        }
        mega_patch_destroy(patch);
        free(text);
    }
    print_message("%d random patches in every instruction set\n", RANDOM_PATCHES);
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(random_patches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
