// SPDX-License-Identifier: MIT
// settings -- what --set says: values of knobs and parameters, before there is any sound.
#ifndef SETTINGS_H
#define SETTINGS_H

#include "cli.h"

enum { SETTINGS_MAX = 1024 }; ///< as many as a patch can have knobs
#define SETTINGS_DOC "set a knob (cutoff=0.7, 0..1) or a parameter (filt.freq=500); repeatable"

typedef struct {
    const char *node; ///< NULL: a knob
    const char *name; ///< of the knob or parameter
    const char *word; ///< the value: a number, or the name of a choice
    double number;    ///< where it is one
    bool is_number;
} setting;

/// All zero is none.
typedef struct {
    setting all[SETTINGS_MAX];
    size_t count;
} settings;

/// Takes "cutoff=0.7" or "filt.freq=500", which it parts in place. @return false after a message
bool settings_add(const cli_command *command, settings *s, char *text);
/// Puts them into a patch, which may become another. @return an exit code, after a message
int settings_apply(const cli_command *command, const settings *s, mega_patch **patch);

#endif
