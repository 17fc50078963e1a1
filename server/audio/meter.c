// SPDX-License-Identifier: MIT
// meter -- see meter.h.
#include "audio/meter.h"

#define MEAN_SECONDS 1.0

void meter_add(meter *m, uint32_t frames, double rate, int64_t ns) {
    double seconds = frames / rate, load = (double)ns * 1e-9 / seconds;
    m->mean += (load - m->mean) * (seconds / (seconds + MEAN_SECONDS));
    uint32_t millionths = load < 4000 ? (uint32_t)(load * 1e6) : 4000000000u;
    atomic_store_explicit(&m->mean_millionths, (uint32_t)(m->mean * 1e6), memory_order_relaxed);
    if (millionths > atomic_load_explicit(&m->peak_millionths, memory_order_relaxed))
        atomic_store_explicit(&m->peak_millionths, millionths, memory_order_relaxed);
    if (load > 1) atomic_fetch_add_explicit(&m->late, 1, memory_order_relaxed);
    atomic_store_explicit(&m->call_frames, frames, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->calls, 1, memory_order_relaxed);
}

double meter_take_peak(meter *m) {
    return atomic_exchange_explicit(&m->peak_millionths, 0, memory_order_relaxed) * 1e-6;
}
