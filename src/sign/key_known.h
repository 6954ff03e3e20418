/* Keys whose private half everybody has: manuals, RFCs and test vectors publish them. */
#ifndef CHIROGRAPH_SIGN_KEY_KNOWN_H
#define CHIROGRAPH_SIGN_KEY_KNOWN_H

#include "sign/sign.h"

/* Where the private half of the key with this SPKI was published; NULL: nowhere known. */
const char *key_known(struct span spki);

#endif
