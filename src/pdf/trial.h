/*
 * A rehearsal at upload: an update like the one that sealing will append, read back. What cannot
 * be sealed must be known before anyone signs it.
 */
#ifndef CHIROGRAPH_PDF_TRIAL_H
#define CHIROGRAPH_PDF_TRIAL_H

#include "pdf/pdf.h"

/* has_pages: the update brings a page, as for PDF_CLEAN; without: a seal alone. */
bool pdf_trial(struct span base, unsigned pages, bool has_pages);

#endif
