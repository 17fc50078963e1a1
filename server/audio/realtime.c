// SPDX-License-Identifier: MIT
// realtime -- priority, locked memory, and what this process may have of them; see realtime.h and
// audio.h.
#include "audio/realtime.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

void realtime_flush_denormals(void) {
#if defined(__SSE__)
    _mm_setcsr(_mm_getcsr() | 0x8040); // FTZ and DAZ
#elif defined(__aarch64__)
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | (UINT64_C(1) << 24)));
#endif
}

static bool take(int priority) {
    struct sched_param parameters = {.sched_priority = priority};
    return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0;
}

static int priority_limit(void) {
#ifdef RLIMIT_RTPRIO
    struct rlimit limit;
    if (getrlimit(RLIMIT_RTPRIO, &limit) == 0 && limit.rlim_cur <= 99) return (int)limit.rlim_cur;
#endif
    return 99;
}

audio_realtime realtime_take(int *priority) {
    struct sched_param parameters;
    int policy;
    if (pthread_getschedparam(pthread_self(), &policy, &parameters) == 0 &&
        (policy == SCHED_FIFO || policy == SCHED_RR)) {
        *priority = parameters.sched_priority;
        return REALTIME_TAKEN;
    }
    *priority = REALTIME_PRIORITY;
    if (take(*priority)) return REALTIME_TAKEN; // root, too, whatever its limit
    *priority = priority_limit();
    if (*priority > 0 && *priority < REALTIME_PRIORITY && take(*priority)) return REALTIME_TAKEN;
    *priority = 0;
    return REALTIME_REFUSED;
}

bool audio_lock_memory(char cause[AUDIO_CAUSE_BYTES]) {
#ifdef MCL_ONFAULT
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) return true;
    snprintf(cause, AUDIO_CAUSE_BYTES,
             "memory is not locked (%s): sound may stop briefly when memory is short; raise "
             "`ulimit -l`",
             strerror(errno));
#else
    snprintf(cause, AUDIO_CAUSE_BYTES, "memory is not locked: this system does not support it");
#endif
    return false;
}

static bool in_audio_group(void) {
    struct group *group = getgrnam("audio");
    gid_t groups[256];
    int count = group ? getgroups(256, groups) : 0;
    for (int i = 0; i < count; i++)
        if (groups[i] == group->gr_gid) return true;
    return group && getegid() == group->gr_gid;
}

// Tried on a thread of its own, since what the limits say is not all that counts (root,
// capabilities, cgroups).
static void *try_priority(void *priority) {
    realtime_take(priority);
    return NULL;
}

audio_rights audio_rights_get(void) {
    audio_rights rights = {.lock_bytes_max = UINT64_MAX, .in_audio_group = in_audio_group()};
    pthread_t thread;
    if (pthread_create(&thread, NULL, try_priority, &rights.priority_max) == 0)
        pthread_join(thread, NULL);
    struct rlimit limit;
    if (geteuid() != 0 && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        rights.lock_bytes_max = limit.rlim_cur;
    if (rights.priority_max == 0)
        snprintf(rights.advice, sizeof rights.advice, "no real-time priority: %s",
                 rights.in_audio_group
                     ? "give the group audio `rtprio 95` and `memlock unlimited` in "
                       "/etc/security/limits.d/audio.conf (Debian: dpkg-reconfigure jackd2), then "
                       "log in again"
                     : "join the group audio (adduser NAME audio), then log in again");
    return rights;
}
