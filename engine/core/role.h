// SPDX-License-Identifier: MIT
// role -- in checked builds, asserts that each role of an engine has one caller at a time.
//
// MEGA_IN_CONTROL(engine), _EVENT and _AUDIO at the start of a public function hold the role until
// it returns. A thread that holds a role may take it again, since public functions call each other;
// while it renders it may take no other.
#ifndef MEGA_ROLE_H
#define MEGA_ROLE_H

#include <stdatomic.h>
#include <stdint.h>

typedef enum { MEGA_ROLE_CONTROL, MEGA_ROLE_EVENT, MEGA_ROLE_AUDIO, MEGA_ROLE_COUNT } mega_role;

/// Who holds a role of one engine, and how often.
typedef struct {
    _Atomic uintptr_t thread; ///< 0: nobody
    uint32_t depth;           ///< of the thread that holds it
} mega_role_holder;

#ifdef MEGASYNTH_CHECKED

typedef struct {
    mega_role_holder *holder;
    mega_role role;
} mega_role_hold;

mega_role_hold mega_role_enter(mega_role_holder *holders, mega_role role);
void mega_role_leave(mega_role_hold *hold);

#define MEGA_IN_ROLE(engine, role)                                                                 \
    __attribute__((cleanup(mega_role_leave))) mega_role_hold mega_role_held =                      \
        mega_role_enter((engine)->roles, role);                                                    \
    (void)mega_role_held
#else
#define MEGA_IN_ROLE(engine, role) (void)(engine)
#endif

#define MEGA_IN_CONTROL(engine) MEGA_IN_ROLE(engine, MEGA_ROLE_CONTROL)
#define MEGA_IN_EVENT(engine) MEGA_IN_ROLE(engine, MEGA_ROLE_EVENT)
#define MEGA_IN_AUDIO(engine) MEGA_IN_ROLE(engine, MEGA_ROLE_AUDIO)

#endif
