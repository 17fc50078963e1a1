// SPDX-License-Identifier: MIT
// sexp -- what the two halves of the S-expression reader share: sexp_scan.c (text to items), sexp.c
// (items to the tree).
#ifndef MEGA_SEXP_H
#define MEGA_SEXP_H

#include "document/formats/formats.h"

typedef enum { SEXP_LIST, SEXP_SYMBOL, SEXP_STRING, SEXP_NUMBER } sexp_kind;

/// A list or an atom. Items lie in the order of the text; a list's members follow it.
typedef struct {
    sexp_kind kind;
    uint32_t line, column;
    uint32_t start, bytes; ///< an atom's text; a string's with its quotes
    uint32_t next;         ///< the item after this one and all that is in it
} sexp_item;

typedef struct {
    sexp_item *items;
    size_t count, capacity;
} sexp_items;

enum {
    SEXP_DEPTH_MAX = 2 * MEGA_DEPTH_MAX
}; ///< `(dict (key (dict` nests two lists for an object in an object

/// How an object, or an array of fixed length, is spelled: `(name member ...)`. What no shape says
/// is
/// `(key value)`.
typedef struct sexp_shape sexp_shape;
typedef struct {
    const char *key;
    const sexp_shape *shape;
} sexp_key;
struct sexp_shape {
    const char *form; ///< of each member, for errors; NULL: this is a value, not a list of members
    const sexp_shape *each; ///< of members that `keys` does not name; NULL: values
    const sexp_key *keys;   ///< ended by a NULL key; may be NULL
    uint32_t items;         ///< not 0: so many values, an array
    bool words;             ///< strings are words of the document's own, written as symbols
};

/// How a section without a shape is written: see sexp.c and sexp_write.c.
typedef enum { SEXP_FORM_NODES, SEXP_FORM_CABLES } sexp_form;

/// The shape of a member; NULL: a value.
const sexp_shape *sexp_shape_of(const sexp_shape *object, const char *key);

/// @return false with the error reported. The caller frees `items` either way.
bool sexp_scan(mega_document *document, sexp_items *items);
/// Whether a name can stand without quotes.
bool sexp_is_symbol(const char *name, size_t bytes);

#endif
