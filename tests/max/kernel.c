// SPDX-License-Identifier: MIT
// kernel -- see kernel.h.
#define _GNU_SOURCE // a recursive mutex
#include "kernel.h"

#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METHODS_MAX = 32, ATTRIBUTES_MAX = 16, OUTLETS_MAX = 70, CLOCKS_MAX = 16, WORDS_MAX = 256 };

struct object_class {
    method make, destroy;
    size_t bytes;
    struct {
        const char *name;
        method function;
    } methods[METHODS_MAX];
    size_t method_count;
    struct attribute *attributes[ATTRIBUTES_MAX];
    size_t attribute_count;
    bool registered, with_dsp;
};

struct attribute {
    t_object object;
    const char *name;
    bool is_symbol;
    long offset;
    method get, set;
};

/// Before each object: what Max knows of it. Outlets in the order in which they were made.
typedef struct {
    _Alignas(16) const char *outlets[OUTLETS_MAX];
    size_t outlet_count;
    method perform;
    void *connected; // what its last outlet sends to
} header;

typedef struct {
    t_object object; // o_class NULL: a clock
    void *owner;
    method function;
    double due; // < 0: not set
    bool used;
} timer;

struct critical {
    pthread_mutex_t mutex;
};

static const char *root;
static double sample_rate, now;
static t_class *newest;
static timer timers[CLOCKS_MAX];
static size_t alive;
static char *said;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // of symbols, timers, what was said
static pthread_mutex_t chain = PTHREAD_MUTEX_INITIALIZER; // of what sounds
static pthread_mutex_t scheduler = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP; // while clocks run
static _Thread_local int locks_held;                                       // by critical_enter
static _Thread_local long inlet; // that the message came into

static t_class attribute_class;
static pthread_t main_thread;
static struct {
    void *object;
    method function;
    t_symbol *selector;
    short argc;
    t_atom *argv;
} deferred[WORDS_MAX];
static size_t deferred_count;
static const char *chosen; // by the next dialog; NULL: it is cancelled

static header *header_of(const void *object) { return (header *)object - 1; }

// ---- symbols and atoms -------------------------------------------------------------------------

t_symbol *gensym(const char *name) {
    static struct list {
        t_symbol symbol;
        struct list *next;
    } * all;
    pthread_mutex_lock(&lock);
    struct list *at = all;
    while (at && strcmp(at->symbol.s_name, name) != 0) at = at->next;
    if (!at) {
        at = calloc(1, sizeof *at);
        at->symbol.s_name = strdup(name);
        at->next = all;
        all = at;
    }
    pthread_mutex_unlock(&lock);
    return &at->symbol;
}

t_max_err atom_setsym(t_atom *atom, const t_symbol *symbol) {
    *atom = (t_atom){.a_type = A_SYM, .a_w.w_sym = (t_symbol *)symbol};
    return 0;
}
t_max_err atom_setfloat(t_atom *atom, double value) {
    *atom = (t_atom){.a_type = A_FLOAT, .a_w.w_float = value};
    return 0;
}
t_max_err atom_setlong(t_atom *atom, t_atom_long value) {
    *atom = (t_atom){.a_type = A_LONG, .a_w.w_long = value};
    return 0;
}
long atom_gettype(const t_atom *atom) { return atom->a_type; }
t_symbol *atom_getsym(const t_atom *atom) {
    return atom->a_type == A_SYM ? atom->a_w.w_sym : gensym("");
}
t_atom_float atom_getfloat(const t_atom *atom) {
    if (atom->a_type == A_LONG) return (double)atom->a_w.w_long;
    return atom->a_type == A_FLOAT ? atom->a_w.w_float : 0;
}
t_atom_long atom_getlong(const t_atom *atom) {
    if (atom->a_type == A_FLOAT) return (t_atom_long)atom->a_w.w_float;
    return atom->a_type == A_LONG ? atom->a_w.w_long : 0;
}
void *atom_getobj(const t_atom *atom) { return atom->a_type == A_OBJ ? atom->a_w.w_obj : NULL; }

// ---- classes and objects -----------------------------------------------------------------------

t_class *class_new(const char *name, const method make, const method destroy, long bytes,
                   const method menu, short type, ...) {
    assert(name && make && !menu && type == A_GIMME);
    t_class *c = calloc(1, sizeof *c);
    c->make = make;
    c->destroy = destroy;
    c->bytes = (size_t)bytes;
    return c;
}

