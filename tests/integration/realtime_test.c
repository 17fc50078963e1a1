// SPDX-License-Identifier: MIT
// realtime -- what the EVENT and AUDIO roles promise: no allocation, no lock, no system call, no
// clock.
//
// Each document is played in a process of its own, by a thread of its own, from the very first
// frame. Two nets:
//   - the functions that allocate, lock, wait, print or read a clock are replaced in this program
//   by ones that
//     note it where the playing thread calls them (a lock nobody contends makes no system call);
//   - a seccomp filter on the playing thread lets no system call through but the return from a
//   signal.
// Meanwhile the first thread loads other programs into the same engine, as a host would.
// Where the system has no seccomp the second net is skipped, and the test says so.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "play.h"
#include "random_patch.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

enum { NOTED_MAX = 8, FRAMES = 48000, RANDOM_PATCHES = 120 };

/// What a playing process leaves behind, in memory that it shares with this one.
typedef struct {
    atomic_int finished;   ///< the playing thread is through
    atomic_int stop;       ///< it may be
    atomic_int no_seccomp; ///< the filter could not be set up
    atomic_int trapped;    ///< number of the first system call + 1
    atomic_int noted_count;
    char noted[NOTED_MAX][32];
    uint64_t hash, events, refused, swaps;
    double peak;
} outcome;

static outcome *result;
static _Thread_local bool playing;

// ---- the first net
// -----------------------------------------------------------------------------------

#ifndef SANITIZED // sanitizers replace these themselves
static void note_call(const char *name) {
    if (!playing) return;
    int i = result->noted_count++;
    if (i < NOTED_MAX)
        for (size_t k = 0; k + 1 < sizeof result->noted[i] && name[k]; k++)
            result->noted[i][k] = name[k];
}

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

#pragma GCC visibility push(default) // libraries' calls are to come here too
void *malloc(size_t bytes) { return note_call("malloc"), __libc_malloc(bytes); }
void *calloc(size_t n, size_t bytes) { return note_call("calloc"), __libc_calloc(n, bytes); }
void *realloc(void *p, size_t bytes) { return note_call("realloc"), __libc_realloc(p, bytes); }
void *memalign(size_t align, size_t bytes);
void *memalign(size_t align, size_t bytes) {
    return note_call("memalign"), __libc_memalign(align, bytes);
}
void *aligned_alloc(size_t align, size_t bytes) {
    return note_call("aligned_alloc"), __libc_memalign(align, bytes);
}
int posix_memalign(void **p, size_t align, size_t bytes) {
    note_call("posix_memalign");
    *p = __libc_memalign(align, bytes);
    return *p ? 0 : ENOMEM;
}
void free(void *p) {
    note_call("free");
    __libc_free(p);
}

// Example: WATCH(int, close, (int fd), (fd))
// Becomes: int close(int fd) { static int (*next)(int fd); note_call("close"); ... return next(fd);
// }
#define WATCH(result_type, name, parameters, arguments)                                            \
    result_type name parameters {                                                                  \
        static result_type(*next) parameters;                                                      \
        note_call(#name);                                                                          \
        if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name);                                      \
        return next arguments;                                                                     \
    }
