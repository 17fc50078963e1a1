// SPDX-License-Identifier: MIT
// server -- what the parts of the server share. Three threads: the loop (libuv: sockets, timers,
// the perform queue; the engines' EVENT caller), the build worker (their CONTROL caller),
// and the sound device's (AUDIO).
#ifndef SERVER_H
#define SERVER_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/now.h"
#include "base/options.h"
#include "protocol/bounds.h"

typedef struct session session;
typedef struct task task;
typedef struct synth synth;
typedef struct builder builder;
typedef struct mixer mixer;
typedef struct net net;
typedef struct host host;
typedef struct sound sound;
typedef struct buses buses;
typedef struct taps taps;
typedef struct recordings recordings;

/// Highest load (1: all of the time there is) and loudest sample.
typedef struct {
    double load;
    float level;
} peaks;
enum { PEAK_SLOTS = 10 }; // of 100 ms

typedef struct server {
    uv_loop_t loop;
    const options *options;
    uint64_t started_ns; ///< monotonic
    builder *builder;
    /// For those who know no requests: `work` on the builder, then `landed` on the loop, which
    /// comes in any case. @return false without memory: neither happens
    bool (*on_builder)(struct server *s, void (*work)(void *context), void (*landed)(void *context),
                       void *context);
    mixer *mixer;
    sound *sound;
    buses *buses;
    taps *taps;
    struct midi *midi;
    recordings *recordings;
    json_t *maps; ///< OSC address, or "cc:channel:number" -> {synth, name, min, max}
    net *net;
    host *host;
    json_t *modules; ///< name -> description; read-only after start
    uint64_t modules_hash;
    const struct session_handler *handler; ///< of what clients send
    session *sessions;                     ///< all, newest first
    uint32_t session_count;
    uint64_t sessions_made;
    size_t waiting_bytes; ///< of packets of all sessions
    task *syncs;          ///< those that wait to be drained and applied
    synth *synths;        ///< `main` first
    uint32_t synth_count;
    synth *built[limit_synths_max]; ///< those with an engine; the builder's
    uint32_t built_count;
    uv_timer_t tick_timer, sync_timer;
    struct {
        peaks slots[PEAK_SLOTS];
        uint32_t at;
    } recent;           ///< peaks of the last second: see synths/peaks.h
    bool state_changed; ///< since it was written last
    bool quitting;
    int exit_code;
    struct { ///< counted since start, for /status
        uint64_t packets, commands, failures, failures_unsaid, late, cut;
    } tally;
} server;

#endif