t_max_err class_addmethod(t_class *c, const method function, const char *name, ...) {
    assert(c->method_count < METHODS_MAX);
    c->methods[c->method_count].name = name;
    c->methods[c->method_count++].function = function;
    return 0;
}

void class_dspinit(t_class *c) { c->with_dsp = true; }

t_max_err class_register(t_symbol *space, t_class *c) {
    assert(space == CLASS_BOX && c->with_dsp);
    c->registered = true;
    newest = c;
    return 0;
}

void *object_alloc(t_class *c) {
    header *made = aligned_alloc(16, (sizeof *made + c->bytes + 15) / 16 * 16);
    memset(made, 0, sizeof *made + c->bytes);
    ((t_object *)(made + 1))->o_class = c;
    alive++;
    return made + 1;
}

t_max_err object_free(void *object) {
    t_class *c = ((t_object *)object)->o_class;
    alive--;
    if (!c) {                // a clock
        assert(!locks_held); // what runs may wait for them
        pthread_mutex_lock(&scheduler);
        pthread_mutex_lock(&lock);
        ((timer *)object)->used = false;
        pthread_mutex_unlock(&lock);
        pthread_mutex_unlock(&scheduler);
        return 0;
    }
    ((void (*)(void *))c->destroy)(object);
    free(header_of(object));
    return 0;
}

static void set_perform(void *object, method perform) {
    pthread_mutex_lock(&chain);
    header_of(object)->perform = perform;
    pthread_mutex_unlock(&chain);
}

static method find(const void *object, const char *name) {
    const t_class *c = ((const t_object *)object)->o_class;
    for (size_t i = 0; i < c->method_count; i++)
        if (strcmp(c->methods[i].name, name) == 0) return c->methods[i].function;
    return NULL;
}

