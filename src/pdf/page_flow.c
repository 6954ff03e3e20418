/*
 * Where things stand: the type sizes, the grid's rows and sections, and page breaks. Text
 * breaks between lines, so nothing ever overlaps or leaves the page, whatever its length.
 */
#include "pdf/page_book.h"

#include <string.h>

#define PIECE_MAX 2000                  /* bytes */
#define SOFT_INK 0x5e5e, 0x6666, 0x7070 /* INK_SOFT, for a part of a line */

static const struct {
	const char *family;
	double size;
	PangoWeight weight;
	PangoStyle slant;
	enum page_ink ink;
	double leading; /* added between lines */
	int tracking;   /* thousandths of a point */
} styles[STYLE_COUNT_] = {
    [STYLE_BRAND] = {"Noto Sans", 7, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, INK_ACCENT, 0, 2200},
    [STYLE_TITLE] = {"Noto Serif Display", 25, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_TEXT, 0,
	0},
    [STYLE_NAME] = {"Noto Serif Display", 22, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_TEXT, 0,
	0},
    [STYLE_LEAD] = {"Noto Sans", 10.5, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_SOFT, 1, 0},
    [STYLE_SECTION] = {"Noto Serif Display", 12.5, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL,
	INK_ACCENT, -1, 0},
    [STYLE_LABEL] = {"Noto Sans", 7.6, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_SOFT, 0, 0},
    [STYLE_VALUE] = {"Noto Sans", 8.6, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_TEXT, 0, 0},
    [STYLE_MUTED] = {"Noto Sans", 8.6, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_SOFT, 0, 0},
    [STYLE_STRONG] = {"Noto Sans", 8.6, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, INK_TEXT, 0, 0},
    [STYLE_ACCENT] = {"Noto Sans", 8.6, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, INK_ACCENT, 0, 0},
    [STYLE_SMALL] = {"Noto Sans", 7, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_SOFT, 0, 0},
    [STYLE_HASH] = {"DejaVu Sans Mono", 6.5, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_TEXT, 1.5,
	0},
    [STYLE_COMMAND] = {"DejaVu Sans Mono", 7, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_TEXT, 1,
	0},
    [STYLE_CODE] = {"DejaVu Sans Mono", 13, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL, INK_TEXT, 1,
	0},
    [STYLE_QUOTE] = {"Noto Serif Display", 10.5, PANGO_WEIGHT_NORMAL, PANGO_STYLE_ITALIC, INK_TEXT,
	1, 0},
    [STYLE_SIGNATURE] = {"Noto Serif Display", 30, PANGO_WEIGHT_NORMAL, PANGO_STYLE_ITALIC,
	INK_ACCENT, 0, 0},
    [STYLE_MARK] = {"Noto Sans", 40, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL, INK_MARK, 0, 0},
};

enum page_ink style_ink(enum page_style s)
{
	return styles[s].ink;
}

enum err book_fonts(struct book *b)
{
	for (size_t i = 0; i < STYLE_COUNT_; i++) {
		PangoFontDescription *font = pango_font_description_new();
		ENSURE(font != NULL, ERR_MEMORY);
		b->fonts[i] = font;
		pango_font_description_set_family_static(font, styles[i].family);
		pango_font_description_set_size(font, (int)(styles[i].size * PANGO_SCALE));
		pango_font_description_set_weight(font, styles[i].weight);
		pango_font_description_set_style(font, styles[i].slant);
	}
	return OK;
}

void book_style_apply(const struct book *b, PangoLayout *layout, enum page_style s)
{
	PangoAttrList *attributes = pango_attr_list_new();

	pango_layout_set_font_description(layout, b->fonts[s]);
	/* The page reads left to right also where a name does not. */
	pango_layout_set_auto_dir(layout, FALSE);
	pango_layout_set_spacing(layout, (int)(styles[s].leading * PANGO_SCALE));
	if (styles[s].tracking != 0)
		pango_attr_list_insert(attributes,
		    pango_attr_letter_spacing_new(styles[s].tracking * PANGO_SCALE / 1000));
	/* A hash is broken where it has to be, never hyphenated. */
	pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
	pango_layout_set_attributes(layout, attributes);
	pango_attr_list_unref(attributes);
}

void book_page(struct book *b)
{
	if (b->page_count == b->page_room) {
		size_t room = b->page_room == 0 ? 16 : b->page_room * 2;
		struct page *grown = mem_resize(
		    b->pages, b->page_room * sizeof(*b->pages), room * sizeof(*b->pages));
		if (grown == NULL) {
			b->failed = ERR_MEMORY;
			return;
		}
		b->pages = grown;
		b->page_room = room;
	}
	b->pages[b->page_count++] = (struct page){.heading = b->heading};
	b->y = PAGE_TOP;
}

void book_need(struct book *b, double height)
{
	if (b->page_count == 0 || b->y + height > PAGE_BOTTOM)
		book_page(b);
}

static struct page_op spare_op; /* written to, never drawn, once the book has failed */

struct page_op *book_op(
    struct book *b, enum page_op_kind kind, double x, double y, double w, double h)
{
	struct page_op *op = b->failed == OK ? arena_alloc(b->arena, sizeof(*op)) : NULL;

	if (op == NULL || b->page_count == 0) {
		b->failed = b->failed == OK ? ERR_MEMORY : b->failed;
		return &spare_op;
	}
	*op = (struct page_op){.kind = kind, .x = x, .y = y, .w = w, .h = h};
	struct page *page = &b->pages[b->page_count - 1];
	if (page->last == NULL)
		page->first = op;
	else
		page->last->next = op;
	page->last = op;
	return op;
}

