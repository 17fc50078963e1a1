// SPDX-License-Identifier: MIT
// kernel -- as much of Max as its shim calls, for tests: symbols, classes, clocks, outlets, files,
// locks.
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "ext.h"
#include "ext_atomarray.h"
#include "ext_critical.h"
#include "ext_dictobj.h"
#include "ext_obex.h"
#include "z_dsp.h"

/// Loads an external as Max does: by its file, and `ext_main` in it.
/// @param folder in which files are found
void kernel_init(const char *external, const char *folder, double rate);
/// An object of the class that ext_main has registered, with arguments as Max parses them ("2
/// keys.json -voices 4").
/// @return NULL: its `new` refused
void *kernel_make(const char *arguments);
/// A [dict] of that name. @param name, json: a literal
void kernel_dict(const char *name, const char *json);
/// What the object puts into its box's dictionary when the patcher is saved.
t_dictionary *kernel_save(void *object);
void kernel_forget(t_dictionary *box);
/// An object of a patcher that is opened, with the dictionary of its box.
void *kernel_make_saved(const char *arguments, t_dictionary *box);
/// The file that the next dialog gives, in the folder of all files; without one it is cancelled.
void kernel_choose(const char *file);
/// Runs what was deferred to the main thread, which must be the caller's. @return how much
size_t kernel_main_queue(void);
/// A message, with what Max does to it: a lone whole number goes to `int`, another to `float`,
/// several beginning with a number to `list`, `bang` to `bang`, all else to `anything`.
void kernel_send(void *object, const char *message);
/// The same into an inlet other than the first, 0.
void kernel_send_inlet(void *object, long inlet, const char *message);
/// What comes out of the last outlet goes into the first inlet of another, too; NULL: no more.
void kernel_connect(void *from, void *to);
/// Runs the clocks that are due after `ms` more. While one runs none is freed: that waits.
void kernel_clocks(double ms);
/// Asks the object to sound, in vectors of so many samples. @return false: it added no perform
/// method
bool kernel_start_dsp(void *object, long vector_max);
/// One vector of all signal outlets; nothing once the object has begun to go.
void kernel_perform(void *object, double **ins, double **outs, long frames);
const char *kernel_assist(void *object, long where, long index);
/// Types of its outlets from the left, as one text: "signal signal anything".
const char *kernel_outlets(const void *object);
/// What came out of the last outlet, and what went to the console, a line each; both are forgotten
/// by it.
char *kernel_said(void);
long kernel_inlets(const void *object);
/// How many objects and clocks are there.
size_t kernel_alive(void);

#endif
