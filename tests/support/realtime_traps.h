// SPDX-License-Identifier: MIT
// realtime_traps -- catch what the EVENT and AUDIO roles must not do: allocate, lock, wait, print,
// read a clock, make a system call.
//
// A test program includes this once. It sets two traps, each for the threads that ask for it:
//   - functions that allocate, lock, wait, print or read a clock are replaced by ones that record
//     each call from a watched thread (an uncontended lock makes no system call, so the second trap
//     would miss it). Sanitizers replace the same functions, so their builds lack this trap;
//   - a seccomp filter on the thread stops every system call but the return from a signal.
#ifndef REALTIME_TRAPS_H
#define REALTIME_TRAPS_H

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "support/failing_malloc.h"

enum { TRAPS_NOTED_MAX = 8 };

/// What was caught; in memory that other processes may share.
typedef struct {
    atomic_int trapped; ///< number of the first system call + 1
    atomic_int noted_count;
    char noted[TRAPS_NOTED_MAX][32];
} traps_catch;

static traps_catch *caught;            ///< set before a thread is watched
static _Thread_local bool watched;     ///< this thread, by the replaced functions
static void (*traps_after_call)(void); ///< called on the thread that stands still; NULL: nothing

// ---- the replaced functions -------------------------------------------------------------------

#ifndef SANITIZED
static void note_call(const char *name) {
    if (!watched) return;
    int i = caught->noted_count++;
    if (i < TRAPS_NOTED_MAX)
        for (size_t k = 0; k + 1 < sizeof caught->noted[i] && name[k]; k++)
            caught->noted[i][k] = name[k];
}

#pragma GCC visibility push(default) // libraries' calls are to come here too
// Example: WATCH(int, close, (int fd), (fd))
// Becomes: int close(int fd) { static int (*next)(int); note_call("close"); ... return next(fd); }
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
WATCH(int, gettimeofday, (struct timeval * t, void *zone), (t, zone))
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

// ---- the filter of system calls ---------------------------------------------------------------

/// A system call was refused: leave its number, and stand still until the process ends.
static void on_trap(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number, (void)context;
    int none = 0;
    atomic_compare_exchange_strong(&caught->trapped, &none, info->si_syscall + 1);
    if (traps_after_call) traps_after_call();
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

/// From here on the calling thread is watched. @return false where the system has no seccomp
static inline bool traps_set(void) {
    bool trapping = refuse_system_calls();
#ifndef SANITIZED
    memory_watch = note_call;
#endif
    watched = true;
    return trapping;
}

/// Prints what was caught. @return true if nothing was
static inline bool traps_are_empty(const char *name) {
    for (int i = 0; i < caught->noted_count && i < TRAPS_NOTED_MAX; i++)
        fprintf(stderr, "%s: a watched thread called %s\n", name, caught->noted[i]);
    if (caught->trapped)
        fprintf(stderr, "%s: a watched thread made system call %d\n", name, caught->trapped - 1);
    return !caught->noted_count && !caught->trapped;
}

#endif