void *object_method_imp(void *object, void *name, void *a, void *b, void *c, void *d, void *e,
                        void *f, void *g, void *h) {
    (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
    struct attribute *attribute = object; // nothing else is sent any
    assert(attribute->object.o_class == &attribute_class && name == gensym("setmethod"));
    if (a == gensym("get")) attribute->get = (method)b;
    else attribute->set = (method)b;
    return NULL;
}

void dsp_add64(t_object *chain_object, t_object *object, t_perfroutine64 perform, long flags,
               void *user) {
    assert(chain_object && !flags && !user);
    set_perform(object, (method)perform);
}

// ---- attributes --------------------------------------------------------------------------------

t_object *attr_offset_new(const char *name, const t_symbol *type, long flags, const method get,
                          const method set, long offset) {
    assert(!flags && !get && !set);
    struct attribute *made = calloc(1, sizeof *made);
    *made = (struct attribute){.object.o_class = &attribute_class,
                               .name = name,
                               .is_symbol = type == gensym("symbol"),
                               .offset = offset};
    return &made->object;
}

t_max_err class_addattr(t_class *c, t_object *attribute) {
    assert(c->attribute_count < ATTRIBUTES_MAX);
    c->attributes[c->attribute_count++] = (struct attribute *)attribute;
    return 0;
}

static struct attribute *find_attribute(const t_class *c, const char *name) {
    for (size_t i = 0; i < c->attribute_count; i++)
        if (strcmp(c->attributes[i]->name, name) == 0) return c->attributes[i];
    return NULL;
}

void *class_attr_get(t_class *c, t_symbol *name) { return find_attribute(c, name->s_name); }

t_max_err class_attr_addattr_parse(t_class *c, const char *name, const char *of_it, t_symbol *type,
                                   long flags, const char *value) {
    assert(find_attribute(c, name) && *of_it && type && !flags && *value);
    return 0;
}

static bool is_attribute_name(const t_atom *atom) {
    return atom->a_type == A_SYM && *atom->a_w.w_sym->s_name == '@';
}

long attr_args_offset(short argc, t_atom *argv) {
    long at = 0;
    while (at < argc && !is_attribute_name(&argv[at])) at++;
    return at;
}

static void set_attribute(void *object, const struct attribute *a, long argc, t_atom *argv) {
    typedef t_max_err setter(void *, void *, long, t_atom *);
    char *field = (char *)object + a->offset;
    if (a->set) ((setter *)a->set)(object, (void *)a, argc, argv);
    else if (argc && a->is_symbol) *(t_symbol **)field = atom_getsym(argv);
    else if (argc) *(t_atom_long *)field = atom_getlong(argv);
}

void attr_args_process(void *object, short argc, t_atom *argv) {
    const t_class *c = ((t_object *)object)->o_class;
    for (long at = attr_args_offset(argc, argv); at < argc;) {
        long end = at + 1;
        while (end < argc && !is_attribute_name(&argv[end])) end++;
        const struct attribute *a = find_attribute(c, argv[at].a_w.w_sym->s_name + 1);
        if (a) set_attribute(object, a, end - at - 1, argv + at + 1);
        at = end;
    }
}

// ---- patchers' files ---------------------------------------------------------------------------

t_dictionary *kernel_save(void *object) {
    t_dictionary *box = dictionary_new();
    ((void (*)(void *, t_dictionary *))find(object, "appendtodictionary"))(object, box);
    return box;
}

void *kernel_make_saved(const char *arguments, t_dictionary *box) {
    gensym("#D")->s_thing = (t_object *)box;
    void *made = kernel_make(arguments);
    gensym("#D")->s_thing = NULL;
    return made;
}

// ---- the main thread, dialogs ------------------------------------------------------------------

void *defer(void *object, method function, t_symbol *selector, short argc, t_atom *argv) {
    typedef void deferred_function(void *, t_symbol *, short, t_atom *);
    assert(!locks_held);
    if (pthread_equal(pthread_self(), main_thread)) {
        ((deferred_function *)function)(object, selector, argc, argv);
        return NULL;
    }
    t_atom *copy = calloc((size_t)argc + 1, sizeof *copy);
    memcpy(copy, argv, (size_t)argc * sizeof *copy);
    pthread_mutex_lock(&lock);
    assert(deferred_count < WORDS_MAX);
    deferred[deferred_count].object = object;
    deferred[deferred_count].function = function;
    deferred[deferred_count].selector = selector;
    deferred[deferred_count].argc = argc;
    deferred[deferred_count++].argv = copy;
    pthread_mutex_unlock(&lock);
    return NULL;
}

size_t kernel_main_queue(void) {
    typedef void deferred_function(void *, t_symbol *, short, t_atom *);
    assert(pthread_equal(pthread_self(), main_thread));
    size_t count = deferred_count;
    for (size_t i = 0; i < count; i++) {
        ((deferred_function *)deferred[i].function)(deferred[i].object, deferred[i].selector,
                                                    deferred[i].argc, deferred[i].argv);
        free(deferred[i].argv);
    }
    deferred_count = 0;
    return count;
}

void kernel_choose(const char *file) { chosen = file; }

static short choose(char *name, short *folder) {
    assert(pthread_equal(pthread_self(), main_thread) && !locks_held);
    if (!chosen) return 1;
    strcpy(name, chosen);
    *folder = 1;
    chosen = NULL;
    return 0;
}
short open_dialog(char *name, short *folder, t_fourcc *type, t_fourcc *types, short count) {
    assert(type && !types && !count);
    return choose(name, folder);
}
short saveasdialog_extended(char *name, short *folder, t_fourcc *type, t_fourcc *types,
                            short count) {
    assert(type && !types && !count && *name);
    return choose(name, folder);
}

// ---- outlets, console, clocks, locks, files ----------------------------------------------------

static void say(const char *text) {
    pthread_mutex_lock(&lock);
    size_t before = said ? strlen(said) : 0;
    said = realloc(said, before + strlen(text) + 2);
    sprintf(said + before, "%s\n", text);
    pthread_mutex_unlock(&lock);
}

void *outlet_new(void *object, const char *type) {
    header *h = header_of(object);
    assert(h->outlet_count < OUTLETS_MAX);
    h->outlets[h->outlet_count] = type ? type : "anything";
    return &h->outlets[h->outlet_count++];
}

void *outlet_anything(void *outlet, const t_symbol *selector, short argc, const t_atom *argv) {
    char text[4096];
    assert(outlet && !locks_held); // what it comes to may need the lock, or another
    int at = snprintf(text, sizeof text, "%s", selector->s_name);
    for (short i = 0; i < argc && at < 4000; i++)
        at += argv[i].a_type == A_SYM
                  ? snprintf(text + at, sizeof text - (size_t)at, " %.200s",
                             argv[i].a_w.w_sym->s_name)
                  : snprintf(text + at, sizeof text - (size_t)at, " %g", atom_getfloat(&argv[i]));
    say(text);
    header *from = outlet; // the last outlet is made first, and stands first in the header
    if (from->connected) kernel_send(from->connected, text);
    return NULL;
}

void object_error(t_object *object, const char *format, ...) {
    char text[4096] = "console: ";
    va_list list;
    assert(object && !locks_held);
    va_start(list, format);
    vsnprintf(text + 9, sizeof text - 9, format, list);
    va_end(list);
    say(text);
}

void *clock_new(void *object, method function) {
    int i = 0;
    pthread_mutex_lock(&lock);
    while (i < CLOCKS_MAX && timers[i].used) i++;
    assert(i < CLOCKS_MAX);
    timers[i] = (timer){.owner = object, .function = function, .due = -1, .used = true};
    alive++;
    pthread_mutex_unlock(&lock);
    return &timers[i];
}

void clock_fdelay(void *clock, double ms) {
    pthread_mutex_lock(&lock);
    ((timer *)clock)->due = now + ms;
    pthread_mutex_unlock(&lock);
}

void clock_getftime(double *time) {
    pthread_mutex_lock(&lock);
    *time = now;
    pthread_mutex_unlock(&lock);
}

/// Whoever takes it twice is told.
void critical_new(t_critical *made) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    *made = malloc(sizeof **made);
    pthread_mutex_init(&(*made)->mutex, &attributes);
}
void critical_enter(t_critical it) {
    int error = pthread_mutex_lock(&it->mutex);
    assert(!error);
    (void)error;
    locks_held++;
}
void critical_exit(t_critical it) {
    locks_held--;
    pthread_mutex_unlock(&it->mutex);
}
void critical_free(t_critical it) {
    pthread_mutex_destroy(&it->mutex);
    free(it);
}

