/*
 * What front checks of a dossier by itself, without parsing it: press opened a stranger's file,
 * so its word alone is not enough.
 */
#ifndef CHIROGRAPH_PDF_RECHECK_H
#define CHIROGRAPH_PDF_RECHECK_H

#include "base/bytes.h"

/* Where press says the signature's digits are: the first digit's offset in the file, their number.
 */
struct seal_gap {
	size_t at, digits;
};

/* The gap is <hex>, the file names it as its byte range, and what keyd signed is the digest of
 * all other bytes. ERR_PEER_GONE when press lied or erred. */
enum err CHECKED seal_recheck(
    struct span file, struct seal_gap gap, struct span chain, struct span signed_attributes);

#endif
