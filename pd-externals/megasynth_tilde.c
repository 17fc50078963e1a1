// SPDX-License-Identifier: MIT
// megasynth~ -- Pd's face of the adapter: arguments, inlets, outlets, time, files, state in the
// patch.
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "megasynth.h"

enum {
    CHANNELS_MAX = 64,
    GRID_FRAMES = MEGA_BLOCK_FRAMES, ///< the engine's blocks
};

typedef struct {
    t_object object;
    t_float inlet_value; // of the main signal inlet, where there is one
    mega_adapter *adapter;
    mega_link link;
    t_canvas *canvas;
    t_clock *clock;
    t_outlet *info;
    t_symbol *name, *name_info; // or NULL
    double made_time;
    bool keep, multichannel;
    uint32_t ins, outs;
    mega_setmultiout *setmultiout;
    // of the last dsp; never the signals themselves, which Pd reuses
    t_sample *in[CHANNELS_MAX], *out[CHANNELS_MAX];
    uint32_t frames;
    double rate;
    float *scratch; // where Pd's samples are no floats: of all channels
    // when frame `anchor_frame` is: the start of what is rendered next
    bool anchored;
    double anchor_time;
    uint64_t anchor_frame;
} object;

static t_class *plain_class, *inlet_class; // without and with a main signal inlet

// ---- what the adapter asks for -----------------------------------------------------------------

/// Out of the outlet, and to whoever receives `NAME.info`: the abstractions need no cord.
static void info(void *context, const char *selector, size_t count, const mega_atom *atoms) {
    object *x = context;
    if (x->name_info && x->name_info->s_thing) mega_send(x->name_info, selector, count, atoms);
    mega_outlet(x->info, selector, count, atoms);
}

static void error(void *context, const char *text) { pd_error(context, "megasynth~: %s", text); }

/// After everything of the same logical time, whatever clocks that takes; before the next sample.
static const double after_all_ms = 1e-6;

static void wake(void *context, double ms) {
    object *x = context;
    if (x->clock) clock_delay(x->clock, ms > 0 ? ms : after_all_ms);
}

static double now_ms(void *context) { return clock_gettimesince(((object *)context)->made_time); }

/// The patches that come with the externals lie beside them.
static bool find_shipped(const object *x, const char *name, char *result, size_t bytes) {
    const char *folder = class_gethelpdir(pd_class(&x->object.ob_pd));
    if ((size_t)snprintf(result, bytes, "%s/%s", folder, name) >= bytes) return false;
    int descriptor = sys_open(result, O_RDONLY);
    if (descriptor >= 0) sys_close(descriptor);
    return descriptor >= 0;
}

static bool path(void *context, const char *name, bool to_write, char *result, size_t bytes) {
    object *x = context;
    char folder[MAXPDSTRING], *file;
    if (to_write) {
        canvas_makefilename(x->canvas, name, result, (int)bytes);
        return true;
    }
    int descriptor = canvas_open(x->canvas, name, "", folder, &file, sizeof folder, 1);
    if (descriptor < 0) return find_shipped(x, name, result, bytes);
    sys_close(descriptor);
    return (size_t)snprintf(result, bytes, "%s/%s", folder, file) < bytes;
}

// ---- time --------------------------------------------------------------------------------------

/// The frame at which a message of this logical time is to be heard.
///
/// Pd handles the messages of a tick before it renders the tick, as if they came while it sounds; a
/// block that is longer than a tick is rendered when the last of its messages is known. So what is
/// rendered next begins where the last block ended, at `anchor_time`.
static uint64_t frame_now(const object *x) {
    if (!x->anchored) return MEGA_AT_ONCE;
    double ahead = clock_gettimesince(x->anchor_time) * 0.001 * x->rate;
    double tick = mega_tick_frames(x->rate);
    double span = x->frames > tick ? x->frames : tick;
    if (ahead < 0 || ahead >= span + 0.5) return MEGA_AT_ONCE; // nothing was rendered: sound is off
    // the engine renders blocks of its grid; where ours end within one, it is a block ahead
    bool whole = x->anchor_frame % GRID_FRAMES == 0 && fmod(span, GRID_FRAMES) == 0;
    return x->anchor_frame + (uint64_t)llround(ahead) + (whole ? 0 : GRID_FRAMES);
}

static void tick(object *x) { mega_adapter_tick(x->adapter); }

// ---- messages ----------------------------------------------------------------------------------

