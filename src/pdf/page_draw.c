/*
 * From the display list to PDF. The only file that draws: inks, strokes, QR code, the edge of
 * the chirograph, heads, feet and the sandbox mark.
 */
#include "pdf/page_book.h"

#include <math.h>
#include <string.h>

#include <cairo-pdf.h>
#include <qrencode.h>

#define LINE_BYTES_MAX 1200
#define QR_QUIET 4 /* ISO/IEC 18004: modules of white around the symbol */

struct pen {
	struct book *book;
	cairo_t *cr;
	PangoLayout *layouts[STYLE_COUNT_];
};

static void ink_use(cairo_t *cr, enum page_ink ink)
{
	static const double inks[][3] = {
	    [INK_TEXT] = {0.11, 0.12, 0.14},
	    [INK_SOFT] = {0.37, 0.40, 0.44},
	    [INK_ACCENT] = {0.05, 0.31, 0.36},
	    [INK_RULE] = {0.80, 0.82, 0.84},
	    [INK_MARK] = {0.945, 0.945, 0.945},
	    [INK_PAPER] = {1, 1, 1},
	};

	cairo_set_source_rgb(cr, inks[ink][0], inks[ink][1], inks[ink][2]);
}

static PangoLayout *pen_layout(struct pen *p, enum page_style s)
{
	if (p->layouts[s] == NULL) {
		p->layouts[s] = pango_layout_new(p->book->context);
		book_style_apply(p->book, p->layouts[s], s);
		pango_layout_set_single_paragraph_mode(p->layouts[s], TRUE);
	}
	return p->layouts[s];
}

/* No line shows more than this; what is longer ends in an ellipsis anyway. */
static size_t line_size(const char *text)
{
	size_t size = strnlen(text, LINE_BYTES_MAX);

	return size < LINE_BYTES_MAX
		   ? size
		   : (size_t)(g_utf8_find_prev_char(text, text + LINE_BYTES_MAX) - text);
}

