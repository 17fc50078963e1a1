// SPDX-License-Identifier: MIT
// page_faults -- the rendering thread meets no page that nobody has touched before: whatever
// CONTROL makes, it touches before it hands it over.
//
// The system counts a thread's page faults (getrusage). After a warm-up they are counted on the
// thread that plays and renders, while another edits the patch at random. A system short of memory
// may take any page away: hence three tries, since a fault of the engine's comes back in each.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "support/files.h"
#include "support/host.h"
#include "support/random_control.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

enum { PATCHES = 20, WARM_CHANGES = 20, CHANGES = 400, TRIES = 3, PAGE_BYTES = 4096 };

typedef struct {
    player play;
    random_control control;
    _Atomic bool rendering, warm, stop;
    char *fresh; ///< pages that the rendering thread is to touch first; NULL
    long faults; ///< on the rendering thread, since it was warm
    uint64_t frames;
} stage;

static void wait_a_little(uint32_t how_often) {
    while (how_often-- > 0) nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

/// What a host does with mlockall: code, constants and variables are there before they are used.
static void touch_program(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    char line[1024], rights[8];
    unsigned long from, to;
    int sum = 0;
    while (fgets(line, sizeof line, maps)) {
        bool mine = strstr(line, "_test") || strstr(line, ".so");
        if (!mine || sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 || rights[0] != 'r')
            continue;
        for (unsigned long at = from; at < to; at += PAGE_BYTES) {
            volatile char *page = (char *)at; // NOLINT: an address is what the file gives
            sum += *page;
            if (rights[1] == 'w') *page = *page;
        }
    }
    fclose(maps);
    assert_true(sum != 1234567);
}

static void touch_stack(void) {
    volatile char room[256 << 10];
    for (size_t at = 0; at < sizeof room; at += PAGE_BYTES) room[at] = 0;
}

static long faults_so_far(void) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

static void *render(void *argument) {
    static const uint32_t blocks[] = {64, 1, 17, 128, 512, 63, 4096, 256};
    stage *s = argument;
    touch_stack();
    play_render(&s->play, PLAY_BLOCK_MAX, PLAY_BLOCK_MAX); // its own buffers too
    long before = 0;
    uint64_t warm_from = 0;
    s->rendering = true;
    for (size_t i = 0; !s->stop; i++) {
        if (!before && s->warm) {
            before = faults_so_far();
            warm_from = s->play.now;
            for (int page = 0; s->fresh && page < 4; page++) s->fresh[page * PAGE_BYTES] = 1;
        }
        play_render(&s->play, blocks[i % 8], blocks[i % 8]);
        control_heed(&s->control, &s->play);
    }
    s->faults = faults_so_far() - before;
    s->frames = s->play.now - warm_from;
    return NULL;
}

/// Plays `text` and edits it at random. @return the page faults of the rendering thread
static long count_faults(const char *text, uint64_t seed, int changes, char *fresh,
                         random_control *done) {
    static stage s;
    s = (stage){.fresh = fresh};
    mega_engine *engine = host_open(text);
    mega_patch *patch = host_read_patch(text);
    s.play = play_create(engine, patch, seed);
    s.play.gap_frames = 100;
    s.control = (random_control){.engine = engine, .r = rng_create(seed), .bus = -1};
    s.control.patches[s.control.patch_count++] = patch;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, render, &s), 0);
    while (!s.rendering) wait_a_little(1);
    for (int i = 0; i < WARM_CHANGES; i++, wait_a_little(2)) control_step(&s.control);
    s.warm = true;
    for (int i = 0; i < changes; i++) {
        control_step(&s.control);
        wait_a_little(rng_below(&s.control.r, 4));
    }
    wait_a_little(20);
    s.stop = true;
    pthread_join(thread, NULL);
    done->done.edits += s.control.done.edits;
    done->done.loads += s.control.done.loads;
    mega_destroy(engine);
    mega_patch_destroy(patch);
    return s.faults;
}

static void faults_are_counted(void **state) {
    (void)state;
    char *fresh =
        mmap(NULL, 4 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(fresh != MAP_FAILED);
    random_control done = {0};
    char *text = random_patch(1, 4);
    long faults = count_faults(text, 1, 4, fresh, &done);
    print_message("4 fresh pages: %ld faults\n", faults);
    assert_true(faults >= 1);
    munmap(fresh, 4 * PAGE_BYTES);
    free(text);
}

static void rendering_meets_none(void **state) {
    (void)state;
    size_t bytes;
    char *keys = read_file(SOURCE_DIR "/examples/keys.json", &bytes);
    assert_non_null(keys);
    random_control done = {0};
    int bad = 0;
    for (uint64_t seed = 0; seed < PATCHES; seed++) {
        char *random = random_patch(seed, 0);
        long faults = 1;
        for (int try = 0; try < TRIES && faults; try++) {
            faults = count_faults(seed % 4 ? random : keys, seed, CHANGES / PATCHES, NULL, &done);
            if (faults)
                print_message("patch %d, try %d: %ld page faults\n", (int)seed, try, faults);
        }
        bad += faults != 0;
        free(random);
    }
    free(keys);
    print_message("%llu random edits and %llu loads of %d patches\n",
                  (unsigned long long)done.done.edits, (unsigned long long)done.done.loads,
                  PATCHES);
    assert_int_equal(bad, 0);
}

int main(void) {
#ifdef SANITIZED
    print_message("SKIP: a sanitizer's own memory has pages too\n");
    return 77; // skipped
#endif
    touch_program();
    // Nothing that was freed is used again: all memory is fresh from the system.
    mallopt(M_MMAP_THRESHOLD, PAGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, 0);
    mallopt(M_TOP_PAD, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_counted),
        cmocka_unit_test(rendering_meets_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