WATCH(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
WATCH(int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))
WATCH(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m))
WATCH(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))
WATCH(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l))
WATCH(int, pthread_rwlock_unlock, (pthread_rwlock_t * l), (l))
WATCH(int, pthread_spin_lock, (pthread_spinlock_t * l), (l))
WATCH(int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
WATCH(int, pthread_cond_signal, (pthread_cond_t * c), (c))
WATCH(int, pthread_cond_broadcast, (pthread_cond_t * c), (c))
WATCH(int, sem_wait, (sem_t * s), (s))
WATCH(int, sem_post, (sem_t * s), (s))
WATCH(int, sched_yield, (void), ())
WATCH(int, nanosleep, (const struct timespec *t, struct timespec *left), (t, left))
WATCH(int, clock_gettime, (clockid_t clock, struct timespec *t), (clock, t))
WATCH(time_t, time, (time_t * t), (t))
WATCH(ssize_t, read, (int fd, void *data, size_t bytes), (fd, data, bytes))
WATCH(ssize_t, write, (int fd, const void *data, size_t bytes), (fd, data, bytes))
WATCH(int, close, (int fd), (fd))
WATCH(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
WATCH(void *, mmap, (void *at, size_t bytes, int prot, int flags, int fd, off_t offset),
      (at, bytes, prot, flags, fd, offset))
WATCH(int, munmap, (void *at, size_t bytes), (at, bytes))
WATCH(FILE *, fopen, (const char *name, const char *mode), (name, mode))
WATCH(size_t, fwrite, (const void *data, size_t size, size_t count, FILE *file),
      (data, size, count, file))
WATCH(int, fputs, (const char *text, FILE *file), (text, file))
WATCH(int, puts, (const char *text), (text))
WATCH(int, vfprintf, (FILE * file, const char *format, va_list list), (file, format, list))
int fprintf(FILE *file, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int count = vfprintf(file, format, list);
    va_end(list);
    return count;
}
int printf(const char *format, ...) {
    va_list list;
    va_start(list, format);
    int count = vfprintf(stdout, format, list);
    va_end(list);
    return count;
}
int open(const char *name, int flags, ...) {
    va_list list;
    va_start(list, flags);
    int mode = va_arg(list, int);
    va_end(list);
    note_call("open");
    return (int)syscall(SYS_openat, AT_FDCWD, name, flags, mode);
}
int ioctl(int fd, unsigned long request, ...) {
    va_list list;
    va_start(list, request);
    void *data = va_arg(list, void *);
    va_end(list);
    note_call("ioctl");
    return (int)syscall(SYS_ioctl, fd, request, data);
}
#pragma GCC visibility pop
#endif

// ---- the second net
// ----------------------------------------------------------------------------------

/// A system call was refused: leave its number, and stand still until the process ends.
static void on_trap(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number, (void)context;
    int none = 0;
    atomic_compare_exchange_strong(&result->trapped, &none, info->si_syscall + 1);
    result->finished = 1;
    for (;;) {}
}

static bool refuse_system_calls(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, NULL);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// ---- playing
// -----------------------------------------------------------------------------------------

typedef struct {
    player play;
    void (*misbehave)(void); ///< NULL, or what the nets are to catch
} job;

static void *play_thread(void *argument) {
    static const uint32_t blocks[] = {64, 1, 17, 128, 512, 63, 4096, 256};
    job *j = argument;
    if (!refuse_system_calls()) result->no_seccomp = 1;
    playing = true;
    if (j->misbehave) j->misbehave();
    // At least a second; longer while the other thread still loads, but not for ever.
    for (size_t i = 0;
         j->play.now < FRAMES || (!result->stop && j->play.now < UINT64_C(20000) * FRAMES); i++)
        play_render(&j->play, blocks[i % 8] * 4, blocks[i % 8]);
    playing = false;
    result->hash = j->play.hash;
    result->events = j->play.events;
    result->refused = j->play.refused;
    result->peak = j->play.peak;
    result->finished = 1;
    while (result->finished) { // ending a thread is a system call
    }
    return NULL;
}

static void print_errors(const mega_report *report) {
    for (size_t i = 0; i < mega_report_count(report); i++) {
        const mega_diagnostic *d = mega_report_get(report, i);
        if (d->severity == MEGA_SEVERITY_ERROR)
            fprintf(stderr, "%s: %s %s\n", d->path, d->message, d->hint);
    }
}

static mega_patch *read_patch(const char *text, bool print) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report);
    if (print) print_errors(report);
    mega_report_destroy(report);
    return patch;
}

static mega_status load(mega_engine *engine, const mega_patch *patch) {
    mega_report *report = mega_report_create();
    mega_status status = mega_load(engine, patch, report);
    print_errors(report);
    mega_report_destroy(report);
    return status;
}

static void wait_a_little(void) { nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL); }

/// The playing process. Never returns; its exit status is 0 if the document loaded.
static void play_process(const char *text, const char *other, uint64_t seed,
                         void (*misbehave)(void)) {
    static job j;
    mega_engine *engine = mega_create(&(mega_options){.seed = 1}, NULL);
    mega_patch *patch = read_patch(text, true), *second = other ? read_patch(other, true) : NULL;
    if (!engine || !patch || load(engine, patch) != MEGA_OK) _exit(1);
    j.play = play_create(engine, patch, seed);
    j.misbehave = misbehave;
    pthread_t thread;
    if (pthread_create(&thread, NULL, play_thread, &j) != 0) _exit(2);
    // The first program of all is one swap, each of these another.
    for (uint64_t i = 0; second && i < 5; i++) {
        if (i > 0 && load(engine, i % 2 ? second : patch) != MEGA_OK) _exit(3);
        while (mega_counters_get(engine).programs_swapped <= i && !result->finished)
            wait_a_little();
    }
    result->swaps = mega_counters_get(engine).programs_swapped;
    result->stop = 1;
    while (!result->finished) wait_a_little();
    _exit(0);
}

