// SPDX-License-Identifier: MIT
// ring -- a wait-free ring of items; see ring.h.
#include "core/ring.h"

#include <string.h>

#include "core/memory.h"

bool mega_ring_init(mega_ring *ring, uint32_t count, uint32_t item_bytes) {
    atomic_init(&ring->written, 0);
    atomic_init(&ring->read, 0);
    ring->count = count;
    ring->item_bytes = item_bytes;
    ring->items = mega_calloc_touched(count, item_bytes);
    return ring->items != NULL;
}

void mega_ring_finish(mega_ring *ring) {
    free(ring->items);
    ring->items = NULL;
}

void mega_ring_clear(mega_ring *ring) {
    atomic_store(&ring->read, 0);
    atomic_store(&ring->written, 0);
}

bool mega_ring_push(mega_ring *ring, const void *item) {
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    if (written - read == ring->count) return false;
    memcpy(ring->items + (size_t)(written & (ring->count - 1)) * ring->item_bytes, item,
           ring->item_bytes);
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

uint32_t mega_ring_room(const mega_ring *ring) {
    return ring->count - (atomic_load_explicit(&ring->written, memory_order_relaxed) -
                          atomic_load_explicit(&ring->read, memory_order_acquire));
}

bool mega_ring_pop(mega_ring *ring, void *item) {
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (written == read) return false;
    memcpy(item, ring->items + (size_t)(read & (ring->count - 1)) * ring->item_bytes,
           ring->item_bytes);
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}
