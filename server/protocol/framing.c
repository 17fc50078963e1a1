// SPDX-License-Identifier: MIT
#include "protocol/framing.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/bounds.h"

enum {
    END = 0xC0,
    ESC = 0xDB,
    ESC_END = 0xDC,
    ESC_ESC = 0xDD,
    FRAME_ROOM_MIN = 512,
    FRAME_ROOM_KEPT = 4096
};

static bool grow(framing *f, size_t wanted) {
    if (wanted <= f->room) return true;
    size_t room = f->room ? f->room : FRAME_ROOM_MIN;
    while (room < wanted) room *= 2;
    uint8_t *more = realloc(f->frame, room);
    if (!more) return false;
    f->frame = more;
    f->room = room;
    return true;
}

/// A long frame's memory is not kept for the short ones after it.
static void begin_frame(framing *f) {
    f->used = 0;
    f->header_used = 0;
    f->spoilt = f->escaped = false;
    if (f->room <= FRAME_ROOM_KEPT) return;
    free(f->frame);
    f->frame = NULL;
    f->room = 0;
}

/// The first packet's first byte tells whether it can be OSC. @return false if it cannot
static bool know(framing *f, uint8_t first, framing_take *take, void *context) {
    if (f->known) return true;
    f->known = framing_may_begin(first);
    if (!f->known) take(context, FRAMING_STRANGER, NULL, 0);
    return f->known;
}

/// Keeps what is left for later, if `take` wants that. @return whether it does
static bool pauses(framing *f, const uint8_t *at, const uint8_t *end) {
    if (!f->pause) return false;
    f->pause = false;
    f->unread = (size_t)(end - at);
    return true;
}

// ---- length before each -----------------------------------------------------------------------

static bool read_header(framing *f, const uint8_t **at, const uint8_t *end, framing_take *take,
                        void *context) {
    while (f->header_used < 4 && *at < end) f->header[f->header_used++] = *(*at)++;
    if (f->header_used < 4) return true;
    f->wanted = (size_t)f->header[0] << 24 | (size_t)f->header[1] << 16 |
                (size_t)f->header[2] << 8 | f->header[3];
    if (!f->known && f->wanted > f->max) return take(context, FRAMING_STRANGER, NULL, 0) && false;
    if (f->wanted > limit_skip_bytes_max) {
        take(context, FRAMING_LOST, NULL, f->wanted);
        return false;
    }
    if (f->wanted > f->max) {
        f->skip = f->wanted;
        begin_frame(f);
        return take(context, FRAMING_TOO_BIG, NULL, f->skip);
    }
    if (f->wanted == 0) begin_frame(f);
    return true;
}

/// Memory grows with what has come, not with what was announced.
static bool feed_length(framing *f, const uint8_t *at, const uint8_t *end, framing_take *take,
                        void *context) {
    while (at < end) {
        if (f->skip) {
            size_t some = (size_t)(end - at) < f->skip ? (size_t)(end - at) : f->skip;
            at += some;
            f->skip -= some;
            continue;
        }
        if (f->header_used < 4) {
            if (!read_header(f, &at, end, take, context)) return false;
            continue;
        }
        if (!know(f, *at, take, context)) return false;
        size_t some = f->wanted - f->used;
        if (some > (size_t)(end - at)) some = (size_t)(end - at);
        if (!grow(f, f->used + some)) return take(context, FRAMING_MEMORY, NULL, 0) && false;
        memcpy(f->frame + f->used, at, some);
        f->used += some;
        at += some;
        if (f->used < f->wanted) continue;
        if (!take(context, FRAMING_OK, f->frame, f->used)) return false;
        begin_frame(f);
        if (pauses(f, at, end)) return true;
    }
    return true;
}

// ---- SLIP -------------------------------------------------------------------------------------

static bool end_slip(framing *f, framing_take *take, void *context) {
    bool on = true;
    if (f->spoilt) on = take(context, f->used > f->max ? FRAMING_TOO_BIG : FRAMING_BAD, NULL, 0);
    else if (f->escaped) on = take(context, FRAMING_BAD, NULL, 0);
    else if (f->used) on = take(context, FRAMING_OK, f->frame, f->used);
    begin_frame(f);
    return on;
}

static bool feed_slip(framing *f, const uint8_t *at, const uint8_t *end, framing_take *take,
                      void *context) {
    for (; at < end; at++) {
        uint8_t byte = *at;
        if (byte == END) {
            if (!end_slip(f, take, context)) return false;
            if (pauses(f, at + 1, end)) return true;
            continue;
        }
        if (!know(f, byte, take, context)) return false;
        if (f->spoilt) continue;
        if (f->escaped) {
            f->escaped = false;
            if (byte != ESC_END && byte != ESC_ESC) {
                f->spoilt = true;
                continue;
            }
            byte = byte == ESC_END ? END : ESC;
        } else if (byte == ESC) {
            f->escaped = true;
            continue;
        }
        if (f->used == f->max) {
            f->used++; // over it: tells end_slip why
            f->spoilt = true;
            continue;
        }
        if (!grow(f, f->used + 1)) return take(context, FRAMING_MEMORY, NULL, 0) && false;
        f->frame[f->used++] = byte;
    }
    return true;
}

// ---- both -------------------------------------------------------------------------------------

bool framing_feed(framing *f, const uint8_t *bytes, size_t count, framing_take *take,
                  void *context) {
    if (count == 0) return true;
    f->unread = 0;
    if (f->kind == FRAMING_UNKNOWN) {
        bool length = bytes[0] <= f->max >> 24;
        if (bytes[0] != END && !length) return take(context, FRAMING_STRANGER, NULL, 0) && false;
        f->kind = length ? FRAMING_LENGTH : FRAMING_SLIP;
    }
    return f->kind == FRAMING_SLIP ? feed_slip(f, bytes, bytes + count, take, context)
                                   : feed_length(f, bytes, bytes + count, take, context);
}

void framing_finish(framing *f) {
    free(f->frame);
    *f = (framing){.kind = f->kind, .max = f->max, .known = f->known};
}

bool framing_is_within(const framing *f) {
    return f->used || f->header_used || f->skip || f->spoilt || f->escaped;
}

bool framing_may_begin(uint8_t byte) { return byte == '/' || byte == '#'; }

size_t framing_room(framing_kind kind, size_t bytes) {
    return kind == FRAMING_SLIP ? 2 * bytes + 2 : bytes + 4;
}

size_t framing_write(framing_kind kind, const uint8_t *packet, size_t bytes, uint8_t *to) {
    uint8_t *at = to;
    if (kind != FRAMING_SLIP) {
        for (int shift = 24; shift >= 0; shift -= 8) *at++ = (uint8_t)(bytes >> shift);
        memcpy(at, packet, bytes);
        return bytes + 4;
    }
    *at++ = END;
    for (size_t i = 0; i < bytes; i++) {
        if (packet[i] == END || packet[i] == ESC) {
            *at++ = ESC;
            *at++ = packet[i] == END ? ESC_END : ESC_ESC;
        } else {
            *at++ = packet[i];
        }
    }
    *at++ = END;
    return (size_t)(at - to);
}