/// @return the exit status of the playing process; negative: the signal that ended it
static int play_apart(const char *text, const char *other, uint64_t seed, void (*misbehave)(void)) {
    memset(result, 0, sizeof *result);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) play_process(text, other, seed, misbehave);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool clean(const char *name) {
    for (int i = 0; i < result->noted_count && i < NOTED_MAX; i++)
        print_error("%s: the playing thread called %s\n", name, result->noted[i]);
    if (result->trapped)
        print_error("%s: the playing thread made system call %d\n", name, result->trapped - 1);
    if (!isfinite(result->peak)) print_error("%s: the output reached %g\n", name, result->peak);
    return !result->noted_count && !result->trapped && isfinite(result->peak);
}

static char *read_file(const char *folder, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

// ---- tests
// -------------------------------------------------------------------------------------------

static void make_system_call(void) { syscall(SYS_getppid); }
#ifndef SANITIZED
static void make_allocation(void) {
    void *volatile p = malloc(24);
    (void)p;
}
#endif

static void the_nets_catch(void **state) {
    (void)state;
    char *toy = read_file(SOURCE_DIR "/examples", "toy.json");
    assert_int_equal(play_apart(toy, NULL, 1, make_system_call), 0);
    if (result->no_seccomp)
        print_message("SKIP: no seccomp here; system calls are watched at libc's functions only\n");
    else assert_int_equal(result->trapped, SYS_getppid + 1);
#ifdef SANITIZED
    print_message(
        "SKIP: sanitizers own malloc; allocations and locks are not watched in this build\n");
#else
    assert_int_equal(play_apart(toy, NULL, 1, make_allocation), 0);
    assert_true(result->noted_count > 0);
    assert_string_equal(result->noted[0], "malloc");
#endif
    free(toy);
}

static void examples_play(void **state) {
    (void)state;
    char *keys = read_file(SOURCE_DIR "/examples", "keys.json");
    DIR *folder = opendir(SOURCE_DIR "/examples");
    assert_non_null(folder);
    int bad = 0, played = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0) continue;
        char *text = read_file(SOURCE_DIR "/examples", entry->d_name);
        mega_patch *patch = read_patch(text, false);
        if (!patch) {
            print_message("%s is not a patch that plays yet, or a score\n", entry->d_name);
        } else {
            for (uint64_t seed = 0; seed < 4; seed++) {
                bad += play_apart(text, keys, seed, NULL) != 0 || !clean(entry->d_name);
                bad += result->swaps < 5;
            }
            print_message("%s: %llu events, %llu programs swapped, peak %.3g\n", entry->d_name,
                          (unsigned long long)result->events, (unsigned long long)result->swaps,
                          result->peak);
            played++;
        }
        mega_patch_destroy(patch);
        free(text);
    }
    closedir(folder);
    free(keys);
    assert_true(played >= 3);
    assert_int_equal(bad, 0);
}

static void random_patches_play(void **state) {
    (void)state;
    int bad = 0;
    uint64_t events = 0, refused = 0;
    for (uint64_t seed = 0; seed < RANDOM_PATCHES; seed++) {
        char name[32];
        snprintf(name, sizeof name, "random patch %d", (int)seed);
        char *text = random_patch(seed, 0),
             *other = seed % 4 ? NULL : random_patch(seed + 100000, 0);
        int status = play_apart(text, other, seed, NULL);
        if (status != 0) print_error("%s: exit status %d\n", name, status);
        bad += status != 0 || !clean(name);
        events += result->events;
        refused += result->refused;
        free(text);
        free(other);
    }
    print_message("%d random patches, %llu events (%llu found the ring full)\n", RANDOM_PATCHES,
                  (unsigned long long)events, (unsigned long long)refused);
    assert_int_equal(bad, 0);
}

int main(void) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    print_message("SKIP: the thread sanitizer itself makes system calls on every thread\n");
    return 0;
#endif
#endif
    result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(result != MAP_FAILED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nets_catch),
        cmocka_unit_test(examples_play),
        cmocka_unit_test(random_patches_play),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
