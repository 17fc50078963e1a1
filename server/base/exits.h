// SPDX-License-Identifier: MIT
// exits -- what the program ends with; scripts may rely on it.
#ifndef EXITS_H
#define EXITS_H

#define EXITS                                                                                      \
    X(FINE, 0, "told to quit")                                                                     \
    X(FAILED, 1, "a fault of the server, or no memory")                                            \
    X(OPTION, 2, "a bad option, or a bad value of one")                                            \
    X(AUDIO, 3, "no sound device; --backend dummy does without")                                   \
    X(IN_USE, 4, "the port, the socket or the name is in use")                                     \
    X(NETWORK, 5, "an address that this machine does not have, or may not use")                    \
    X(FILE, 6, "a file is missing, cannot be read, or what it holds is wrong")                     \
    X(STATE, 7, "the state could not be saved at the end")

// Example: X(AUDIO, 3, "...")  Becomes: EXIT_AUDIO = 3,
#define X(name, code, doc) EXIT_##name = code,
enum { EXITS };
#undef X

#endif
