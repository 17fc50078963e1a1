// SPDX-License-Identifier: MIT
// max_synth -- one [megasynth~] in Max, as the files of the shim share it.
#ifndef MAX_SYNTH_H
#define MAX_SYNTH_H

#include "ext.h"
#include "ext_critical.h"
#include "ext_obex.h"
#include "z_dsp.h"

#include "../adapter/adapter.h"

#include "ext_dictionary.h"

enum { CHANNELS_MAX = 64, VOICES_MAX = 4096 };

/// A message or an error that waits until the lock is free.
typedef struct waiting waiting;
struct waiting {
    waiting *next;
    char *text;         ///< for the console; NULL: for the info outlet
    t_symbol *selector; ///< and this with its atoms
    size_t count;
    t_atom atoms[];
};

typedef struct {
    t_pxobject object;
    mega_adapter *adapter;
    t_critical lock;
    waiting *first, **last; ///< the lock's
    void *clock;            ///< the lock's
    void *info;
    uint32_t ins, outs;
    uint32_t frames; ///< of a vector, at most
    float *scratch;  ///< of all channels, `frames` each: Max's samples are doubles
    // attributes
    t_atom_long voices; ///< 0: as the patch says
    t_symbol *file;
    t_atom_long chans, in, embed;
} synth;

/// Takes the adapter for this thread. What it says meanwhile goes out when it is given back.
void synth_enter(synth *x);
void synth_leave(synth *x);
/// A message for the adapter.
void synth_send(synth *x, const char *selector, long argc, const t_atom *argv);

// ---- arguments and attributes ------------------------------------------------------------------

/// What the object's box says: (channels) (file), -in N, -voices N, and @chans @in @file @voices
/// @embed. The fields of the attributes are set; what is wrong goes to the console.
void synth_read_arguments(synth *x, long argc, t_atom *argv);
/// The attributes, for Max's inspector and as messages.
void synth_add_attributes(t_class *c);

// ---- dictionaries ------------------------------------------------------------------------------

/// The message `dictionary name`: a patch from a [dict].
void synth_take_dictionary(synth *x, t_symbol *name);
/// For the patcher's file: what is needed to build the patch again, if `embed` is on.
void synth_save(synth *x, t_dictionary *box);
/// @return false: the box holds none
bool synth_restore(synth *x, const t_dictionary *box);

#endif