static void anything(object *x, t_symbol *selector, int argc, t_atom *argv) {
    mega_atoms atoms;
    mega_atoms_init(&atoms, argc, argv);
    mega_adapter_message(x->adapter, frame_now(x), selector->s_name, atoms.count, atoms.atoms);
    mega_atoms_finish(&atoms);
}

static void bang(object *x) { anything(x, &s_bang, 0, NULL); }

/// Lists and numbers.
static void list(object *x, t_symbol *selector, int argc, t_atom *argv) {
    (void)selector;
    mega_atoms atoms;
    mega_atoms_init(&atoms, argc, argv);
    mega_adapter_message(x->adapter, frame_now(x), NULL, atoms.count, atoms.atoms);
    mega_atoms_finish(&atoms);
}

// ---- sound -------------------------------------------------------------------------------------

#if PD_FLOATSIZE == 32
static void render(object *x) {
    mega_adapter_perform(x->adapter, (const float *const *)x->in, x->out, x->frames);
}
#else
static void render(object *x) {
    const float *in[CHANNELS_MAX];
    float *out[CHANNELS_MAX], *at = x->scratch;
    for (uint32_t c = 0; c < x->ins; c++, at += x->frames) {
        for (uint32_t i = 0; i < x->frames; i++) at[i] = x->in[c] ? (float)x->in[c][i] : 0;
        in[c] = at;
    }
    for (uint32_t c = 0; c < x->outs; c++, at += x->frames) out[c] = at;
    mega_adapter_perform(x->adapter, in, out, x->frames);
    for (uint32_t c = 0; c < x->outs; c++)
        for (uint32_t i = 0; i < x->frames; i++) x->out[c][i] = out[c][i];
}
#endif

static t_int *perform(t_int *w) {
    object *x = (object *)w[1];
    x->anchor_time = clock_getlogicaltime();
    mega_adapter_moment(x->adapter, x->anchor_time, (uint32_t)mega_tick_frames(x->rate));
    render(x);
    x->anchor_frame = mega_adapter_frame(x->adapter);
    x->anchored = true;
    return w + 2;
}

/// Channels of a signal of Pd 0.54 and later, whose struct has them where before the count of
/// references was.
static uint32_t channels_of(const object *x, const t_signal *signal) {
    int channels;
    if (!x->setmultiout) return 1;
    memcpy(&channels, (const char *)signal + offsetof(t_signal, s_refcount), sizeof channels);
    return channels > 0 ? (uint32_t)channels : 1;
}

static void take_vectors(object *x, t_signal **signals) {
    uint32_t inlets = x->multichannel && x->ins ? 1 : x->ins;
    uint32_t outlets = x->multichannel ? 1 : x->outs, frames = x->frames;
    for (uint32_t c = 0; c < x->ins; c++) {
        const t_signal *signal = signals[c < inlets ? c : inlets - 1];
        uint32_t channel = x->multichannel ? c : 0;
        x->in[c] = channel < channels_of(x, signal) ? signal->s_vec + channel * frames : NULL;
    }
    for (uint32_t o = 0; o < outlets; o++) {
        t_signal **signal = &signals[inlets + o];
        if (x->setmultiout) x->setmultiout(signal, x->multichannel ? (int)x->outs : 1);
        x->out[o] = (*signal)->s_vec;
    }
    for (uint32_t c = outlets; c < x->outs; c++) x->out[c] = x->out[0] + c * frames;
}

static void dsp(object *x, t_signal **signals) {
    uint32_t frames = (uint32_t)signals[0]->s_n;
    double rate = (double)signals[0]->s_sr;
    if (frames != x->frames || rate != x->rate) x->anchored = false;
    x->frames = frames;
    x->rate = rate;
    take_vectors(x, signals);
    mega_adapter_format(x->adapter, (uint32_t)lround(rate), frames);
    x->link.rate = (uint32_t)lround(rate);
#if PD_FLOATSIZE != 32
    free(x->scratch);
    x->scratch = calloc((size_t)(x->ins + x->outs) * frames, sizeof *x->scratch);
    if (!x->scratch) return;
#endif
    dsp_add(perform, 1, x);
}

// ---- state in the patch ------------------------------------------------------------------------

/// A number that Pd would write with too few digits is written as the word that reads back as it.
static t_atom kept_atom(const mega_atom *atom) {
    char text[MAXPDSTRING], digits[40];
    t_atom made;
    mega_atom_text(atom, text, sizeof text);
    snprintf(digits, sizeof digits, "%g", atom->number);
    if (!atom->word && strcmp(digits, text) == 0) SETFLOAT(&made, (t_float)atom->number);
    else SETSYMBOL(&made, gensym(text));
    return made;
}

