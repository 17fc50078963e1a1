// SPDX-License-Identifier: MIT
// choices -- which choices of a module crossfade; see choices.h.
#include "core/choices.h"

uint64_t mega_choices_ports(const mega_module *m) {
    uint64_t ports = 0;
    if (m->op != MEGA_OP_CALL || m->flags & MEGA_INNER_LANES) return 0;
    for (uint32_t i = 0; i < m->param_count; i++)
        if (m->params[i].choices && !m->params[i].at_events && !m->params[i].no_fade)
            ports |= UINT64_C(1) << (m->input_count + i);
    return ports;
}

uint32_t mega_choices_record_fields(uint64_t ports) {
    return ports ? 1 + MEGA_CHOICE_FIELDS * (uint32_t)__builtin_popcountll(ports) : 0;
}

uint32_t mega_choices_fields(const mega_module *m) {
    uint64_t ports = mega_choices_ports(m);
    return ports ? mega_choices_record_fields(ports) + m->state_fields : 0;
}
