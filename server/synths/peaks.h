// SPDX-License-Identifier: MIT
// peaks -- the highest load and the loudest sample, for several readers. Reading takes nothing from
// anybody: each client gets the highest since it read last, and of the last second in any case, so
// that one who asks for the first time, or often, sees what sounds. Loop only.
#ifndef PEAKS_H
#define PEAKS_H

#include "audio/audio.h"
#include "base/server.h"

/// The device's status. Its own peaks, which asking takes, go to all readers: nobody else asks.
audio_status peaks_status(server *s);
/// @param reader a client, or NULL for the server itself
peaks peaks_read(server *s, session *reader);
/// Every 100 ms: the second moves on.
void peaks_tick(server *s);

#endif
