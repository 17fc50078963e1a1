// SPDX-License-Identifier: MIT
// megasynth~ for Max -- the host's face of the adapter: arguments, inlets, outlets, time, files.
//
// Max runs messages on its main and its scheduler thread and sound on a third. The adapter wants
// all but sound from one thread at a time, hence the lock. What it says meanwhile is kept and goes
// out once the lock is free: an answer may come back as a message, or get to another object whose
// lock another thread holds, which waits for ours.
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ext.h"
#include "ext_obex.h"
#include "z_dsp.h"

#include "../adapter/adapter.h"

enum { CHANNELS_MAX = 64, VOICES_MAX = 4096 };

/// Something that is to be said.
typedef struct said said;
struct said {
    said *next;
    char *text;         // for the console; NULL: for the info outlet
    t_symbol *selector; // and this with its atoms
    size_t count;
    t_atom atoms[];
};

typedef struct {
    t_pxobject object;
    mega_adapter *adapter;
    t_critical lock;
    said *first, **last; // of what is to be said; the lock's
    void *clock;         // the lock's
    void *info;
    uint32_t ins, outs;
    uint32_t frames; // of a vector, at most
    float *scratch;  // of all channels, `frames` each: Max's samples are doubles
} synth;

static t_class *synth_class;

// ---- what the adapter asks for -----------------------------------------------------------------

static void keep(synth *x, said *what) {
    *x->last = what;
    x->last = &what->next;
}

static void keep_message(void *context, const char *selector, size_t count,
                         const mega_atom *atoms) {
    said *what = count <= SHRT_MAX ? calloc(1, sizeof *what + count * sizeof *what->atoms) : NULL;
    if (!what) return;
    what->selector = gensym(selector);
    what->count = count;
    for (size_t i = 0; i < count; i++) {
        if (atoms[i].word) atom_setsym(&what->atoms[i], gensym(atoms[i].word));
        else atom_setfloat(&what->atoms[i], atoms[i].number);
    }
    keep(context, what);
}

static void keep_error(void *context, const char *text) {
    said *what = calloc(1, sizeof *what);
    if (!what) return;
    if ((what->text = strdup(text))) keep(context, what);
    else free(what);
}

static void wake(void *context, double ms) {
    synth *x = context;
    if (x->clock) clock_fdelay(x->clock, ms);
}

static bool find_file(void *context, const char *name, bool to_write, char *path, size_t bytes) {
    (void)context;
    char file[MAX_FILENAME_CHARS], whole[MAX_PATH_CHARS];
    const char *found = name;
    if (*name != '/') {
        short folder = path_getdefault();
        t_fourcc type;
        if (strlen(name) >= sizeof file) return false;
        strcpy(file, name);
        if (!to_write && locatefile_extended(file, &folder, &type, NULL, 0)) return false;
        if (path_toabsolutesystempath(folder, file, whole)) return false;
        found = whole;
    }
    if (strlen(found) >= bytes) return false;
    strcpy(path, found);
    return true;
}

static double now_ms(void *context) {
    (void)context;
    double ms;
    clock_getftime(&ms);
    return ms;
}

// ---- the lock ----------------------------------------------------------------------------------

static void enter(synth *x) { critical_enter(x->lock); }

static said *take_said(synth *x) {
    said *first = x->first;
    x->first = NULL;
    x->last = &x->first;
    return first;
}

static void forget(said *what) {
    free(what->text);
    free(what);
}

static void leave(synth *x) {
    said *next, *what = take_said(x);
    critical_exit(x->lock);
    for (; what; what = next) {
        next = what->next;
        if (what->text) object_error((t_object *)x, "%s", what->text);
        else outlet_anything(x->info, what->selector, (short)what->count, what->atoms);
        forget(what);
    }
}

// ---- messages ----------------------------------------------------------------------------------

static void clock_tick(synth *x) {
    enter(x);
    mega_adapter_tick(x->adapter);
    leave(x);
}

static void take(synth *x, const char *selector, long argc, const t_atom *argv) {
    if (proxy_getinlet((t_object *)x) > 0) {
        object_error((t_object *)x, "notes and messages go into the first inlet");
        return;
    }
    mega_atom *atoms = malloc(((size_t)argc + 1) * sizeof *atoms);
    if (!atoms) return;
    for (long i = 0; i < argc; i++) {
        if (atom_gettype(&argv[i]) == A_SYM)
            atoms[i] = (mega_atom){atom_getsym(&argv[i])->s_name, 0};
        else atoms[i] = (mega_atom){NULL, atom_getfloat(&argv[i])};
    }
    enter(x);
    mega_adapter_message(x->adapter, MEGA_AT_ONCE, selector, (size_t)argc, atoms);
    leave(x);
    free(atoms);
}