short path_getdefault(void) { return 1; }
short path_toabsolutesystempath(const short folder, const char *file, char *whole) {
    assert(folder == 1);
    return snprintf(whole, MAX_PATH_CHARS, "%s%s%s", *file == '/' ? "" : root,
                    *file == '/' ? "" : "/", file) >= MAX_PATH_CHARS;
}
short locatefile_extended(char *name, short *folder, t_fourcc *type, const t_fourcc *types,
                          short count) {
    char whole[MAX_PATH_CHARS];
    assert(!types && !count && type);
    *folder = 1;
    return path_toabsolutesystempath(1, name, whole) || access(whole, R_OK);
}

// ---- sound -------------------------------------------------------------------------------------

void dsp_setup(t_pxobject *object, long inlets) { object->z_in = inlets; }
void dsp_free(t_pxobject *object) { set_perform(object, NULL); }
float sys_getsr(void) { return (float)sample_rate; }

// ---- what the test calls -----------------------------------------------------------------------

void kernel_init(const char *external, const char *folder, double rate) {
    root = folder;
    main_thread = pthread_self();
    sample_rate = rate;
    void *module = dlopen(external, RTLD_NOW | RTLD_LOCAL);
    if (!module) fprintf(stderr, "%s\n", dlerror());
    assert(module);
    void (*ext_main)(void *) = (void (*)(void *))dlsym(module, "ext_main");
    assert(ext_main);
    ext_main(NULL);
}

static long parse(const char *text, t_atom *atoms) {
    char *copy = strdup(text), *rest = copy, *word;
    long count = 0;
    while ((word = strtok_r(rest, " ", &rest)) && count < WORDS_MAX) {
        char *end;
        double value = strtod(word, &end);
        if (*end || end == word) atom_setsym(&atoms[count++], gensym(word));
        else if (strpbrk(word, ".eE")) atom_setfloat(&atoms[count++], value);
        else atoms[count++] = (t_atom){.a_type = A_LONG, .a_w.w_long = (t_atom_long)value};
    }
    free(copy);
    return count;
}

void *kernel_make(const char *arguments) {
    t_atom atoms[WORDS_MAX];
    long count = parse(arguments, atoms);
    return ((void *(*)(t_symbol *, long, t_atom *))newest->make)(gensym("megasynth~"), count,
                                                                 atoms);
}

