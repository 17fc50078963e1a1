// SPDX-License-Identifier: MIT
// line_effect -- an effect with delay lines, said in stages: its tick, and `solo`, where a lane
// alone has its frames side by side. A template, included by a module's file after its stages.
//
// What such an effect reads lies frames back; only a little of it hangs on the frame before. The
// file declares `state`, whose first field is `ilanes at` (the frames written so far: see
// line_advance), `coefs`, `heard`, all three nothing but fields of one vector, `prepare`, and
//     glide(state *, const coefs *, mask fresh)  what moves by itself, a frame on
//     turn(state *, const coefs *, ilanes n)     what is counted in whole numbers, `n` frames on
//     nearest(const state *, const coefs *)      how many frames back it reads, at least
//     listen(const state *, const coefs *, const lines *, heard *, lanes *back)  reads its lines
//     absorb(state *, const coefs *, lanes *back)
//                                  filters what goes back, a frame on; only with LINE_EFFECT_ABSORB
//     mix(const coefs *, const lanes *in, const heard *, const lanes *back, lanes *out, lanes *put)
// In `solo`, `listen` and `mix` take a vector of frames at once wherever it reads further back than
// a vector is long; `glide` (unless it stands) and `absorb` go frame by frame, as they must.

#ifdef LINE_EFFECT_ABSORB
enum { ABSORBS = 1 };
#else
enum { ABSORBS = 0 };
MEGA_INLINE void absorb(state *s, const coefs *c, lanes *back) { (void)s, (void)c, (void)back; }
#endif
enum { INS = COUNT_OF(inputs), PARAM_COUNT = COUNT_OF(params), OUTS = COUNT_OF(outputs) };

static inline void tick(state *s, const coefs *c, const lanes *in, lanes *out,
                        const lines *memory) {
    heard h;
    lanes back[LINES], put[LINES];
    glide(s, c, ieq(s->at, isplat(0)));
    listen(s, c, memory, &h, back);
    absorb(s, c, back);
    mix(c, in, &h, back, out, put);
    for (uint32_t i = 0; i < LINES; i++) line_write(memory, i, s->at, put[i]);
    turn(s, c, isplat(1));
    s->at = line_advance(s->at);
}

// ---- frames of fields -------------------------------------------------------------------------

MEGA_INLINE ilanes field_of(const void *fields, size_t at) {
    ilanes v;
    memcpy(&v, (const char *)fields + at, sizeof v);
    return v;
}
#define FIELDS(at, fields) for (size_t at = 0; at < sizeof(fields); at += sizeof(lanes))

/// Frame `i` of all fields, in all lanes.
#define TAKE_FRAME(to, from, i)                                                                    \
    FIELDS(field_at, from) {                                                                       \
        int32_t bits;                                                                              \
        memcpy(&bits, (const char *)&(from) + field_at + (i) * sizeof bits, sizeof bits);          \
        ilanes all_lanes = isplat(bits);                                                           \
        memcpy((char *)&(to) + field_at, &all_lanes, sizeof all_lanes);                            \
    }
/// Makes frame `i` of all fields the first lane of `from`.
#define PUT_FRAME(to, from, i)                                                                     \
    FIELDS(field_at, from) {                                                                       \
        int32_t bits = solo_first(field_of(&(from), field_at));                                    \
        memcpy((char *)&(to) + field_at + (i) * sizeof bits, &bits, sizeof bits);                  \
    }

MEGA_INLINE state solo_load(const mega_call *c) {
    state s;
    FIELDS(at, s) {
        int32_t bits;
        memcpy(&bits, c->state + at / sizeof(lanes) * c->state_stride, sizeof bits);
        ilanes field = isplat(bits);
        memcpy((char *)&s + at, &field, sizeof field);
    }
    return s;
}
/// Nothing is kept if the last frame is not finite: see state_mend.
MEGA_INLINE void solo_store(const state *s, const mega_call *c) {
    mask good = is_finite(splat(0));
    for (int o = 0; o < OUTS; o++)
        good = both(good, is_finite(splat(c->outputs[o][c->frames - 1])));
    FIELDS(at, *s) {
        int32_t bits = solo_first(iselect(good, field_of(s, at), isplat(0)));
        memcpy(c->state + at / sizeof(lanes) * c->state_stride, &bits, sizeof bits);
    }
}

// ---- a vector of frames -----------------------------------------------------------------------

/// Nothing glides: frames on it is what it is, but for what is counted.
MEGA_INLINE bool stands(const state *s, const coefs *k) {
    if (solo_first(s->at) >= LINE_WRAP - MEGA_SEGMENT_FRAMES) return false;
    state next = *s;
    glide(&next, k, ieq(s->at, isplat(0)));
    ilanes differ = isplat(0);
    FIELDS(at, next) differ = differ | (field_of(&next, at) ^ field_of(s, at));
    return all(ieq(differ, isplat(0)));
}

MEGA_INLINE void count_on(state *s, const coefs *k, ilanes n) {
    turn(s, k, n);
    s->at = iadd(s->at, n);
}