static void take_anything(synth *x, t_symbol *selector, long argc, t_atom *argv) {
    take(x, selector->s_name, argc, argv);
}

static void take_list(synth *x, t_symbol *selector, long argc, t_atom *argv) {
    (void)selector;
    take(x, NULL, argc, argv);
}

/// Max tells whole numbers and others apart, and sends single ones as no list.
static void take_float(synth *x, double value) {
    t_atom atom;
    atom_setfloat(&atom, value);
    take(x, NULL, 1, &atom);
}
static void take_int(synth *x, t_atom_long value) { take_float(x, (double)value); }
static void take_bang(synth *x) { take(x, "bang", 0, NULL); }

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
    for (uint32_t c = 0; c < x->ins; c++, at += x->frames) {
        for (uint32_t i = 0; i < frames; i++) at[i] = (float)ins[c][i];
        in[c] = at;
    }
    for (uint32_t c = 0; c < x->outs; c++, at += x->frames) out[c] = at;
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
    free(x->scratch);
    x->frames = (uint32_t)vector_max;
    x->scratch = calloc((size_t)(x->ins + x->outs) * x->frames, sizeof *x->scratch);
    if (!x->scratch) {
        object_error((t_object *)x, "no memory for vectors of %ld samples: silent", vector_max);
        return;
    }
    enter(x);
    mega_adapter_format(x->adapter, (uint32_t)lround(rate), x->frames);
    leave(x);
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
            else if (!strcmp(text, "-voices") && count >= 1 && count <= VOICES_MAX)
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
    enter(x);
    void *clock = x->clock;
    x->clock = NULL; // not set again
    critical_exit(x->lock);
    if (clock) object_free(clock);
    if (x->adapter) mega_adapter_destroy(x->adapter);
    for (said *next, *what = take_said(x); what; what = next) {
        next = what->next;
        forget(what);
    }
    critical_free(x->lock);
    free(x->scratch);
}

static void make_adapter(synth *x, const arguments *a) {
    double rate = sys_getsr();
    mega_host host = {x, keep_message, keep_error, wake, find_file, now_ms};
    enter(x);
    x->adapter = mega_adapter_create(
        &(mega_adapter_options){.rate = rate > 0 ? (uint32_t)lround(rate) : 48000,
                                .input_channels = a->ins,
                                .output_channels = a->outs,
                                .voices = a->voices},
        &host);
    if (x->adapter && a->file) mega_adapter_load(x->adapter, a->file);
    leave(x);
}

static void *new_synth(t_symbol *selector, long argc, t_atom *argv) {
    (void)selector;
    arguments a = read_arguments(argc, argv);
    synth *x = object_alloc(synth_class);
    if (!x) return NULL;
    x->adapter = NULL;
    x->scratch = NULL;
    x->first = NULL;
    x->last = &x->first;
    x->ins = a.ins;
    x->outs = a.outs;
    dsp_setup(&x->object, a.ins);
    x->info = outlet_new(x, NULL); // outlets are made from the right
    for (uint32_t o = 0; o < a.outs; o++) outlet_new(x, "signal");
    if (a.wrong)
        object_error((t_object *)x, "`%s`: write [megasynth~ (channels) (file) -in N -voices N]",
                     a.wrong);
    critical_new(&x->lock);
    x->clock = clock_new(x, (method)clock_tick);
    make_adapter(x, &a);
    if (x->adapter) return x;
    object_free(x);
    return NULL;
}

C74_EXPORT void ext_main(void *r) {
    (void)r;
    t_class *c = class_new("megasynth~", (method)new_synth, (method)free_synth, (long)sizeof(synth),
                           NULL, A_GIMME, 0);
    class_addmethod(c, (method)dsp64, "dsp64", A_CANT, 0);
    class_addmethod(c, (method)assist, "assist", A_CANT, 0);
    class_addmethod(c, (method)take_list, "list", A_GIMME, 0);
    class_addmethod(c, (method)take_anything, "anything", A_GIMME, 0);
    class_addmethod(c, (method)take_int, "int", A_LONG, 0);
    class_addmethod(c, (method)take_float, "float", A_FLOAT, 0);
    class_addmethod(c, (method)take_bang, "bang", 0);
    class_dspinit(c);
    class_register(CLASS_BOX, c);
    synth_class = c;
}
