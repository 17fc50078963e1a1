// SPDX-License-Identifier: MIT
// devices -- lists of what there is, as data that outlives the connection it was asked over.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/backend.h"

static const char *copy(const char *text) { return strdup(text ? text : ""); }

static uint32_t channels_max(const struct SoundIoDevice *device) {
    int most = 0;
    for (int i = 0; i < device->layout_count; i++)
        if (device->layouts[i].channel_count > most) most = device->layouts[i].channel_count;
    return (uint32_t)most;
}

static void describe(audio_device *to, const struct SoundIoDevice *from) {
    to->id = copy(from->id);
    to->name = copy(from->name);
    to->problem = copy(from->probe_error ? soundio_strerror(from->probe_error) : "");
    to->is_raw = from->is_raw;
    to->channels_max = channels_max(from);
    to->rate_current = (uint32_t)from->sample_rate_current;
    to->latency_min = from->software_latency_min;
    to->latency_max = from->software_latency_max;
    for (int i = 0; i < from->sample_rate_count; i++) {
        uint32_t low = (uint32_t)from->sample_rates[i].min;
        uint32_t high = (uint32_t)from->sample_rates[i].max;
        if (i == 0 || low < to->rate_min) to->rate_min = low;
        if (high > to->rate_max) to->rate_max = high;
    }
}

// @return false without memory
static bool add_all(audio_device_list *list, backend *b, bool inputs) {
    uint32_t count = backend_count(b, inputs);
    audio_device *grown = realloc(list->devices, (list->count + count + 1) * sizeof *grown);
    if (!grown) return false;
    list->devices = grown;
    for (uint32_t i = 0; i < count; i++) {
        struct SoundIoDevice *device = backend_get(b, inputs, i);
        if (!device) continue;
        audio_device *to = &list->devices[list->count++];
        *to = (audio_device){.backend = b->kind,
                             .is_input = inputs,
                             .is_default = backend_default(b, inputs) == (int)i,
                             .index = i};
        describe(to, device);
        soundio_device_unref(device);
        if (!to->id || !to->name || !to->problem) return false;
    }
    return true;
}

audio_device_list *audio_devices(audio_backend kind) {
    audio_device_list *list = calloc(1, sizeof *list);
    bool good = list != NULL;
    for (int i = AUDIO_AUTO + 1; good && i < AUDIO_BACKEND_COUNT; i++) {
        backend b;
        if (kind != AUDIO_AUTO && (int)kind != i) continue;
        if (!backend_connect(&b, (audio_backend)i, "megasynth-devices", list->problems[i]))
            continue;
        good = add_all(list, &b, false) && add_all(list, &b, true);
        backend_close(&b);
    }
    if (good) return list;
    audio_devices_free(list);
    return NULL;
}

void audio_devices_free(audio_device_list *list) {
    if (!list) return;
    for (size_t i = 0; i < list->count; i++) {
        free((char *)list->devices[i].id);
        free((char *)list->devices[i].name);
        free((char *)list->devices[i].problem);
    }
    free(list->devices);
    free(list);
}