void book_line(struct book *b, double x, double y, double w, enum page_style s, const char *text)
{
	struct page_op *op = book_op(b, OP_TEXT, x, y, w, 0);

	op->style = s;
	op->ink = styles[s].ink;
	op->text = text;
}

void book_rule(struct book *b, double x, double y, double w)
{
	book_op(b, OP_RULE, x, y, w, 0)->ink = INK_RULE;
}

static PangoLayout *layout_make(struct book *b, double w, enum page_style s, const char *text)
{
	PangoLayout *layout = pango_layout_new(b->context);
	struct layout_kept *k = arena_alloc(b->arena, sizeof(*k));

	if (k == NULL) {
		g_object_unref(layout);
		b->failed = ERR_MEMORY;
		return NULL;
	}
	k->layout = layout;
	k->next = b->kept;
	b->kept = k;
	book_style_apply(b, layout, s);
	pango_layout_set_width(layout, (int)(w * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_text(layout, text, -1);
	b->unknown_glyphs += (unsigned)pango_layout_get_unknown_glyphs_count(layout);
	return layout;
}

static void layout_soften(PangoLayout *layout, size_t from)
{
	PangoAttrList *attributes = pango_attr_list_copy(pango_layout_get_attributes(layout));
	PangoAttribute *colour = pango_attr_foreground_new(SOFT_INK);

	colour->start_index = (guint)from;
	pango_attr_list_insert(attributes, colour);
	pango_layout_set_attributes(layout, attributes);
	pango_attr_list_unref(attributes);
}

static void layout_place(struct book *b, PangoLayout *layout, double x, double w, enum page_style s)
{
	int count = layout == NULL ? 0 : pango_layout_get_line_count(layout);

	for (int i = 0; i < count && b->failed == OK; i++) {
		PangoLayoutLine *line = pango_layout_get_line_readonly(layout, i);
		PangoRectangle box;
		pango_layout_line_get_extents(line, NULL, &box);
		double height = (double)box.height / PANGO_SCALE;
		book_need(b, height);
		struct page_op *op = book_op(b, OP_LINE_OF, x, b->y, w, height);
		op->h = -(double)box.y / PANGO_SCALE; /* to the baseline */
		op->ink = styles[s].ink;
		op->line = line;
		b->y += height + styles[s].leading;
	}
}

/* Where a long text may be cut: behind the last space of the piece, else between characters. */
static size_t piece_size(const char *text)
{
	size_t size = strnlen(text, PIECE_MAX + 1);

	if (size <= PIECE_MAX)
		return size;
	for (size_t at = PIECE_MAX; at > PIECE_MAX / 2; at--)
		if (text[at - 1] == ' ' || text[at - 1] == '\n')
			return at;
	return (size_t)(g_utf8_find_prev_char(text, text + PIECE_MAX + 1) - text);
}

/* In pieces: breaking a paragraph into lines costs the square of its length. */
void book_text(struct book *b, double x, double w, enum page_style s, const char *text)
{
	size_t size = piece_size(text);

	while (b->failed == OK && text[size] != '\0') {
		const char *piece = arena_string(b->arena, text, size);
		layout_place(b, piece == NULL ? NULL : layout_make(b, w, s, piece), x, w, s);
		text += size;
		size = piece_size(text);
	}
	layout_place(b, b->failed == OK ? layout_make(b, w, s, text) : NULL, x, w, s);
}

void book_text_two(
    struct book *b, double x, double w, enum page_style s, const char *first, const char *second)
{
	if (second != NULL && strlen(second) > PIECE_MAX) {
		book_text(b, x, w, s, first);
		book_text(b, x, w, STYLE_LABEL, second);
		return;
	}
	const char *both =
	    second == NULL ? first : arena_format(b->arena, "%s   %s", first, second);
	PangoLayout *layout = b->failed == OK && both != NULL ? layout_make(b, w, s, both) : NULL;

	if (layout != NULL && second != NULL)
		layout_soften(layout, strlen(first));
	layout_place(b, layout, x, w, s);
}

void book_right(struct book *b, double y, double w, const char *text)
{
	struct page_op *op = book_op(b, OP_TEXT, PAGE_RIGHT - w, y + 0.9, w, 0);

	op->style = STYLE_LABEL;
	op->ink = INK_SOFT;
	op->align = PANGO_ALIGN_RIGHT;
	op->text = text;
}

void book_section(struct book *b, const char *title, double room)
{
	b->y += 7;
	book_need(b, room + 14);
	book_rule(b, PAGE_LEFT, b->y, WIDTH_ALL);
	b->y += 7;
	double top = b->y;
	book_text(b, PAGE_LEFT, WIDTH_A, STYLE_SECTION, title);
	b->y = top;
}

void book_row(struct book *b, const char *name, enum page_style s, const char *value)
{
	book_need(b, 13);
	double top = b->y;
	size_t page = b->page_count;
	b->y = top + (s == STYLE_HASH || s == STYLE_COMMAND ? -0.5 : 0.9);
	book_text(b, COLUMN_B, WIDTH_B, STYLE_LABEL, name);
	double label_end = b->y;
	if (b->page_count == page)
		b->y = top + (s == STYLE_HASH ? 1.2 : 0);
	page = b->page_count;
	book_text(b, COLUMN_C, WIDTH_C, s, value);
	if (b->page_count == page && label_end > b->y)
		b->y = label_end;
	b->y += ROW_GAP;
}

void book_row_or(struct book *b, const char *name, const char *value, const char *otherwise)
{
	if (value != NULL && *value != '\0')
		book_row(b, label(b, name), STYLE_VALUE, book_keep(b, value));
	else
		book_row(b, label(b, name), STYLE_MUTED, label(b, otherwise));
}
