// SPDX-License-Identifier: MIT
// patch_names -- what a sequence may name in a patch: its knobs and parameters.
#ifndef MEGA_PATCH_NAMES_H
#define MEGA_PATCH_NAMES_H

#include <stdbool.h>

#include "megasynth.h"

/// Whether notes are heard: there is a node of type `note`.
bool mega_patch_has_notes(const mega_patch *patch);

typedef struct {
    const mega_patch *patch; ///< where names are looked up; may change at any time
} mega_patch_names;

/// @param why receives what to say of it if not
bool mega_patch_has_knob(const mega_patch_names *names, const char *knob, char why[200]);
/// The same of a preset.
bool mega_patch_has_preset(const mega_patch_names *names, const char *preset, char why[200]);
/// Whether single notes can have values of a node's parameters: not where it is shared.
bool mega_patch_is_per_voice(const mega_patch_names *names, const char *node, char why[200]);
/// The description of a parameter. @return false with what to say
bool mega_patch_param(const mega_patch_names *names, const char *node, const char *port,
                      mega_param_info *param, char why[200]);
/// Turns the name of a choice into its value, and checks the range. @param choice NULL: `value` is
/// given
bool mega_param_takes(const mega_param_info *param, const char *choice, double *value,
                      char why[200]);
/// How long the patch's shared part may hold sound back in its delay lines: silence shorter than
/// that is no end.
double mega_longest_delay_seconds(const mega_patch_names *names);

#endif
