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

#include "max_synth.h"

static t_class *synth_class;

// ---- what the adapter asks for -----------------------------------------------------------------

static void keep(synth *x, waiting *what) {
    *x->last = what;
    x->last = &what->next;
}

static void keep_message(void *context, const char *selector, size_t count,
                         const mega_atom *atoms) {
    waiting *what =
        count <= SHRT_MAX ? calloc(1, sizeof *what + count * sizeof *what->atoms) : NULL;
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
    waiting *what = calloc(1, sizeof *what);
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

void synth_enter(synth *x) { critical_enter(x->lock); }

static waiting *take_waiting(synth *x) {
    waiting *first = x->first;
    x->first = NULL;
    x->last = &x->first;
    return first;
}

static void forget(waiting *what) {
    free(what->text);
    free(what);
}

void synth_leave(synth *x) {
    waiting *next, *what = take_waiting(x);
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
    synth_enter(x);
    mega_adapter_tick(x->adapter);
    synth_leave(x);
}

void synth_send(synth *x, const char *selector, long argc, const t_atom *argv) {
    mega_atom *atoms = malloc(((size_t)argc + 1) * sizeof *atoms);
    if (!atoms) return;
    for (long i = 0; i < argc; i++) {
        if (atom_gettype(&argv[i]) == A_SYM)
            atoms[i] = (mega_atom){atom_getsym(&argv[i])->s_name, 0};
        else atoms[i] = (mega_atom){NULL, atom_getfloat(&argv[i])};
    }
    synth_enter(x);
    mega_adapter_message(x->adapter, MEGA_AT_ONCE, selector, (size_t)argc, atoms);
    synth_leave(x);
    free(atoms);
}

/// A message that came into an inlet.
static void take(synth *x, const char *selector, long argc, const t_atom *argv) {
    if (proxy_getinlet((t_object *)x) > 0)
        object_error((t_object *)x, "notes and messages go into the first inlet");
    else synth_send(x, selector, argc, argv);
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

// ---- files: on the main thread, where dialogs may be shown -------------------------------------

/// A message about a file whose name a dialog asks for. @param folder receives where it is
static void send_chosen(synth *x, const char *selector, const char *name, short folder) {
    char whole[MAX_PATH_CHARS];
    t_atom atom;
    if (path_toabsolutesystempath(folder, name, whole)) {
        object_error((t_object *)x, "%s: `%s` has no path", selector, name);
        return;
    }
    atom_setsym(&atom, gensym(whole));
    synth_send(x, selector, 1, &atom);
}

/// `read` or `write`.
static void do_file(synth *x, t_symbol *selector, short argc, t_atom *argv) {
    char name[MAX_PATH_CHARS] = "patch.json"; // what the dialog for saving proposes
    short folder;
    t_fourcc type;
    if (argc) {
        synth_send(x, selector->s_name, argc, argv);
        return;
    }
    bool cancelled = selector == gensym("write")
                         ? saveasdialog_extended(name, &folder, &type, NULL, 0)
                         : open_dialog(name, &folder, &type, NULL, 0);
    if (!cancelled) send_chosen(x, selector->s_name, name, folder);
}

static void take_file(synth *x, t_symbol *selector, long argc, t_atom *argv) {
    defer(x, (method)do_file, selector, (short)argc, argv);
}

static void do_dictionary(synth *x, t_symbol *name, short argc, t_atom *argv) {
    (void)argc, (void)argv;
    synth_take_dictionary(x, name);
}
static void take_dictionary(synth *x, t_symbol *name) {
    defer(x, (method)do_dictionary, name, 0, NULL);
}

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
    synth_enter(x);
    mega_adapter_format(x->adapter, (uint32_t)lround(rate), x->frames);
    synth_leave(x);
    dsp_add64(dsp64, (t_object *)x, (t_perfroutine64)perform64, 0, NULL);
}

// ---- making ------------------------------------------------------------------------------------

static void free_synth(synth *x) {
    dsp_free(&x->object); // no sound from here on
    synth_enter(x);
    void *clock = x->clock;
    x->clock = NULL; // not set again
    critical_exit(x->lock);
    if (clock) object_free(clock);
    if (x->adapter) mega_adapter_destroy(x->adapter);
    for (waiting *next, *what = take_waiting(x); what; what = next) {
        next = what->next;
        forget(what);
    }
    critical_free(x->lock);
    free(x->scratch);
}

static void make_adapter(synth *x) {
    double rate = sys_getsr();
    mega_host host = {x, keep_message, keep_error, wake, find_file, now_ms};
    // while an object is made from a patcher's file, Max keeps its box's dictionary there
    const t_dictionary *box = (const t_dictionary *)gensym("#D")->s_thing;
    synth_enter(x);
    x->adapter = mega_adapter_create(
        &(mega_adapter_options){.rate = rate > 0 ? (uint32_t)lround(rate) : 48000,
                                .input_channels = x->ins,
                                .output_channels = x->outs,
                                .voices = (uint32_t)x->voices},
        &host);
    if (x->adapter && !synth_restore(x, box) && *x->file->s_name)
        mega_adapter_load(x->adapter, x->file->s_name);
    synth_leave(x);
}

static void *new_synth(t_symbol *selector, long argc, t_atom *argv) {
    (void)selector;
    synth *x = object_alloc(synth_class);
    if (!x) return NULL;
    memset(&x->object + 1, 0, sizeof *x - sizeof x->object);
    x->last = &x->first;
    synth_read_arguments(x, argc, argv);
    x->ins = (uint32_t)x->in;
    x->outs = (uint32_t)x->chans;
    dsp_setup(&x->object, (long)x->ins);
    x->info = outlet_new(x, NULL); // outlets are made from the right
    for (uint32_t o = 0; o < x->outs; o++) outlet_new(x, "signal");
    attr_args_process(x, (short)argc, argv);
    critical_new(&x->lock);
    x->clock = clock_new(x, (method)clock_tick);
    make_adapter(x);
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
    class_addmethod(c, (method)take_file, "read", A_GIMME, 0);
    class_addmethod(c, (method)take_file, "write", A_GIMME, 0);
    class_addmethod(c, (method)take_dictionary, "dictionary", A_SYM, 0);
    class_addmethod(c, (method)synth_save, "appendtodictionary", A_CANT, 0);
    synth_add_attributes(c);
    class_dspinit(c);
    class_register(CLASS_BOX, c);
    synth_class = c;
}
