// SPDX-License-Identifier: MIT
// exits -- the exit status; scripts may rely on it.
#ifndef EXITS_H
#define EXITS_H

#define EXITS                                                                                      \
    X(FINE, 0, "a client or a signal stopped it")                                                  \
    X(FAILED, 1, "an internal error, or out of memory")                                            \
    X(OPTION, 2, "an unknown option, or an invalid value")                                         \
    X(AUDIO, 3, "no sound device; --backend dummy needs none")                                     \
    X(IN_USE, 4, "the port, the socket, the name or the state file is in use")                     \
    X(NETWORK, 5, "--listen: this machine does not have the address, or denies it")                \
    X(FILE, 6, "a file is missing, unreadable or invalid")                                         \
    X(STATE, 7, "cannot save the state at exit")

// Example: X(AUDIO, 3, "...")  Becomes: EXIT_AUDIO = 3,
#define X(name, code, doc) EXIT_##name = code,
enum { EXITS };
#undef X

#endif
