// SPDX-License-Identifier: MIT
// megasynth~ for Max -- the host's face of the adapter: arguments, inlets, outlets, time, files.
//
// Max runs messages on its main and its scheduler thread and sound on a third. The adapter wants
// all but sound from one thread at a time, hence the lock; it is Max's own kind, which the thread
// that holds it may take again, since an answer out of an outlet may come back as a message.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ext.h"
#include "ext_obex.h"
#include "z_dsp.h"

#include "../adapter/adapter.h"

enum { CHANNELS_MAX = 64, VECTOR_MAX = 4096 };

typedef struct {
    t_pxobject object;
    mega_adapter *adapter;
    t_critical lock;
    void *clock;
    void *info;
    uint32_t ins, outs;
    float *scratch; // of all channels, VECTOR_MAX each: Max's samples are doubles
} synth;

static t_class *synth_class;

// ---- what the adapter asks for -----------------------------------------------------------------

static void info(void *context, const char *selector, size_t count, const mega_atom *atoms) {
    synth *x = context;
    t_atom *out = malloc((count + 1) * sizeof *out);
    if (!out) return;
    for (size_t i = 0; i < count; i++) {
        if (atoms[i].word) atom_setsym(&out[i], gensym(atoms[i].word));
        else atom_setfloat(&out[i], atoms[i].number);
    }
    outlet_anything(x->info, gensym(selector), (short)count, out);
    free(out);
}

static void error(void *context, const char *text) {
    object_error((t_object *)context, "%s", text);
}

static void wake(void *context, double ms) {
    synth *x = context;
    if (x->clock) clock_fdelay(x->clock, ms);
}

static bool path(void *context, const char *name, bool to_write, char *result, size_t bytes) {
    (void)context;
    char file[MAX_FILENAME_CHARS], whole[MAX_PATH_CHARS];
    short folder = path_getdefault();
    t_fourcc type;
    if (strlen(name) >= sizeof file) return false;
    strcpy(file, name);
    if (!to_write && locatefile_extended(file, &folder, &type, NULL, 0)) return false;
    if (path_toabsolutesystempath(folder, file, whole) || strlen(whole) >= bytes) return false;
    strcpy(result, whole);
    return true;
}

// ---- messages ----------------------------------------------------------------------------------

static void tick(synth *x) {
    critical_enter(x->lock);
    mega_adapter_tick(x->adapter);
    critical_exit(x->lock);
}

static void send(synth *x, const char *selector, long argc, const t_atom *argv) {
    mega_atom *atoms = malloc(((size_t)argc + 1) * sizeof *atoms);
    if (!atoms) return;
    for (long i = 0; i < argc; i++) {
        if (atom_gettype(&argv[i]) == A_SYM)
            atoms[i] = (mega_atom){atom_getsym(&argv[i])->s_name, 0};
        else atoms[i] = (mega_atom){NULL, atom_getfloat(&argv[i])};
    }
    critical_enter(x->lock);
    mega_adapter_message(x->adapter, MEGA_AT_ONCE, selector, (size_t)argc, atoms);
    critical_exit(x->lock);
    free(atoms);
}

static void anything(synth *x, t_symbol *selector, long argc, t_atom *argv) {
    send(x, selector->s_name, argc, argv);
}

static void list(synth *x, t_symbol *selector, long argc, t_atom *argv) {
    (void)selector;
    send(x, NULL, argc, argv);
}

/// Max tells whole numbers and others apart, and sends single ones as no list.
static void number(synth *x, double value) {
    t_atom atom;
    atom_setfloat(&atom, value);
    send(x, NULL, 1, &atom);
}
static void whole_number(synth *x, t_atom_long value) { number(x, (double)value); }
static void bang(synth *x) { send(x, "bang", 0, NULL); }

static void assist(synth *x, void *box, long where, long index, char *text) {
    (void)box;
    if (where == ASSIST_INLET)
        strcpy(text, index ? "signal for `input` nodes" : "notes and messages: see the help");
    else if ((uint32_t)index == x->outs)
        strcpy(text, "what happens: ready, loaded, value, error ...");
    else snprintf(text, ASSIST_MAX_STRING_LEN, "signal, channel %ld", index + 1);
}

// ---- sound -------------------------------------------------------------------------------------

static void render(synth *x, double **ins, double **outs, uint32_t frames) {
    const float *in[CHANNELS_MAX];
    float *out[CHANNELS_MAX], *at = x->scratch;
    for (uint32_t c = 0; c < x->ins; c++, at += VECTOR_MAX) {
        for (uint32_t i = 0; i < frames; i++) at[i] = (float)ins[c][i];
        in[c] = at;
    }
    for (uint32_t c = 0; c < x->outs; c++, at += VECTOR_MAX) out[c] = at;
    mega_adapter_perform(x->adapter, in, out, frames);
    for (uint32_t c = 0; c < x->outs; c++)
        for (uint32_t i = 0; i < frames; i++) outs[c][i] = (double)out[c][i];
}

