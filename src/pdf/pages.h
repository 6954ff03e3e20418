/*
 * Evidence pages: from the evidence JSON (docs/evidence.md) to a PDF of A4 pages of its own,
 * which the dossier takes over. Runs in press: opens nothing but font files and the zone's
 * tzdata, each at its first use. Same input, same bytes.
 *
 * For the sandbox: read-only /usr/share/fonts (and the added folders) and /usr/share/zoneinfo;
 * /etc/localtime is tried and may be refused. pango asks fontconfig in short-lived threads.
 */
#ifndef CHIROGRAPH_PDF_PAGES_H
#define CHIROGRAPH_PDF_PAGES_H

#include "base/bytes.h"

/* drawings may be empty. out: initialised, its limit is the largest PDF wanted.
 * ERR_JSON… for broken JSON, ERR_FIELD_VALUE when the evidence is not an object of version 1. */
enum err CHECKED pdf_pages(struct span evidence, struct span drawings, struct buf *out);

/* Before the first pages: one more folder (with its subfolders' files not included) to look for
 * fonts in, looked through before the distribution's. At most PAGES_FOLDERS_MAX; NULL is ignored.
 */
#define PAGES_FOLDERS_MAX 8
void pdf_pages_font_folder(const char *folder);

struct pages_counts {
	unsigned pages;
	unsigned unknown_glyphs; /* boxes on the pages: never anything but 0 */
	unsigned replaced;       /* characters without a font, printed as ‹U+…› */
};
enum err CHECKED pdf_pages_counted(
    struct span evidence, struct span drawings, struct buf *out, struct pages_counts *counts);

#endif
