// SPDX-License-Identifier: MIT
// static_jansson -- lets Debian's libjansson.a into a shared library.
//
// Its objects are position independent but for one: json_loadf compares its argument with stdin,
// and addresses that as only a program can. Nobody here calls json_loadf; with a `stdin` of our
// own, which is hidden, the linker has what it wants and nothing else in the process sees it.
#include <stdio.h>

#undef stdin
__attribute__((visibility("hidden"))) FILE *stdin;
