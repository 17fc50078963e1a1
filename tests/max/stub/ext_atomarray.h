// SPDX-License-Identifier: MIT
// ext_atomarray.h -- see ext.h.
#ifndef STUB_EXT_ATOMARRAY_H
#define STUB_EXT_ATOMARRAY_H

#include "ext_obex.h"

typedef struct atomarray t_atomarray;

/// @param argv receives the array's own atoms
t_max_err atomarray_getatoms(t_atomarray *x, long *argc, t_atom **argv);

#endif
