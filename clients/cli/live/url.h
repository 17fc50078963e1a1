// SPDX-License-Identifier: MIT
// url -- where a server is: its addresses, and the files by which it is found.
#ifndef LIVE_URL_H
#define LIVE_URL_H

#include <jansson.h>
#include <stdbool.h>

/// A connected socket. @return -1, with the cause
int url_connect(const char *url, double timeout_seconds, bool *datagram, char cause[256]);

/// Where servers of this user leave word: $XDG_RUNTIME_DIR/megasynth, or /tmp/megasynth-UID.
void runtime_folder(char path[256]);

/// What one left there.
typedef struct {
    char name[64], version[32], token[300];
    long pid;
    bool lives;        ///< holds the lock of its file
    char urls[3][256]; ///< unix, tcp, udp; "" where there is none
} runtime_server;

enum { RUNTIME_SERVERS_MAX = 64 };

/// Reads the files there. @return how many
int runtime_list(runtime_server servers[RUNTIME_SERVERS_MAX]);

/// The address of the server of that name; NULL: of `main`, or of the only one.
/// @return false, with the cause
bool runtime_find(const char *name, char url[256], char cause[256]);

/// The token that the server at an address of this machine has left for its own user.
/// @return false if there is none
bool runtime_token(const char *url, char token[300]);

#endif
