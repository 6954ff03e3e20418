/* The details of errors in Portuguese: see api/details.def. */
#ifndef CHIROGRAPH_API_DETAIL_H
#define CHIROGRAPH_API_DETAIL_H

#include "base/bytes.h"

/* Appends what an English detail says, in Portuguese; nothing when that is not known. */
void detail_portuguese(const char *detail, struct buf *out);

#endif
