// SPDX-License-Identifier: MIT
// wall_clock -- time tags onto the monotonic clock; see clock.h.
#include <stdlib.h>
#include <time.h>

#include "audio/clock.h"

#define NTP_OF_UNIX INT64_C(2208988800) // seconds from 1900 to 1970
#define SECOND INT64_C(1000000000)
#define STEP_NS (SECOND / 2)            // a difference of more is a step of the wall clock
#define SLEW_PER_SECOND INT64_C(500000) // ns: the most that a disciplined clock is turned

static int64_t wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

void wall_clock_init(wall_clock *w) {
    int64_t now = clock_mono_ns();
    *w = (wall_clock){.offset_ns = wall_ns() - now, .updated_ns = now};
}

void wall_clock_update_at(wall_clock *w, int64_t mono_ns, int64_t wall) {
    int64_t measured = wall - mono_ns, error = measured - w->offset_ns;
    int64_t elapsed = mono_ns - w->updated_ns;
    w->updated_ns = mono_ns;
    if (llabs(error) > STEP_NS) {
        w->stepped_ns = measured;
        return;
    }
    w->stepped_ns = 0; // it has come back, or was never gone
    if (elapsed < 0) elapsed = 0;
    int64_t most =
        elapsed > 100 * SECOND ? 100 * SLEW_PER_SECOND : elapsed * SLEW_PER_SECOND / SECOND;
    w->offset_ns += error > most ? most : error < -most ? -most : error;
}

void wall_clock_update(wall_clock *w) {
    int64_t before = clock_mono_ns(), wall = wall_ns(), after = clock_mono_ns();
    if (after - before > SECOND / 1000) return; // interrupted between the two: the next will do
    wall_clock_update_at(w, before + (after - before) / 2, wall);
}

// 32.32 seconds since 1900, which pass 2^32 in 2036: then the top bit is clear (RFC 4330, section
// 3).
static int64_t unix_ns(uint64_t ntp) {
    int64_t seconds = (int64_t)(ntp >> 32) - NTP_OF_UNIX;
    if (!(ntp >> 63)) seconds += INT64_C(1) << 32;
    return seconds * SECOND + (int64_t)(((ntp & UINT32_MAX) * (uint64_t)SECOND + (1u << 31)) >> 32);
}

int64_t wall_clock_mono_of_ntp(const wall_clock *w, uint64_t ntp, int64_t now_mono_ns) {
    int64_t wall = unix_ns(ntp), kept = wall - w->offset_ns;
    if (!w->stepped_ns) return kept;
    int64_t stepped = wall - w->stepped_ns;
    return llabs(stepped - now_mono_ns) < llabs(kept - now_mono_ns) ? stepped : kept;
}

uint64_t wall_clock_ntp_of_mono(const wall_clock *w, int64_t mono_ns) {
    int64_t wall = mono_ns + w->offset_ns;
    int64_t seconds = wall / SECOND, rest = wall % SECOND;
    if (rest < 0) seconds--, rest += SECOND;
    uint64_t fraction = (((uint64_t)rest << 32) + SECOND / 2) / (uint64_t)SECOND;
    return ((uint64_t)(seconds + NTP_OF_UNIX) << 32) + fraction;
}
