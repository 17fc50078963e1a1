// SPDX-License-Identifier: MIT
// ext_critical.h -- see ext.h.
#ifndef STUB_EXT_CRITICAL_H
#define STUB_EXT_CRITICAL_H

typedef struct critical *t_critical;
void critical_new(t_critical *lock);
void critical_enter(t_critical lock);
void critical_exit(t_critical lock);
void critical_free(t_critical lock);

#endif
