// SPDX-License-Identifier: MIT
// asserts -- assertions on numbers and texts whose failure prints both values. After cmocka.h.
#ifndef ASSERTS_H
#define ASSERTS_H

#include <math.h>
#include <string.h>

static inline void assert_print(double got, const char *expression, const char *relation,
                                double wanted, const char *file, int line) {
    print_error("%s is %.9g, not %s %.9g\n", expression, got, relation, wanted);
    _fail(file, line);
}

// Example: assert_number(peak, <, 0.5)
// Becomes: if (!(peak < 0.5)) it fails with "peak is 0.7, not < 0.5"
#define assert_number(got, relation, wanted)                                                       \
    do {                                                                                           \
        const double got_ = (double)(got), wanted_ = (double)(wanted);                             \
        if (!(got_ relation wanted_))                                                              \
            assert_print(got_, #got, #relation, wanted_, __FILE__, __LINE__);                      \
    } while (0)

#define assert_float_near(got, wanted, within)                                                     \
    do {                                                                                           \
        const double got_ = (double)(got), wanted_ = (double)(wanted);                             \
        if (!(fabs(got_ - wanted_) <= (double)(within)))                                           \
            assert_print(got_, #got, "within " #within " of", wanted_, __FILE__, __LINE__);        \
    } while (0)

#endif
