/*
 * Fonts of the evidence pages: a fontconfig configuration of our own that holds only the files
 * these pages need. Nothing is scanned: src/pdf/fonts.txt names the file for each script, and
 * only a character none of them has makes us look through the folders.
 */
#ifndef CHIROGRAPH_PDF_PAGE_FONT_H
#define CHIROGRAPH_PDF_PAGE_FONT_H

#include "base/bytes.h"

#include <pango/pangocairo.h>

enum err CHECKED page_fonts_open(void);  /* once a process; later calls do nothing */
void page_fonts_cover(const char *utf8); /* make its characters printable */
bool page_fonts_lack(gunichar c);        /* asked for, and no font has it */
PangoFontMap *page_fonts_map(void); /* after the last cover; caller unrefs; NULL without memory */

#endif
