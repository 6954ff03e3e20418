/*
 * Sets a plain text as a PDF, one paragraph a line: the contract that `make demo` and the tests
 * sign. usage: contract TEXT.txt OUT.pdf [TIMES]: the text TIMES times over, for large files.
 */
#include <pango/pangocairo.h>

#include <cairo-pdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 595.0
#define HEIGHT 842.0
#define MARGIN 72.0

static char *read_text(const char *path)
{
	char *text = NULL;
	gsize size = 0;
	return g_file_get_contents(path, &text, &size, NULL) ? text : NULL;
}

static double draw(cairo_t *c, double y, const char *paragraph, gboolean is_title)
{
	PangoLayout *layout = pango_cairo_create_layout(c);
	PangoFontDescription *font = pango_font_description_from_string(is_title ? "Serif Bold 14" : "Serif 11");
	int height = 0;
	pango_layout_set_font_description(layout, font);
	pango_layout_set_width(layout, (int)((WIDTH - 2 * MARGIN) * PANGO_SCALE));
	pango_layout_set_justify(layout, !is_title);
	pango_layout_set_spacing(layout, 3 * PANGO_SCALE);
	pango_layout_set_text(layout, paragraph, -1);
	pango_layout_get_pixel_size(layout, NULL, &height);
	if (y + height > HEIGHT - MARGIN) {
		cairo_show_page(c);
		y = MARGIN;
	}
	cairo_move_to(c, MARGIN, y);
	pango_cairo_show_layout(c, layout);
	pango_font_description_free(font);
	g_object_unref(layout);
	return y + height + 10;
}

int main(int argc, char **argv)
{
	char *text = argc >= 3 ? read_text(argv[1]) : NULL;
	int times = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1;
	if (text == NULL) {
		fprintf(stderr, "usage: contract TEXT.txt OUT.pdf [TIMES]\n");
		return 2;
	}
	cairo_surface_t *surface = cairo_pdf_surface_create(argv[2], WIDTH, HEIGHT);
	cairo_t *c = cairo_create(surface);
	char **paragraphs = g_strsplit(text, "\n", -1);
	double y = MARGIN;
	for (int n = 0; n < times; n++)
		for (int i = 0; paragraphs[i] != NULL; i++)
			if (paragraphs[i][0] != 0)
				y = draw(c, y, paragraphs[i], i == 0);
	cairo_show_page(c);
	cairo_destroy(c);
	cairo_surface_finish(surface);
	int status = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS ? 0 : 1;
	cairo_surface_destroy(surface);
	g_strfreev(paragraphs);
	g_free(text);
	return status;
}
