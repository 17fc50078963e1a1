// SPDX-License-Identifier: MIT
// load -- patches become programs, with those that fade to them; CONTROL.
#ifndef MEGA_LOAD_H
#define MEGA_LOAD_H

#include "session/schedule.h"

/// The program of `patch`, and those that fade from `base` to it. @return NULL on an error
/// @param from of `base`: its patch, and the fades that are under way in it
mega_program *mega_load_compile(mega_engine *e, const mega_patch *patch, const mega_program *base,
                                const mega_transition_from *from, const mega_scheduled *how,
                                mega_report *report, mega_status *status);
/// Destroys a program and those that lead to it.
void mega_change_destroy(mega_program *program);
/// The same document again, compiled for what else has changed.
mega_status mega_load_again(mega_engine *e, mega_report *report);

#endif
