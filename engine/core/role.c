// SPDX-License-Identifier: MIT
// role -- the run-time check of the roles; see role.h.
#include "core/role.h"

#ifdef MEGASYNTH_CHECKED

#include <assert.h>
#include <stdbool.h>

static _Thread_local bool renders; ///< its address tells threads apart

mega_role_hold mega_role_enter(mega_role_holder *holders, mega_role role) {
    mega_role_holder *holder = &holders[role];
    uintptr_t me = (uintptr_t)&renders;
    if (holder->thread != me) {
        assert(!renders && "called while this thread renders: not for the audio role");
        uintptr_t nobody = 0;
        bool free = atomic_compare_exchange_strong(&holder->thread, &nobody, me);
        assert(free && "two callers of one role at a time: see megasynth.h");
        (void)free;
    }
    holder->depth++;
    if (role == MEGA_ROLE_AUDIO) renders = true;
    return (mega_role_hold){holder, role};
}

void mega_role_leave(mega_role_hold *hold) {
    if (hold->role == MEGA_ROLE_AUDIO) renders = false;
    if (--hold->holder->depth == 0) atomic_store(&hold->holder->thread, 0);
}

#else
typedef int mega_role_unchecked; // a file must hold something
#endif
