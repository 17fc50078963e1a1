// SPDX-License-Identifier: MIT
// megasynth.tap~ -- a port's signal out of a [megasynth~ -name NAME]: all voices summed, or each in
// a channel of its own.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

enum { CHANNELS_MAX = MEGA_TAP_CHANNELS_MAX };

typedef struct {
    t_object object;
    t_symbol *name;
    char node[256], port[256];
    uint32_t voices; // 0: the sum
    bool multichannel;
    mega_setmultiout *setmultiout;
    uint64_t serial; // of the synth that it is tapped into; 0: none
    mega_tap *tap;
    void (*close)(mega_tap *);
    void (*perform)(mega_tap *, float *const *, uint32_t, double);
    bool told;
    float *out[CHANNELS_MAX];
    t_sample *vector[CHANNELS_MAX];
    float *scratch;
    uint32_t frames;
} object;

static t_class *tap_class;

static uint32_t channels(const object *x) { return x->voices ? x->voices : 1; }

static t_int *perform(t_int *w) {
    object *x = (object *)w[1];
    if (x->tap) x->perform(x->tap, x->out, x->frames, clock_getlogicaltime());
    for (uint32_t c = 0; c < channels(x); c++)
        for (uint32_t i = 0; i < x->frames; i++) x->vector[c][i] = x->tap ? x->out[c][i] : 0;
    return w + 2;
}

/// Taps into the synth that has the name now.
static void attach(object *x, double rate) {
    const mega_link *link = mega_link_find(x->name);
    bool fits = link && (!link->rate || link->rate == (uint32_t)lround(rate));
    if (link && fits && link->serial == x->serial) return;
    if (x->tap) x->close(x->tap);
    x->tap = NULL;
    x->serial = 0;
    if (fits) {
        x->close = link->tap_close;
        x->perform = link->tap_perform;
        x->tap = link->tap_open(link->adapter, x->node, x->port, x->voices);
        x->serial = link->serial;
    } else if (!x->told && link) {
        pd_error(x, "megasynth.tap~: `%s` has another sampling rate; put both in the same subpatch",
                 x->name->s_name);
    } else if (!x->told) {
        pd_error(x, "megasynth.tap~: there is no [megasynth~ -name %s], or more than one",
                 x->name->s_name);
    }
    x->told = !fits;
}

static void dsp(object *x, t_signal **signals) {
    attach(x, (double)signals[0]->s_sr);
    x->frames = (uint32_t)signals[0]->s_n;
    free(x->scratch);
    x->scratch = calloc((size_t)channels(x) * x->frames, sizeof *x->scratch);
    if (!x->scratch) return;
    uint32_t outlets = x->multichannel ? 1 : channels(x);
    for (uint32_t o = 0; o < outlets; o++) {
        if (x->setmultiout) x->setmultiout(&signals[o], x->multichannel ? (int)channels(x) : 1);
        x->vector[o] = signals[o]->s_vec;
    }
    for (uint32_t c = 0; c < channels(x); c++) {
        x->out[c] = x->scratch + (size_t)c * x->frames;
        if (c >= outlets) x->vector[c] = x->vector[0] + (size_t)c * x->frames;
    }
    dsp_add(perform, 1, x);
}

static void free_object(object *x) {
    if (x->tap) x->close(x->tap);
    free(x->scratch);
}

static void *new_object(t_symbol *selector, int argc, t_atom *argv) {
    (void)selector;
    object *x = (object *)pd_new(tap_class);
    const char *path = atom_getsymbolarg(1, argc, argv)->s_name, *dot = strrchr(path, '.');
    double voices = argc > 2 ? (double)atom_getfloatarg(2, argc, argv) : 0;
    x->name = atom_getsymbolarg(0, argc, argv);
    if (!*x->name->s_name || !dot || dot == path || !dot[1] || strlen(path) >= sizeof x->node ||
        !(voices >= 0 && voices <= CHANNELS_MAX)) {
        pd_error(x, "megasynth.tap~: write [megasynth.tap~ name node.port (voices, at most %d)]",
                 CHANNELS_MAX);
        pd_free(&x->object.ob_pd);
        return NULL;
    }
    memcpy(x->node, path, (size_t)(dot - path));
    strcpy(x->port, dot + 1);
    x->voices = (uint32_t)voices;
    x->setmultiout = mega_find_setmultiout();
    x->multichannel = x->setmultiout && x->voices;
    uint32_t outlets = x->multichannel ? 1 : channels(x);
    for (uint32_t o = 0; o < outlets; o++) outlet_new(&x->object, &s_signal);
    return x;
}

MEGA_EXPORT void setup_megasynth0x2etap_tilde(void);
void setup_megasynth0x2etap_tilde(void) {
    if (tap_class) return;
    int flags = CLASS_NOINLET | (mega_find_setmultiout() ? MEGA_CLASS_MULTICHANNEL : CLASS_DEFAULT);
    tap_class = class_new(gensym("megasynth.tap~"), (t_newmethod)new_object, (t_method)free_object,
                          sizeof(object), flags, A_GIMME, A_NULL);
    class_addmethod(tap_class, (t_method)dsp, gensym("dsp"), A_CANT, A_NULL);
}