static void keep_message(void *context, const char *selector, size_t count,
                         const mega_atom *atoms) {
    t_binbuf *to = context;
    if (strcmp(selector, "dump") != 0) return;
    binbuf_addv(to, "ss", gensym("#A"), gensym("restore"));
    for (size_t i = 0; i < count; i++) {
        t_atom atom = kept_atom(&atoms[i]);
        binbuf_add(to, 1, &atom);
    }
    binbuf_addsemi(to);
}

static void save(t_gobj *gobj, t_binbuf *to) {
    object *x = (object *)gobj;
    binbuf_addv(to, "ssii", gensym("#X"), gensym("obj"), (int)x->object.te_xpix,
                (int)x->object.te_ypix);
    binbuf_addbinbuf(to, x->object.te_binbuf);
    obj_saveformat(&x->object, to);
    binbuf_addsemi(to);
    if (!x->keep) return;
    mega_listener listener = mega_adapter_listen(x->adapter, keep_message, to);
    mega_adapter_ask(x->adapter, listener, "dump", 0, NULL);
    mega_adapter_ignore(x->adapter, listener);
}

/// One of those messages, from a patch that is being opened.
static void restore(object *x, t_symbol *selector, int argc, t_atom *argv) {
    mega_atoms atoms;
    mega_atoms_init(&atoms, argc, argv);
    if (selector == gensym("state"))
        mega_adapter_restore(x->adapter, selector->s_name, atoms.count, atoms.atoms);
    else if (atoms.count && atoms.atoms->word)
        mega_adapter_restore(x->adapter, atoms.atoms->word, atoms.count - 1, atoms.atoms + 1);
    mega_atoms_finish(&atoms);
}

/// What is saved behind #A goes to whoever took that name last.
static void bind_state(object *x) {
    t_symbol *a = gensym("#A");
    a->s_thing =
        NULL; // as Pd's own objects with contents do: of an earlier object nothing is to come
    pd_bind(&x->object.ob_pd, a);
}

static void unbind_state(object *x) {
    t_symbol *a = gensym("#A");
    t_pd *bound;
    while ((bound = pd_findbyclass(a, *(t_pd *)x))) pd_unbind(bound, a);
}

// ---- making ------------------------------------------------------------------------------------

typedef struct {
    uint32_t ins, outs, voices;
    t_symbol *name, *file;
    bool keep, wait, multichannel;
    const char *wrong; // a word of the arguments
} arguments;

static uint32_t count_argument(arguments *a, int *argc, t_atom **argv, double least, double most) {
    double value = *argc > 1 && argv[0][1].a_type == A_FLOAT ? (double)argv[0][1].a_w.w_float : -1;
    if (!(value >= least && value <= most)) {
        a->wrong = argv[0][0].a_w.w_symbol->s_name;
        return (uint32_t)least;
    }
    (*argc)--;
    (*argv)++;
    return (uint32_t)value;
}

static arguments read_arguments(int argc, t_atom *argv) {
    arguments a = {.outs = 2};
    for (; argc > 0; argc--, argv++) {
        if (argv->a_type == A_FLOAT) {
            double outs = (double)argv->a_w.w_float;
            if (outs >= 1 && outs <= CHANNELS_MAX) a.outs = (uint32_t)outs;
            else a.wrong = "channels";
            continue;
        }
        const char *word = argv->a_type == A_SYMBOL ? argv->a_w.w_symbol->s_name : "";
        if (strcmp(word, "-m") == 0) a.multichannel = true;
        else if (strcmp(word, "-k") == 0) a.keep = true;
        else if (strcmp(word, "-wait") == 0) a.wait = true;
        else if (strcmp(word, "-in") == 0)
            a.ins = count_argument(&a, &argc, &argv, 0, CHANNELS_MAX);
        else if (strcmp(word, "-voices") == 0) a.voices = count_argument(&a, &argc, &argv, 1, 4096);
        else if (strcmp(word, "-name") == 0 && argc > 1 && argv[1].a_type == A_SYMBOL) {
            a.name = argv[1].a_w.w_symbol;
            argc--;
            argv++;
        } else if (*word == '-' || a.file) a.wrong = word;
        else a.file = argv->a_w.w_symbol;
    }
    return a;
}

