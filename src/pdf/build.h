/*
 * From a job to drafts, once the evidence pages exist as a PDF of their own.
 */
#ifndef CHIROGRAPH_PDF_BUILD_H
#define CHIROGRAPH_PDF_BUILD_H

#include "pdf/pdf.h"

enum err CHECKED pdf_build_on(const struct pdf_job *job, struct span pages,
    struct pdf_draft drafts[PDF_DRAFTS_MAX], size_t *count);

/* Digest of a file without the part between two offsets. */
enum err CHECKED pdf_digest(struct span before, struct span after, uint8_t out[SHA256_SIZE]);

#endif
