// SPDX-License-Identifier: MIT
// options -- the command line of megasynthd.
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "audio/audio.h"
#include "base/log.h"

typedef struct options {
    const char *name;
    unsigned port;
    const char *socket_path; ///< NULL: none
    const char *listen, *token_file, *root, *patch_file, *trace_file, *calls_folder, *state_file;
    bool state_named; ///< by --state, not the usual place
    char runtime_dir[256];
    audio_options audio;
    size_t memory_bytes_max; ///< of each synth; 0: the engine's default
    bool trust_local, watch, resume, exit_with_parent, lock_memory, log_json;
    int ready_fd;
    log_level log_level;
    enum { MODE_SERVE, MODE_DEVICES, MODE_PRINT_PROTOCOL } mode;
    char room[3][256], root_room[256]; ///< of paths that follow from others
} options;

/// @return true to go on; else *exit_code is set, and everything is said
bool options_read(options *o, int argc, char **argv, int *exit_code);

#endif