static void text_draw(struct pen *p, const struct page_op *op)
{
	PangoLayout *layout = pen_layout(p, op->style);

	pango_layout_set_width(layout, op->w > 0 ? (int)(op->w * PANGO_SCALE) : -1);
	pango_layout_set_ellipsize(layout, op->w > 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
	pango_layout_set_alignment(layout, op->align);
	pango_layout_set_text(layout, op->text, (int)line_size(op->text));
	p->book->unknown_glyphs += (unsigned)pango_layout_get_unknown_glyphs_count(layout);
	cairo_move_to(p->cr, op->x, op->y);
	pango_cairo_show_layout(p->cr, layout);
}

static void fit_draw(struct pen *p, const struct page_op *op)
{
	PangoLayout *layout = pango_layout_new(p->book->context);
	PangoRectangle box;
	double scale = 1;

	book_style_apply(p->book, layout, op->style);
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_text(layout, op->text, -1);
	for (; scale > 0.1; scale *= 0.85) {
		pango_layout_set_width(layout, (int)(op->w / scale * PANGO_SCALE));
		pango_layout_get_extents(layout, NULL, &box);
		if ((double)box.height / PANGO_SCALE * scale <= op->h)
			break;
	}
	p->book->unknown_glyphs += (unsigned)pango_layout_get_unknown_glyphs_count(layout);
	cairo_save(p->cr);
	cairo_translate(
	    p->cr, op->x, op->y + (op->h - (double)box.height / PANGO_SCALE * scale) / 2);
	cairo_scale(p->cr, scale, scale);
	cairo_move_to(p->cr, 0, 0);
	pango_cairo_show_layout(p->cr, layout);
	cairo_restore(p->cr);
	g_object_unref(layout);
}

static void line_draw(struct pen *p, const struct page_op *op)
{
	PangoRectangle box;

	/* A layout's line knows its own indent only through the layout: left aligned, it is 0. */
	pango_layout_line_get_extents(op->line, NULL, &box);
	cairo_move_to(p->cr, op->x - (double)box.x / PANGO_SCALE, op->y + op->h);
	pango_cairo_show_layout_line(p->cr, op->line);
}

/* The cut edge of the old deeds, through which each half proves the other. */
static void wave_draw(struct pen *p, const struct page_op *op)
{
	const double step = 9;
	double x = op->x;

	cairo_set_line_width(p->cr, 0.9);
	cairo_move_to(p->cr, x, op->y);
	for (int i = 0; x + step <= op->x + op->w + 0.01; i++, x += step) {
		double bow = (i % 2 == 0 ? -1 : 1) * op->h;
		cairo_curve_to(p->cr, x + step * 0.36, op->y + bow, x + step * 0.64, op->y + bow,
		    x + step, op->y);
	}
	cairo_stroke(p->cr);
}

static void dot_draw(struct pen *p, const struct page_op *op)
{
	cairo_new_path(p->cr);
	cairo_arc(p->cr, op->x, op->y, op->w, 0, 2 * G_PI);
	if (!op->is_hollow) {
		cairo_fill(p->cr);
		return;
	}
	ink_use(p->cr, INK_PAPER);
	cairo_fill_preserve(p->cr);
	ink_use(p->cr, op->ink);
	cairo_set_line_width(p->cr, 0.7);
	cairo_stroke(p->cr);
}

static void qr_row(cairo_t *cr, const unsigned char *row, int width, double x, double y, double m)
{
	for (int from = 0; from < width; from++) {
		int to = from;
		while (to < width && (row[to] & 1) != 0)
			to++;
		if (to > from)
			cairo_rectangle(cr, x + from * m, y, (to - from) * m, m);
		from = to;
	}
}

static void qr_draw(struct pen *p, const struct page_op *op)
{
	QRcode *code = QRcode_encodeString(op->text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

	if (code == NULL) {
		p->book->failed = ERR_FIELD_VALUE;
		return;
	}
	double m = op->w / (code->width + 2 * QR_QUIET);
	ink_use(p->cr, INK_PAPER);
	cairo_rectangle(p->cr, op->x, op->y, op->w, op->w);
	cairo_fill(p->cr);
	cairo_set_source_rgb(p->cr, 0, 0, 0);
	for (int i = 0; i < code->width; i++)
		qr_row(p->cr, code->data + (size_t)i * (size_t)code->width, code->width,
		    op->x + QR_QUIET * m, op->y + (QR_QUIET + i) * m, m);
	cairo_fill(p->cr);
	QRcode_free(code);
}

static double unit_at(const json_t *point, size_t i)
{
	double v = json_number_value(json_array_get(point, i));

	return isfinite(v) ? fmin(fmax(v, 0), 1) : 0;
}

/* Through the middles of neighbouring points, with the points as handles: smooth, and it never
 * leaves the hull of what was drawn. */
static void stroke_draw(cairo_t *cr, const struct page_op *op, const json_t *stroke)
{
	size_t count = json_array_size(stroke);
	double x = 0, y = 0, mx, my;

	cairo_new_path(cr);
	for (size_t i = 0; i < count; i++) {
		double nx = op->x + unit_at(json_array_get(stroke, i), 0) * op->w;
		double ny = op->y + unit_at(json_array_get(stroke, i), 1) * op->h;
		mx = (x + nx) / 2;
		my = (y + ny) / 2;
		if (i == 0)
			cairo_move_to(cr, nx, ny);
		else if (i == 1)
			cairo_line_to(cr, mx, my);
		else
			cairo_curve_to(cr, x, y, x, y, mx, my);
		x = nx;
		y = ny;
	}
	if (count > 0)
		cairo_line_to(cr, x, y);
	cairo_stroke(cr);
}

static void strokes_draw(struct pen *p, const struct page_op *op)
{
	size_t i;
	json_t *stroke;

	cairo_set_line_width(p->cr, 1.3);
	cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
	cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
	json_array_foreach(op->strokes, i, stroke) stroke_draw(p->cr, op, stroke);
	cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_BUTT);
}

static void rule_draw(struct pen *p, const struct page_op *op)
{
	cairo_set_line_width(p->cr, 0.5);
	cairo_move_to(p->cr, op->x, op->y);
	cairo_line_to(p->cr, op->x + op->w, op->y + op->h);
	cairo_stroke(p->cr);
}

static void frame_draw(struct pen *p, const struct page_op *op)
{
	cairo_set_line_width(p->cr, 0.6);
	cairo_rectangle(p->cr, op->x, op->y, op->w, op->h);
	cairo_stroke(p->cr);
}

static void op_draw(struct pen *p, const struct page_op *op)
{
	static void (*const draw[])(struct pen *, const struct page_op *) = {
	    [OP_TEXT] = text_draw,
	    [OP_LINE_OF] = line_draw,
	    [OP_RULE] = rule_draw,
	    [OP_FRAME] = frame_draw,
	    [OP_DOT] = dot_draw,
	    [OP_WAVE] = wave_draw,
	    [OP_QR] = qr_draw,
	    [OP_STROKES] = strokes_draw,
	    [OP_FIT] = fit_draw,
	};

	ink_use(p->cr, op->ink);
	draw[op->kind](p, op);
}

static void one_line(struct pen *p, double x, double y, double w, PangoAlignment align,
    enum page_style s, const char *text)
{
	struct page_op op = {.kind = OP_TEXT, .x = x, .y = y, .w = w, .align = align, .style = s};

	op.ink = style_ink(s);
	op.text = text;
	op_draw(p, &op);
}

/* Under everything else, so that nothing on the page is hidden by it. */
static void mark_draw(struct pen *p)
{
	PangoLayout *layout = pen_layout(p, STYLE_MARK);
	PangoRectangle box;

	pango_layout_set_text(layout, label(p->book, "sandbox.mark"), -1);
	pango_layout_set_width(layout, -1);
	pango_layout_get_extents(layout, NULL, &box);
	double w = (double)box.width / PANGO_SCALE;
	double fit = 820 / fmax(w, 1);
	ink_use(p->cr, INK_MARK);
	cairo_save(p->cr);
	cairo_translate(p->cr, PAGE_WIDTH / 2, PAGE_HEIGHT / 2);
	cairo_rotate(p->cr, -atan2(PAGE_HEIGHT, PAGE_WIDTH));
	cairo_scale(p->cr, fit, fit);
	cairo_move_to(p->cr, -w / 2, -(double)box.height / PANGO_SCALE / 2);
	pango_cairo_show_layout(p->cr, layout);
	cairo_restore(p->cr);
}

static void foot_draw(struct pen *p, size_t at)
{
	struct book *b = p->book;
	const json_t *e = b->evidence;
	const char *hash = text_at(json_object_get(e, "document"), "sha256");
	size_t size = hash == NULL ? 0 : strlen(hash);
	const char *brief =
	    size < 24 ? hash : arena_format(b->arena, "%.8s…%s", hash, hash + size - 8);
	double third = WIDTH_ALL / 3;
	struct page_op rule = {
	    .kind = OP_RULE, .x = PAGE_LEFT, .y = 795, .w = WIDTH_ALL, .ink = INK_RULE};

	op_draw(p, &rule);
	one_line(p, PAGE_LEFT, 801, third + 70, PANGO_ALIGN_LEFT, STYLE_SMALL,
	    label_fill(
		b, "foot.envelope", "id", text_at(json_object_get(e, "envelope"), "id"), NULL));
	one_line(p, PAGE_LEFT + third + 78, 801, third - 20, PANGO_ALIGN_LEFT, STYLE_SMALL,
	    label_fill(b, "foot.document", "hash", brief, NULL));
	one_line(p, PAGE_RIGHT - 110, 801, 110, PANGO_ALIGN_RIGHT, STYLE_SMALL,
	    label_fill(b, "foot.page", "at", book_number(b, (json_int_t)at + 1, false), "count",
		book_number(b, (json_int_t)b->page_count, false), NULL));
}

static void head_draw(struct pen *p, const char *heading)
{
	const json_t *e = p->book->evidence;
	struct page_op wave = {.kind = OP_WAVE, .x = PAGE_LEFT, .y = 62, .w = WIDTH_ALL, .h = 2.6};

	one_line(p, PAGE_LEFT, 42, 120, PANGO_ALIGN_LEFT, STYLE_BRAND, label(p->book, "product"));
	if (heading == NULL)
		heading = text_at(json_object_get(e, "organization"), "name");
	if (heading != NULL)
		one_line(p, PAGE_LEFT + 130, 42, WIDTH_ALL - 130, PANGO_ALIGN_RIGHT, STYLE_SMALL,
		    book_keep(p->book, heading));
	wave.ink = INK_ACCENT;
	op_draw(p, &wave);
}

static void page_draw(struct pen *p, size_t at)
{
	const struct page *page = &p->book->pages[at];

	if (json_is_true(json_object_get(p->book->evidence, "sandbox")))
		mark_draw(p);
	head_draw(p, page->heading);
	for (const struct page_op *op = page->first; op != NULL; op = op->next)
		op_draw(p, op);
	foot_draw(p, at);
	cairo_show_page(p->cr);
}

static cairo_status_t bytes_take(void *out, const unsigned char *data, unsigned size)
{
	buf_put(out, data, size);
	return ((struct buf *)out)->failed == OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void metadata_set(struct book *b, cairo_surface_t *pdf)
{
	const json_t *envelope = json_object_get(b->evidence, "envelope");
	const char *times[] = {"signed_at", "submitted_at", "created_at"};
	const char *at = NULL;

	for (size_t i = 0; i < 3 && at == NULL; i++)
		at = text_at(envelope, times[i]);
	/* Never the clock's: the same evidence gives the same bytes. */
	cairo_pdf_surface_set_metadata(
	    pdf, CAIRO_PDF_METADATA_CREATE_DATE, at != NULL ? at : "1970-01-01T00:00:00Z");
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, label(b, "title"));
	const char *generator = text_at(b->evidence, "generator");
	cairo_pdf_surface_set_metadata(
	    pdf, CAIRO_PDF_METADATA_CREATOR, generator != NULL ? generator : "Chirograph");
}

static void pages_draw(struct book *b, cairo_surface_t *pdf)
{
	struct pen p = {.book = b, .cr = cairo_create(pdf)};

	metadata_set(b, pdf);
	for (size_t i = 0; i < b->page_count && b->failed == OK; i++)
		page_draw(&p, i);
	for (size_t i = 0; i < STYLE_COUNT_; i++)
		g_clear_object(&p.layouts[i]);
	cairo_destroy(p.cr);
}

enum err book_draw(struct book *b, struct buf *out)
{
	cairo_surface_t *pdf =
	    cairo_pdf_surface_create_for_stream(bytes_take, out, PAGE_WIDTH, PAGE_HEIGHT);

	pages_draw(b, pdf);
	cairo_surface_finish(pdf);
	cairo_status_t status = cairo_surface_status(pdf);
	cairo_surface_destroy(pdf);
	TRY(b->failed);
	TRY(buf_done(out));
	ENSURE(status == CAIRO_STATUS_SUCCESS,
	    status == CAIRO_STATUS_NO_MEMORY ? ERR_MEMORY : ERR_INTERNAL);
	return OK;
}