static void make_lets(object *x) {
    uint32_t inlets = x->multichannel && x->ins ? 1 : x->ins;
    for (uint32_t i = 1; i < inlets; i++)
        inlet_new(&x->object, &x->object.ob_pd, &s_signal, &s_signal);
    uint32_t outlets = x->multichannel ? 1 : x->outs;
    for (uint32_t o = 0; o < outlets; o++) outlet_new(&x->object, &s_signal);
    x->info = outlet_new(&x->object, &s_anything);
}

static void free_object(object *x);

static void *new_object(t_symbol *selector, int argc, t_atom *argv) {
    (void)selector;
    arguments a = read_arguments(argc, argv);
    object *x = (object *)pd_new(a.ins ? inlet_class : plain_class);
    x->canvas = canvas_getcurrent();
    x->ins = a.ins;
    x->outs = a.outs;
    x->keep = a.keep;
    x->setmultiout = mega_find_setmultiout();
    x->multichannel = a.multichannel && x->setmultiout;
    make_lets(x);
    if (a.wrong)
        pd_error(x,
                 "megasynth~: `%s`: write [megasynth~ (channels) (file) -in N -voices N -name word "
                 "-m -k -wait]",
                 a.wrong);
    if (a.multichannel && !x->setmultiout)
        pd_error(
            x,
            "megasynth~: -m: this Pd has no multichannel signals (0.54 has): one outlet a channel");
    x->clock = clock_new(x, (t_method)tick);
    x->made_time = clock_getlogicaltime();
    mega_host host = {
        .context = x, .info = info, .error = error, .wake = wake, .path = path, .now_ms = now_ms};
    double rate = (double)sys_getsr();
    x->adapter = mega_adapter_create(
        &(mega_adapter_options){.rate = rate > 0 ? (uint32_t)lround(rate) : 48000,
                                .input_channels = a.ins,
                                .output_channels = a.outs,
                                .voices = a.voices,
                                .wait = a.wait},
        &host);
    if (!x->adapter) {
        pd_free(&x->object.ob_pd);
        return NULL;
    }
    static _Atomic uint64_t serial;
    x->link = (mega_link){MEGA_LINK_VERSION,   atomic_fetch_add(&serial, 1) + 1,
                          x->adapter,          0,
                          mega_tap_open,       mega_tap_close,
                          mega_tap_perform,    mega_adapter_listen,
                          mega_adapter_ignore, mega_adapter_ask};
    if ((x->name = a.name)) {
        char text[MAXPDSTRING];
        snprintf(text, sizeof text, "%s.info", x->name->s_name);
        x->name_info = gensym(text);
        pd_bind(&x->object.ob_pd, x->name);
        pd_bind(&x->object.ob_pd, mega_link_symbol(x->name));
    }
    if (a.file) mega_adapter_load(x->adapter, a.file->s_name);
    if (x->keep) bind_state(x);
    return x;
}

static void free_object(object *x) {
    if (x->keep) unbind_state(x);
    if (x->name) {
        pd_unbind(&x->object.ob_pd, mega_link_symbol(x->name));
        pd_unbind(&x->object.ob_pd, x->name);
    }
    mega_adapter_destroy(x->adapter);
    if (x->clock) clock_free(x->clock);
    free(x->scratch);
}

// ---- classes -----------------------------------------------------------------------------------

static const mega_link *give_link(const object *x) { return &x->link; }

static t_class *make_class(bool with_inlet) {
    int flags = mega_find_setmultiout() ? MEGA_CLASS_MULTICHANNEL : CLASS_DEFAULT;
    // the class of objects without signal inlets is the one that Pd makes objects of
    t_class *c = class_new(gensym("megasynth~"), with_inlet ? NULL : (t_newmethod)new_object,
                           (t_method)free_object, sizeof(object), flags, A_GIMME, A_NULL);
    if (with_inlet) class_domainsignalin(c, offsetof(object, inlet_value));
    class_addmethod(c, (t_method)dsp, gensym("dsp"), A_CANT, A_NULL);
    class_addmethod(c, (t_method)give_link, gensym("_megasynth"), A_CANT, A_NULL);
    class_addmethod(c, (t_method)restore, gensym("restore"), A_GIMME, A_NULL);
    class_addmethod(c, (t_method)restore, gensym("state"), A_GIMME, A_NULL);
    class_addbang(c, bang);
    class_addlist(c, list);
    class_addanything(c, anything);
    class_setsavefn(c, save);
    class_sethelpsymbol(c, gensym("megasynth~"));
    return c;
}

MEGA_EXPORT void megasynth_tilde_setup(void);
void megasynth_tilde_setup(void) {
    if (plain_class) return;
    inlet_class = make_class(true);
    plain_class = make_class(false);
}