static void perform64(synth *x, t_object *dsp64, double **ins, long in_count, double **outs,
                      long out_count, long frames, long flags, void *user) {
    (void)dsp64, (void)in_count, (void)out_count, (void)flags, (void)user;
    render(x, ins, outs, (uint32_t)frames);
}

static void dsp64(synth *x, t_object *dsp64, short *connected, double rate, long vector_max,
                  long flags) {
    (void)connected, (void)flags;
    if (vector_max > VECTOR_MAX) {
        object_error((t_object *)x, "signal vectors of no more than %d samples", VECTOR_MAX);
        return;
    }
    critical_enter(x->lock);
    mega_adapter_format(x->adapter, (uint32_t)lround(rate), (uint32_t)vector_max);
    critical_exit(x->lock);
    object_method(dsp64, gensym("dsp_add64"), x, perform64, 0, NULL);
}

// ---- making ------------------------------------------------------------------------------------

typedef struct {
    uint32_t ins, outs, voices;
    const char *file, *wrong;
} arguments;

static arguments read_arguments(long argc, const t_atom *argv) {
    arguments a = {.outs = 2};
    for (long i = 0; i < argc; i++) {
        bool word = atom_gettype(&argv[i]) == A_SYM;
        const char *text = word ? atom_getsym(&argv[i])->s_name : "";
        bool counts = word && (!strcmp(text, "-in") || !strcmp(text, "-voices"));
        if (counts && i + 1 < argc && atom_gettype(&argv[i + 1]) != A_SYM) {
            double count = atom_getfloat(&argv[++i]);
            if (!strcmp(text, "-in") && count >= 0 && count <= CHANNELS_MAX)
                a.ins = (uint32_t)count;
            else if (!strcmp(text, "-voices") && count >= 1 && count <= 4096)
                a.voices = (uint32_t)count;
            else a.wrong = text;
        } else if (!word) {
            double outs = atom_getfloat(&argv[i]);
            if (outs >= 1 && outs <= CHANNELS_MAX) a.outs = (uint32_t)outs;
            else a.wrong = "channels";
        } else if (*text == '-' || a.file) {
            a.wrong = text;
        } else {
            a.file = text;
        }
    }
    return a;
}

static void free_synth(synth *x) {
    dsp_free(&x->object); // no sound from here on
    if (x->adapter) mega_adapter_destroy(x->adapter);
    if (x->clock) object_free(x->clock);
    if (x->lock) critical_free(x->lock);
    free(x->scratch);
}

static void *new_synth(t_symbol *selector, long argc, t_atom *argv) {
    (void)selector;
    arguments a = read_arguments(argc, argv);
    synth *x = object_alloc(synth_class);
    if (!x) return NULL;
    x->ins = a.ins;
    x->outs = a.outs;
    dsp_setup(&x->object, a.ins);
    x->info = outlet_new(x, NULL); // outlets are made from the right
    for (uint32_t o = 0; o < a.outs; o++) outlet_new(x, "signal");
    if (a.wrong)
        object_error((t_object *)x, "`%s`: write [megasynth~ (channels) (file) -in N -voices N]",
                     a.wrong);
    critical_new(&x->lock);
    x->clock = clock_new(x, (method)tick);
    x->scratch = calloc((size_t)(a.ins + a.outs) * VECTOR_MAX, sizeof *x->scratch);
    double rate = sys_getsr();
    mega_host host = {.context = x, .info = info, .error = error, .wake = wake, .path = path};
    if (x->scratch)
        x->adapter = mega_adapter_create(
            &(mega_adapter_options){.rate = rate > 0 ? (uint32_t)lround(rate) : 48000,
                                    .input_channels = a.ins,
                                    .output_channels = a.outs,
                                    .voices = a.voices},
            &host);
    if (!x->adapter) {
        object_free(x);
        return NULL;
    }
    critical_enter(x->lock);
    if (a.file) mega_adapter_load(x->adapter, a.file);
    critical_exit(x->lock);
    return x;
}

void ext_main(void *r) {
    (void)r;
    t_class *c = class_new("megasynth~", (method)new_synth, (method)free_synth, (long)sizeof(synth),
                           NULL, A_GIMME, 0);
    class_addmethod(c, (method)dsp64, "dsp64", A_CANT, 0);
    class_addmethod(c, (method)assist, "assist", A_CANT, 0);
    class_addmethod(c, (method)list, "list", A_GIMME, 0);
    class_addmethod(c, (method)anything, "anything", A_GIMME, 0);
    class_addmethod(c, (method)whole_number, "int", A_LONG, 0);
    class_addmethod(c, (method)number, "float", A_FLOAT, 0);
    class_addmethod(c, (method)bang, "bang", 0);
    class_dspinit(c);
    class_register(CLASS_BOX, c);
    synth_class = c;
}
