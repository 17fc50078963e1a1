// SPDX-License-Identifier: MIT
// ext_path.h -- see ext.h.
#ifndef STUB_EXT_PATH_H
#define STUB_EXT_PATH_H

#include "ext.h"

short path_getdefault(void);
short locatefile_extended(char *name, short *folder, t_fourcc *type, const t_fourcc *types,
                          short count);
short path_toabsolutesystempath(const short folder, const char *file, char *whole);
/// @return 0: a file was chosen
short open_dialog(char *name, short *folder, t_fourcc *type, t_fourcc *types, short count);
short saveasdialog_extended(char *name, short *folder, t_fourcc *type, t_fourcc *types,
                            short count);

#endif
