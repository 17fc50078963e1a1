// SPDX-License-Identifier: MIT
// ring -- a wait-free ring of items with one producer and one consumer: between the roles, and from
// any thread that may not wait to one that may.
#ifndef MEGA_RING_H
#define MEGA_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// `count` is a power of two. Positions only grow.
typedef struct {
    _Alignas(64) _Atomic uint32_t written;
    _Alignas(64) _Atomic uint32_t read;
    char *items;
    uint32_t count, item_bytes;
} mega_ring;

/// @return false without memory
bool mega_ring_init(mega_ring *ring, uint32_t count, uint32_t item_bytes);
void mega_ring_finish(mega_ring *ring);
/// Empties it, with nobody at either end.
void mega_ring_clear(mega_ring *ring);
/// @return false if the ring is full
bool mega_ring_push(mega_ring *ring, const void *item);
/// For the producer: how many more it takes; grows until the next push.
uint32_t mega_ring_room(const mega_ring *ring);
/// @return false if the ring is empty
bool mega_ring_pop(mega_ring *ring, void *item);

#endif
