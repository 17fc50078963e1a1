// SPDX-License-Identifier: MIT
// names -- what a sequence may name in a patch: its knobs and parameters.
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>

#include "megasynth.h"

/// Whether notes are heard: there is a node of type `note`.
bool patch_has_notes(const mega_patch *patch);

typedef struct {
    const mega_patch *patch; ///< where names are looked up; may change at any time
} patch_names;

/// @param why receives what to say of it if not
bool patch_has_knob(const patch_names *names, const char *knob, char why[200]);
/// The same of a preset.
bool patch_has_preset(const patch_names *names, const char *preset, char why[200]);
/// Whether single notes can have values of a node's parameters: not where it is shared.
bool patch_is_per_voice(const patch_names *names, const char *node, char why[200]);
/// The description of a parameter. @return false with what to say
bool patch_param(const patch_names *names, const char *node, const char *port,
                 mega_param_info *param, char why[200]);
/// Turns the name of a choice into its value, and checks the range. @param choice NULL: `value` is
/// given
bool param_takes(const mega_param_info *param, const char *choice, double *value, char why[200]);
/// How long the patch's shared part may hold sound back in its delay lines: silence shorter than
/// that is no end.
double longest_delay_seconds(const patch_names *names);

#endif
