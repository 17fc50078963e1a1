// SPDX-License-Identifier: MIT
// ext_dictobj.h -- see ext.h.
#ifndef STUB_EXT_DICTOBJ_H
#define STUB_EXT_DICTOBJ_H

#include "ext_dictionary.h"

/// Borrows a dictionary by its name, until dictobj_release. @return NULL: there is none
t_dictionary *dictobj_findregistered_retain(t_symbol *name);
t_max_err dictobj_release(t_dictionary *d);

#endif
