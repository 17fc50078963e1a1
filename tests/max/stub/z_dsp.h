// SPDX-License-Identifier: MIT
// z_dsp.h -- see ext.h.
#ifndef STUB_Z_DSP_H
#define STUB_Z_DSP_H

#include "ext_obex.h"

typedef struct {
    t_object z_ob;
    long z_in;
} t_pxobject;

typedef void (*t_perfroutine64)(t_object *object, t_object *dsp64, double **ins, long in_count,
                                double **outs, long out_count, long frames, long flags, void *user);

void class_dspinit(t_class *c);
void dsp_add64(t_object *chain, t_object *object, t_perfroutine64 perform, long flags, void *user);
void z_dsp_setup(t_pxobject *object, long inlets);
#define dsp_setup z_dsp_setup
void z_dsp_free(t_pxobject *object);
#define dsp_free z_dsp_free
float sys_getsr(void);

#endif