typedef void message(void *, t_symbol *, long, t_atom *);

/// To the method of that name, the attribute of that name, or `anything`.
static void send_word(void *object, t_symbol *word, long argc, t_atom *argv) {
    const struct attribute *a = find_attribute(((t_object *)object)->o_class, word->s_name);
    if (a) set_attribute(object, a, argc, argv);
    else if (strcmp(word->s_name, "dictionary") == 0)
        ((void (*)(void *, t_symbol *))find(object, "dictionary"))(object, atom_getsym(argv));
    else if (strcmp(word->s_name, "read") == 0 || strcmp(word->s_name, "write") == 0)
        ((message *)find(object, word->s_name))(object, word, argc, argv);
    else ((message *)find(object, "anything"))(object, word, argc, argv);
}

void kernel_send(void *object, const char *text) {
    t_atom atoms[WORDS_MAX];
    long count = parse(text, atoms);
    assert(count > 0);
    short type = atoms[0].a_type;
    if (type == A_SYM && strcmp(atoms[0].a_w.w_sym->s_name, "bang") == 0)
        ((void (*)(void *))find(object, "bang"))(object);
    else if (type == A_SYM) send_word(object, atoms[0].a_w.w_sym, count - 1, atoms + 1);
    else if (count > 1) ((message *)find(object, "list"))(object, gensym("list"), count, atoms);
    else if (type == A_LONG)
        ((void (*)(void *, t_atom_long))find(object, "int"))(object, atoms[0].a_w.w_long);
    else ((void (*)(void *, double))find(object, "float"))(object, atoms[0].a_w.w_float);
}

void kernel_send_inlet(void *object, long number, const char *text) {
    inlet = number;
    kernel_send(object, text);
    inlet = 0;
}
long proxy_getinlet(t_object *object) {
    assert(object);
    return inlet;
}

void kernel_connect(void *from, void *to) { header_of(from)->connected = to; }

void kernel_clocks(double ms) {
    pthread_mutex_lock(&scheduler);
    pthread_mutex_lock(&lock);
    now += ms;
    for (int i = 0; i < CLOCKS_MAX; i++) {
        if (!timers[i].used || timers[i].due < 0 || timers[i].due > now) continue;
        timers[i].due = -1;
        timer due = timers[i];
        pthread_mutex_unlock(&lock);
        ((void (*)(void *))due.function)(due.owner);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    pthread_mutex_unlock(&scheduler);
}

bool kernel_start_dsp(void *object, long vector_max) {
    t_object dsp = {0};
    short connected[OUTLETS_MAX] = {1};
    set_perform(object, NULL);
    ((void (*)(void *, t_object *, short *, double, long, long))find(object, "dsp64"))(
        object, &dsp, connected, sample_rate, vector_max, 0);
    return header_of(object)->perform != NULL;
}

void kernel_perform(void *object, double **ins, double **outs, long frames) {
    typedef void perform64(void *, t_object *, double **, long, double **, long, long, long,
                           void *);
    t_object dsp = {0};
    header *h = header_of(object);
    pthread_mutex_lock(&chain);
    if (h->perform)
        ((perform64 *)h->perform)(object, &dsp, ins, kernel_inlets(object), outs,
                                  (long)h->outlet_count - 1, frames, 0, NULL);
    pthread_mutex_unlock(&chain);
}

const char *kernel_assist(void *object, long where, long index) {
    static char text[ASSIST_MAX_STRING_LEN];
    *text = 0;
    ((void (*)(void *, void *, long, long, char *))find(object, "assist"))(object, NULL, where,
                                                                           index, text);
    return text;
}

const char *kernel_outlets(const void *object) {
    static char text[OUTLETS_MAX * 10];
    const header *h = header_of(object);
    *text = 0;
    for (size_t i = h->outlet_count; i-- > 0;) { // made from the right
        strcat(text, h->outlets[i]);
        if (i) strcat(text, " ");
    }
    return text;
}

char *kernel_said(void) {
    pthread_mutex_lock(&lock);
    char *all = said ? said : strdup("");
    said = NULL;
    pthread_mutex_unlock(&lock);
    return all;
}

long kernel_inlets(const void *object) { return ((const t_pxobject *)object)->z_in; }
size_t kernel_alive(void) { return alive; }