/// Moves a state that stands `count` frames on. @param v what it is in each of them
MEGA_INLINE void pass(state *s, state *v, const coefs *k, uint32_t count) {
    *v = *s;
    count_on(v, k, solo_ramp());
    count_on(s, k, isplat((int32_t)count));
}

/// The same of any state.
MEGA_INLINE void move(state *s, state *v, const coefs *k, bool moving, uint32_t count) {
    *v = *s;
    for (uint32_t i = 0; i < count; i++) {
        coefs one = *k;
        if (moving) TAKE_FRAME(one, *k, i);
        glide(s, &one, ieq(s->at, isplat(0)));
        PUT_FRAME(*v, *s, i);
        turn(s, &one, isplat(1));
        s->at = line_advance(s->at);
    }
}

/// Whether `count` frames can go side by side: none reads what one of them writes.
MEGA_INLINE bool far_enough(const state *v, const coefs *k, uint32_t count) {
    const ilanes i = solo_ramp();
    mask near = ilt(nearest(v, k), isplat(MEGA_WIDTH));
    mask apart = not_(ieq(v->at, iadd(isplat(solo_first(v->at)), i))); // counted from 2^29 again
    return !any(both(ilt(i, isplat((int32_t)count)), either(near, apart)));
}

typedef struct {
    lanes in[INS], out[OUTS];
} signals;

MEGA_INLINE void side_by_side(state *s, const state *v, const coefs *k, bool moving, uint32_t count,
                              const lines *memory, signals *x) {
    heard h;
    lanes back[LINES], put[LINES];
    const int32_t at = solo_first(v->at);
    state where = *v;
    where.at = iadd(isplat(at), solo_ramp());
    listen(&where, k, memory, &h, back);
    for (uint32_t i = 0; ABSORBS && i < count; i++) {
        coefs one = *k;
        lanes now[LINES];
        if (moving) TAKE_FRAME(one, *k, i);
        TAKE_FRAME(now, back, i);
        absorb(s, &one, now);
        PUT_FRAME(back, now, i);
    }
    mix(k, x->in, &h, back, x->out, put);
    for (uint32_t i = 0; i < LINES; i++) line_put(memory, i, at, put[i], count);
}

MEGA_INLINE void one_by_one(state *s, const state *v, const coefs *k, uint32_t count,
                            const lines *memory, signals *x) {
    signals all = *x;
    for (uint32_t i = 0; i < count; i++) {
        coefs one;
        state where;
        signals now;
        heard h;
        lanes back[LINES], put[LINES];
        TAKE_FRAME(one, *k, i);
        TAKE_FRAME(where, *v, i);
        TAKE_FRAME(now, all, i);
        listen(&where, &one, memory, &h, back);
        absorb(s, &one, back);
        mix(&one, now.in, &h, back, now.out, put);
        for (uint32_t l = 0; l < LINES; l++) line_put(memory, l, solo_first(where.at), put[l], 1);
        PUT_FRAME(*x, now, i);
    }
}

MEGA_INLINE coefs coefs_at(const mega_call *c, uint32_t t) {
    const context x = {.seconds_per_frame = c->seconds_per_frame,
                       .frames_per_second = c->frames_per_second,
                       .seed = isplat(c->seeds[0])};
    lanes param[PARAM_COUNT];
    for (size_t p = 0; p < PARAM_COUNT; p++) param[p] = solo_port(c, INS + p, t);
    return prepare(param, &x);
}

/// `moving` parameters and a state that is `settled` are constants where this is inlined: three
/// loops, and what stands is worked out before.
MEGA_INLINE void solo_frames(const mega_call *c, state *s, coefs k, bool moving, bool settled) {
    const lines memory = {c->memory, c->memory_frames, c->state_stride, true};
    state v;
    for (uint32_t t = 0; t < c->frames; t += MEGA_WIDTH) {
        const uint32_t count = c->frames - t < MEGA_WIDTH ? c->frames - t : MEGA_WIDTH;
        signals now;
        if (moving) k = coefs_at(c, t);
        for (size_t i = 0; i < INS; i++) now.in[i] = solo_port(c, i, t);
        if (settled) pass(s, &v, &k, count);
        else move(s, &v, &k, moving, count);
        if (far_enough(&v, &k, count)) side_by_side(s, &v, &k, moving, count, &memory, &now);
        else one_by_one(s, &v, &k, count, &memory, &now);
        for (int o = 0; o < OUTS; o++) store(c->outputs[o] + t, now.out[o]);
    }
}

static uint64_t solo(const mega_call *c) {
    if (MEGA_VOICES > 1) return MEGA_DECLINED; // frames are those of one voice
    state s = solo_load(c);
    const coefs k = coefs_at(c, 0);
    if (c->moving >> INS) solo_frames(c, &s, k, true, false);
    else if (stands(&s, &k)) solo_frames(c, &s, k, false, true);
    else solo_frames(c, &s, k, false, false);
    solo_store(&s, c);
    return MEGA_ALL_MOVE;
}

KERNEL(INS, PARAM_COUNT, OUTS)
