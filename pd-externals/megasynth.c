// SPDX-License-Identifier: MIT
// megasynth -- all classes at once, for [declare -lib megasynth].
#include "link.h"

void megasynth_tilde_setup(void);
void setup_megasynth0x2etap_tilde(void);
void setup_megasynth0x2eget(void);

MEGA_EXPORT void megasynth_setup(void);
void megasynth_setup(void) {
    megasynth_tilde_setup();
    setup_megasynth0x2etap_tilde();
    setup_megasynth0x2eget();
}
