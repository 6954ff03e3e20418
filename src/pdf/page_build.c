/*
 * The entry: reads both JSONs, runs the sections, draws. Nothing of a book outlives the call;
 * only the fonts' configuration stays with the process.
 */
#include "pdf/pages.h"

#include "pdf/page_book.h"
#include "pdf/page_font.h"

#include "base/late.h"

#include <string.h>

#define BOOK_ARENA_MAX ((size_t)512 * 1024 * 1024)
#define EVIDENCE_VERSION 1

extern struct late late_pages;

static void book_end(struct book *b)
{
	for (struct layout_kept *k = b->kept; k != NULL; k = k->next)
		g_object_unref(k->layout);
	for (size_t i = 0; i < STYLE_COUNT_; i++)
		if (b->fonts[i] != NULL)
			pango_font_description_free(b->fonts[i]);
	g_clear_object(&b->context);
	mem_free(b->pages, b->page_room * sizeof(*b->pages));
	arena_free(b->arena);
}

/* Every font that a string of the evidence needs is loaded before the first line is shaped. */
static void strings_cover(const json_t *j)
{
	size_t i;
	const char *key;
	json_t *child;

	if (json_is_string(j))
		page_fonts_cover(json_string_value(j));
	json_array_foreach(j, i, child) strings_cover(child);
	json_object_foreach((json_t *)j, key, child) strings_cover(child);
}

static enum err context_make(struct book *b, const char *language)
{
	PangoFontMap *map = page_fonts_map();

	ENSURE(map != NULL, ERR_MEMORY);
	pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(map), 72);
	b->context = pango_font_map_create_context(map);
	g_object_unref(map);
	ENSURE(b->context != NULL, ERR_MEMORY);
	cairo_font_options_t *options = cairo_font_options_create();
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(b->context, options);
	cairo_font_options_destroy(options);
	pango_context_set_round_glyph_positions(b->context, FALSE);
	pango_context_set_language(b->context, pango_language_from_string(language));
	return book_fonts(b);
}

static enum err book_begin(struct book *b)
{
	const char *language = text_at(b->evidence, "language");
	const char *zone = text_at(b->evidence, "time_zone");

	language = language != NULL ? language : "en";
	b->arena = arena_new(BOOK_ARENA_MAX);
	ENSURE(b->arena != NULL, ERR_MEMORY);
	b->zone = zone != NULL && zone_known(zone) ? zone : "UTC";
	b->is_pt_or_es = strncmp(language, "pt", 2) == 0 || strncmp(language, "es", 2) == 0;
	TRY(page_fonts_open());
	strings_cover(b->evidence);
	TRY(labels_load(b, language));
	return context_make(b, language);
}

static enum err book_make(struct book *b, struct buf *out)
{
	TRY(book_begin(b));
	cover_make(b);
	signers_make(b);
	log_make(b);
	TRY(b->failed);
	return book_draw(b, out);
}

static enum err inputs_read(
    struct span evidence, struct span drawings, json_t **evidence_out, json_t **drawings_out)
{
	TRY(json_read(evidence, evidence_out, NULL));
	ENSURE(json_is_object(*evidence_out), ERR_FIELD_VALUE);
	ENSURE(json_integer_value(json_object_get(*evidence_out, "version")) == EVIDENCE_VERSION,
	    ERR_FIELD_VALUE);
	if (drawings.size == 0)
		return OK;
	TRY(json_read(drawings, drawings_out, NULL));
	ENSURE(json_is_object(*drawings_out), ERR_FIELD_VALUE);
	return OK;
}

enum err pdf_pages_counted(
    struct span evidence, struct span drawings, struct buf *out, struct pages_counts *counts)
{
	json_t *read CLEANUP(json_freep) = NULL;
	json_t *drawn CLEANUP(json_freep) = NULL;

	*counts = (struct pages_counts){0};
	TRY(late_open(&late_pages));
	TRY(inputs_read(evidence, drawings, &read, &drawn));
	struct book b = {.evidence = read, .drawings = drawn};
	enum err e = book_make(&b, out);
	*counts = (struct pages_counts){(unsigned)b.page_count, b.unknown_glyphs, b.replaced};
	book_end(&b);
	return e;
}

enum err pdf_pages(struct span evidence, struct span drawings, struct buf *out)
{
	struct pages_counts counts;

	return pdf_pages_counted(evidence, drawings, out, &counts);
}
