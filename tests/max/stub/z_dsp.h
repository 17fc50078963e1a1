// SPDX-License-Identifier: MIT
// z_dsp.h -- see ext.h.
#ifndef STUB_Z_DSP_H
#define STUB_Z_DSP_H

#include "ext_obex.h"

typedef struct {
    t_object z_ob;
    long z_in;
} t_pxobject;

void class_dspinit(t_class *c);
void dsp_setup(t_pxobject *object, long inlets);
void dsp_free(t_pxobject *object);
double sys_getsr(void);

#endif
