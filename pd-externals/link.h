// SPDX-License-Identifier: MIT
// link -- how [megasynth.tap~] and [megasynth.get], which are libraries of their own, reach a
// [megasynth~]: it binds itself to the symbol "megasynth NAME" and answers the method "_megasynth".
#ifndef MEGA_LINK_H
#define MEGA_LINK_H

#include "adapter/adapter.h"
#include "m_pd.h"

#define MEGA_LINK_VERSION 2 ///< of this struct

typedef struct {
    uint32_t version;
    uint64_t serial; ///< another for each object ever made
    mega_adapter *adapter;
    uint32_t rate; ///< 0: not known yet
    mega_tap *(*tap_open)(mega_adapter *, const char *node, const char *port, uint32_t channels);
    void (*tap_close)(mega_tap *);
    void (*tap_perform)(mega_tap *, float *const *out, uint32_t frames, double time);
    mega_listener (*listen)(mega_adapter *, mega_answer *, void *context);
    void (*ignore)(mega_adapter *, mega_listener);
    void (*ask)(mega_adapter *, mega_listener, const char *selector, size_t count,
                const mega_atom *atoms);
} mega_link;

/// The synth of that name. @return NULL: there is none, or there are several
const mega_link *mega_link_find(t_symbol *name);
/// The symbol that a synth of that name is bound to.
t_symbol *mega_link_symbol(t_symbol *name);

// ---- what the three shims share ----------------------------------------------------------------

/// Atoms for the adapter; those past `room_count` in memory of their own, to be released by
/// mega_atoms_finish. Words live as long as Pd.
typedef struct {
    mega_atom room[64], *atoms;
    size_t count;
} mega_atoms;
void mega_atoms_init(mega_atoms *atoms, int argc, const t_atom *argv);
void mega_atoms_finish(mega_atoms *atoms);
/// Sends an adapter's message to an outlet.
void mega_outlet(t_outlet *outlet, const char *selector, size_t count, const mega_atom *atoms);
/// The same to whatever has this symbol.
void mega_send(t_symbol *to, const char *selector, size_t count, const mega_atom *atoms);
/// Frames of a tick of Pd, between two of which messages come, at a subpatch's rate.
double mega_tick_frames(double rate);

#define MEGA_CLASS_MULTICHANNEL 0x10 ///< of Pd 0.54 and later
/// Makes signal outlets of several channels, where Pd has them (0.54); else NULL.
typedef void mega_setmultiout(t_signal **signal, int channels);
mega_setmultiout *mega_find_setmultiout(void);

#define MEGA_EXPORT __attribute__((visibility("default")))

#endif
