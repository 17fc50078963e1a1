// SPDX-License-Identifier: MIT
#include "synths/peaks.h"

#include "clients/session.h"
#include "synths/sound.h"

static void keep_highest(peaks *to, peaks by) {
    if (by.load > to->load) to->load = by.load;
    if (by.level > to->level) to->level = by.level;
}

audio_status peaks_status(server *s) {
    audio_status now = audio_status_get(sound_audio(s->sound));
    peaks more = {now.load_peak, now.level_peak};
    keep_highest(&s->recent.slots[s->recent.at], more);
    for (session *of = s->sessions; of; of = of->next) keep_highest(&of->peaks, more);
    return now;
}

peaks peaks_read(server *s, session *reader) {
    peaks all = {0};
    for (int i = 0; i < PEAK_SLOTS; i++) keep_highest(&all, s->recent.slots[i]);
    if (!reader) return all;
    keep_highest(&all, reader->peaks);
    reader->peaks = (peaks){0};
    return all;
}

void peaks_tick(server *s) {
    s->recent.at = (s->recent.at + 1) % PEAK_SLOTS;
    s->recent.slots[s->recent.at] = (peaks){0};
}
