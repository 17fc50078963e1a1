// SPDX-License-Identifier: MIT
#include "process/print_devices.h"

#include <stdio.h>

#include "base/exits.h"

int print_devices(audio_backend backend) {
    audio_device_list *list = audio_devices(backend);
    if (!list) return EXIT_FAILED;
    for (size_t i = 0; i < list->count; i++) {
        const audio_device *d = &list->devices[i];
        printf("%-10s %-6s %3u%s  %s%s%s\n", audio_backend_name(d->backend),
               d->is_input ? "input" : "output", d->index, d->is_default ? "*" : " ", d->name,
               d->problem[0] ? ": " : "", d->problem);
    }
    for (int b = 0; b < AUDIO_BACKEND_COUNT; b++)
        if (list->problems[b][0])
            printf("%-10s %s\n", audio_backend_name((audio_backend)b), list->problems[b]);
    audio_devices_free(list);
    return EXIT_FINE;
}
