/*
 * The signatures a PDF already carries, and whether one of them forbids adding another.
 */
#ifndef CHIROGRAPH_PDF_SIGNATURES_H
#define CHIROGRAPH_PDF_SIGNATURES_H

#include "pdf/open.h"

#define SIGNATURES_SEEN_MAX 256

struct pdf_signatures {
	unsigned count;                /* usage rights included */
	bool is_locked;                /* DocMDP P=1, FieldMDP or Lock over all fields */
	bool is_broken;  /* one claims bytes that the file does not have */
	int seen[SIGNATURES_SEEN_MAX]; /* object numbers counted already */
	size_t seen_count;
	unsigned budget; /* fields and annotations still to be looked at */
};

void pdf_signatures_find(struct pdf_file *f, unsigned pages, struct pdf_signatures *out);

#endif
