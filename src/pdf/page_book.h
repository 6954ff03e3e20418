/*
 * A book is one set of evidence pages in the making: what to say (the JSON and the labels),
 * and a display list of what stands where. Sections only append; nothing is drawn until all
 * of them ran, since each foot names the number of pages. Strings given to the book must live
 * as long as it does: they come from the JSON, the labels or the book's arena.
 */
#ifndef CHIROGRAPH_PDF_PAGE_BOOK_H
#define CHIROGRAPH_PDF_PAGE_BOOK_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"

#include <pango/pangocairo.h>

/* Points, A4. Three columns: A section titles, B labels, C values. */
#define PAGE_WIDTH 595.28
#define PAGE_HEIGHT 841.89
#define PAGE_LEFT 54.0
#define PAGE_RIGHT (PAGE_WIDTH - 54.0)
#define PAGE_TOP 80.0
#define PAGE_BOTTOM 780.0
#define COLUMN_B 160.0
#define COLUMN_C 285.0
#define WIDTH_ALL (PAGE_RIGHT - PAGE_LEFT)
#define WIDTH_A (COLUMN_B - PAGE_LEFT - 12.0)
#define WIDTH_B (COLUMN_C - COLUMN_B - 10.0)
#define WIDTH_C (PAGE_RIGHT - COLUMN_C)
#define WIDTH_BC (PAGE_RIGHT - COLUMN_B)
#define ROW_GAP 3.2

enum page_style {
	STYLE_BRAND, /* the word mark */
	STYLE_TITLE,
	STYLE_NAME,
	STYLE_LEAD, /* the line below a title */
	STYLE_SECTION,
	STYLE_LABEL,
	STYLE_VALUE,
	STYLE_MUTED, /* a value that says "did not happen" */
	STYLE_STRONG,
	STYLE_ACCENT,
	STYLE_SMALL,
	STYLE_HASH,
	STYLE_COMMAND,
	STYLE_CODE,
	STYLE_QUOTE,
	STYLE_SIGNATURE, /* a typed name */
	STYLE_MARK,      /* the watermark */
	STYLE_COUNT_,
};

enum page_ink { INK_TEXT, INK_SOFT, INK_ACCENT, INK_RULE, INK_MARK, INK_PAPER };

enum page_op_kind {
	OP_TEXT,
	OP_LINE_OF,
	OP_RULE,
	OP_FRAME,
	OP_DOT,
	OP_WAVE,
	OP_QR,
	OP_STROKES,
	OP_FIT
};

struct page_op {
	enum page_op_kind kind;
	double x, y, w, h; /* y: top, downwards */
	enum page_ink ink;
	enum page_style style; /* OP_TEXT */
	PangoAlignment align;  /* OP_TEXT */
	bool is_hollow;        /* OP_DOT */
	const char *text;      /* OP_TEXT: one line, cut with an ellipsis; OP_FIT: made as small as
				* the box needs, never cut; OP_QR: what it says */
	PangoLayoutLine *line; /* OP_LINE_OF */
	const json_t *strokes;
	struct page_op *next;
};

struct page {
	struct page_op *first, *last;
	const char *heading; /* small line on top, NULL on the cover */
};

struct page_label {
	const char *key, *text;
};
#define LABELS_MAX 256

struct layout_kept {
	PangoLayout *layout;
	struct layout_kept *next;
};

struct book {
	struct arena *arena;
	json_t *evidence, *drawings; /* borrowed; drawings may be NULL */
	struct page_label labels[LABELS_MAX];
	size_t label_count;
	const char *zone; /* known here */
	bool is_pt_or_es; /* 1.234 instead of 1,234 */
	PangoContext *context;
	PangoFontDescription *fonts[STYLE_COUNT_];
	struct layout_kept *kept;
	struct page *pages;
	size_t page_count, page_room;
	double y;            /* where the next thing goes, on the last page */
	const char *heading; /* of pages to come */
	enum err failed;     /* first failure sticks */
	unsigned unknown_glyphs, replaced;
};

/* page_text.c: words */
enum err CHECKED labels_load(struct book *b, const char *language);
const char *label(const struct book *b, const char *key); /* the key itself when there is none */
const char *label_of(
    const struct book *b, const char *prefix, const char *word, const char *otherwise);
/* Pairs of name and value, ended by NULL: "{name}" in the label is filled in. */
const char *label_fill(struct book *b, const char *key, ...);
const char *book_keep(
    struct book *b, const char *text); /* safe to print: see docs/evidence.md, rule 5 */
const char *book_number(struct book *b, json_int_t n, bool grouped);
const char *book_time(struct book *b, const char *rfc3339); /* NULL gives NULL */
const char *book_duration(struct book *b, json_int_t ms);
const char *text_at(
    const json_t *object, const char *name); /* NULL when absent, null or no string */
json_int_t number_at(const json_t *object, const char *name); /* 0 … */

/* page_flow.c: where things stand */
void book_page(struct book *b);                /* a new page */
void book_need(struct book *b, double height); /* a new page unless so much room is left */
struct page_op *book_op(
    struct book *b, enum page_op_kind kind, double x, double y, double w, double h);
void book_line(struct book *b, double x, double y, double w, enum page_style s, const char *text);
void book_rule(struct book *b, double x, double y, double w);
/* Wrapped text from b->y on, over as many pages as it takes; b->y ends below it. */
void book_text(struct book *b, double x, double w, enum page_style s, const char *text);
/* The same, with a second text in the soft ink behind the first; NULL: none. */
void book_text_two(
    struct book *b, double x, double w, enum page_style s, const char *first, const char *second);
/* One line at the right edge, beside text that begins at y. */
void book_right(struct book *b, double y, double w, const char *text);
void book_section(
    struct book *b, const char *title, double room); /* rule and title; room: kept together */
void book_row(struct book *b, const char *name, enum page_style s, const char *value);
/* A missing value says so in the words of that label. */
void book_row_or(struct book *b, const char *name, const char *value, const char *otherwise);
void book_style_apply(const struct book *b, PangoLayout *layout, enum page_style s);
enum page_ink style_ink(enum page_style s);
enum err CHECKED book_fonts(struct book *b);

/* the sections */
void cover_make(struct book *b);
void signers_make(struct book *b);
void log_make(struct book *b);

/* page_draw.c */
enum err CHECKED book_draw(struct book *b, struct buf *out);

#endif
