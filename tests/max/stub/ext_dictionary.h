// SPDX-License-Identifier: MIT
// ext_dictionary.h -- see ext.h.
#ifndef STUB_EXT_DICTIONARY_H
#define STUB_EXT_DICTIONARY_H

#include "ext_obex.h"

typedef struct dictionary t_dictionary;

t_dictionary *dictionary_new(void);
t_max_err dictionary_appenddictionary(t_dictionary *d, t_symbol *key, t_object *value);
t_max_err dictionary_getdictionary(const t_dictionary *d, t_symbol *key, t_object **value);
/// @param keys receives an array for dictionary_freekeys
t_max_err dictionary_getkeys(const t_dictionary *d, long *count, t_symbol ***keys);
void dictionary_freekeys(t_dictionary *d, long count, t_symbol **keys);
t_max_err dictionary_getatom(const t_dictionary *d, t_symbol *key, t_atom *value);
t_max_err dictionary_getatoms(const t_dictionary *d, t_symbol *key, long *argc, t_atom **argv);
t_max_err dictionary_appendatoms(t_dictionary *d, t_symbol *key, long argc, t_atom *argv);

#endif
