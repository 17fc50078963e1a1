// SPDX-License-Identifier: MIT
// fade -- the fades of a program's cables; see fade.h.
#include "compile/fade.h"

#include "compile/program.h"
#include "core/lanes.h"

uint32_t mega_haste_frames(float rate) {
    return (uint32_t)((float)MEGA_HASTE_MS * 0.001f * rate + 0.5f);
}

/// A raised cosine. One that begins where another was under way first goes as that went, and loses
/// this slope within MEGA_HASTE_MS: a corner would be heard.
static float part(const mega_fading *f, uint32_t at, uint32_t haste) {
    float to = f->up ? 1 : 0;
    if (at >= f->frames) return to;
    float way = 0.5f - 0.5f * vcos_turns(0.5f * (float)at / (float)f->frames);
    float value = f->from + (to - f->from) * way;
    uint32_t bent = f->frames < haste ? f->frames : haste;
    if (f->slope == 0 || at >= bent) return value;
    float s = (float)at / (float)bent;
    return value + f->slope * (float)bent * s * (1 - s) * (1 - s);
}

static mega_fading anew(const mega_fading *f, bool up, uint32_t frames, uint32_t haste) {
    mega_fading next = {.from = part(f, f->at, haste), .frames = frames, .up = up};
    if (f->at) next.slope = next.from - part(f, f->at - 1, haste);
    return next;
}

static uint32_t rest_of(const mega_fading *f) { return f->frames - f->at; }

static mega_fading follow(const mega_fade *fade, const mega_program *from, uint32_t haste) {
    if (fade->kind == MEGA_FADE_BEGINS || !from || fade->before >= from->fade_count)
        return (mega_fading){.frames = fade->frames, .up = fade->up};
    const mega_fading *before = &from->fading[fade->before];
    bool same = fade->kind == MEGA_FADE_GOES_ON ||
                (fade->kind == MEGA_FADE_HASTENS && rest_of(before) <= fade->frames);
    return same ? *before : anew(before, fade->up, fade->frames, haste);
}

void mega_fades_carry(mega_program *to, const mega_program *from, float rate) {
    uint32_t haste = mega_haste_frames(rate);
    for (uint32_t i = 0; i < to->fade_count; i++)
        to->fading[i] = follow(&to->fades[i], from, haste);
}

/// What goes out and what comes in add up to 1.
void mega_fades_advance(mega_program *p, float (*factors)[MEGA_BLOCK_FRAMES], uint32_t frames,
                        float rate) {
    uint32_t haste = mega_haste_frames(rate);
    uint64_t over = 0;
    for (uint32_t i = 0; i < p->fade_count; i++) {
        mega_fading *f = &p->fading[i];
        for (uint32_t t = 0; t < frames; t++) {
            float value = part(f, f->at + t, haste);
            factors[2 * i + 1][t] = value;
            factors[2 * i][t] = 1 - value;
        }
        f->at = rest_of(f) > frames ? f->at + frames : f->frames;
        if (f->at == f->frames) over |= UINT64_C(1) << i;
    }
    if (over) atomic_store_explicit(&p->fades_over, over, memory_order_release);
}

bool mega_fades_last(const mega_program *p) {
    for (uint32_t i = 0; i < p->fade_count; i++) {
        bool awaited = !p->goes_first || p->fades[i].kind != MEGA_FADE_GOES_ON;
        if (awaited && rest_of(&p->fading[i])) return true;
    }
    return false;
}

void mega_fades_hasten(mega_program *p, float rate) {
    uint32_t haste = mega_haste_frames(rate);
    for (uint32_t i = 0; i < p->fade_count; i++) {
        mega_fading *f = &p->fading[i];
        if (rest_of(f) > haste) *f = anew(f, f->up, haste, haste);
    }
}
