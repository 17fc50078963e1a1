// SPDX-License-Identifier: MIT
// choices -- which choices of a module crossfade, and the record that a node keeps of them behind
// its own state. The compiler makes room for it, render/choice_fades.h fades by it.
#ifndef MEGA_CHOICES_H
#define MEGA_CHOICES_H

#include "core/module.h"

enum {
    MEGA_CHOICES_MAX = 4,    ///< of one module, that crossfade: room in a call
    MEGA_CHOICE_FADE_MS = 3, ///< a change of a choice: as long as an edit's fade
};

/// What a lane keeps for each choice, behind one field for the frames of its fade that have passed.
enum {
    MEGA_CHOICE_SEEN, ///< the port's value, sealed, if it stood still and that choice is in force
    MEGA_CHOICE_HELD, ///< the choice in force + 1; 0 in a fresh lane
    MEGA_CHOICE_FROM, ///< the choice that fades out
    MEGA_CHOICE_FIELDS,
};

/// The module's ports that crossfade, as bits.
uint64_t mega_choices_ports(const mega_module *module);
/// Fields of the record for so many ports: all zero is a fresh one.
uint32_t mega_choices_record_fields(uint64_t ports);
/// Fields of state that a node of it has behind the module's own: the record, and a second copy of
/// the state.
uint32_t mega_choices_fields(const mega_module *module);

#endif
