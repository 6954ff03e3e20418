/*
 * The pages' fonts: which file is loaded for which character. The configuration lives as long
 * as the process and only grows; the host's fonts.conf is never read, so a page looks the same
 * everywhere and a cold process pays for four or five files only.
 */
#include "pdf/page_font.h"
#include "pdf/pages.h"

#include "base/embedded.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <fontconfig/fontconfig.h>
#include <fontconfig/fcfreetype.h>
#include <pango/pangofc-fontmap.h>

extern const struct embedded page_files[];
extern const size_t page_files_count;

#define CODE_POINTS 0x110000u
#define FILES_MAX 512

static struct {
	FcConfig *config;
	const char *folders[PAGES_FOLDERS_MAX + 3];
	size_t folder_count;
	uint8_t *seen, *lacking; /* a bit a code point */
	uint8_t scripts[256];    /* 1: its files were loaded */
	char loaded[FILES_MAX][NAME_MAX + 1];
	size_t loaded_count;
	bool has_last;
} fonts;

static const char *const own_folders[] = {
    "/usr/share/fonts/truetype/noto",
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/truetype/dejavu",
};

void pdf_pages_font_folder(const char *folder)
{
	if (folder != NULL && fonts.folder_count < PAGES_FOLDERS_MAX)
		fonts.folders[fonts.folder_count++] = folder;
}

static bool bit_set(uint8_t *bits, gunichar c)
{
	uint8_t mask = (uint8_t)(1u << (c & 7));
	bool was = (bits[c >> 3] & mask) != 0;

	bits[c >> 3] = (uint8_t)(bits[c >> 3] | mask);
	return was;
}

static bool is_loaded(const char *file)
{
	for (size_t i = 0; i < fonts.loaded_count; i++)
		if (strcmp(fonts.loaded[i], file) == 0)
			return true;
	return false;
}

static bool file_load(const char *folder, const char *file)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	if (fonts.loaded_count == FILES_MAX || stat(path, &st) != 0)
		return false;
	if (!FcConfigAppFontAddFile(fonts.config, (const FcChar8 *)path))
		return false;
	snprintf(fonts.loaded[fonts.loaded_count++], NAME_MAX + 1, "%s", file);
	return true;
}

static bool file_find(const char *file)
{
	if (is_loaded(file))
		return true;
	for (size_t i = 0; i < fonts.folder_count; i++)
		if (file_load(fonts.folders[i], file))
			return true;
	return false;
}

/* Every file of the lines that begin with this word. */
static bool word_load(const char *word)
{
	const struct embedded *list = embedded_find(page_files, page_files_count, "fonts.txt");
	struct span rest = list == NULL ? SPAN_EMPTY : span_of(list->data, list->size);
	bool found = false;

	while (rest.size > 0) {
		struct span line = span_cut(&rest, '\n');
		if (!span_equal_str(span_cut(&line, ' '), word))
			continue;
		while (line.size > 0) {
			struct span item = span_cut(&line, ' ');
			char file[NAME_MAX + 1];
			snprintf(
			    file, sizeof(file), "%.*s", (int)item.size, (const char *)item.data);
			found |= file_find(file);
		}
	}
	return found;
}

static bool charset_has(const FcPattern *font, gunichar c)
{
	FcCharSet *set = NULL;

	return FcPatternGetCharSet(font, FC_CHARSET, 0, &set) == FcResultMatch &&
	       FcCharSetHasChar(set, c);
}

static bool is_covered(gunichar c)
{
	FcFontSet *set = FcConfigGetFonts(fonts.config, FcSetApplication);

	for (int i = 0; set != NULL && i < set->nfont; i++)
		if (charset_has(set->fonts[i], c))
			return true;
	return false;
}

static bool file_covers(const char *folder, const char *file, gunichar c)
{
	char path[PATH_MAX];
	int count = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	FcPattern *font = FcFreeTypeQuery((const FcChar8 *)path, 0, NULL, &count);
	bool has = font != NULL && charset_has(font, c);
	if (font != NULL)
		FcPatternDestroy(font);
	return has;
}

static bool folder_search(const char *folder, gunichar c)
{
	struct dirent *item;
	DIR *d = opendir(folder);
	bool found = false;

	while (d != NULL && !found && (item = readdir(d)) != NULL)
		if (item->d_name[0] != '.' && strstr(item->d_name, "Bold") == NULL &&
		    !is_loaded(item->d_name) && file_covers(folder, item->d_name, c))
			found = file_load(folder, item->d_name);
	if (d != NULL)
		closedir(d);
	return found;
}

/* Invisible, or drawn by pango itself: no font needs to have it. */
static bool needs_no_font(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
	       type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR ||
	       type == G_UNICODE_SPACE_SEPARATOR || (c >= 0xfe00 && c <= 0xfe0f) ||
	       (c >= 0xe0100 && c <= 0xe01ef) || c == 0x115f || c == 0x1160 || c == 0x3164;
}

static bool is_written_by_base(GUnicodeScript script)
{
	return script == G_UNICODE_SCRIPT_LATIN || script == G_UNICODE_SCRIPT_GREEK ||
	       script == G_UNICODE_SCRIPT_CYRILLIC || script == G_UNICODE_SCRIPT_COMMON ||
	       script == G_UNICODE_SCRIPT_INHERITED;
}

static void script_load(GUnicodeScript script)
{
	guint32 code = g_unicode_script_to_iso15924(script);
	char word[5] = {
	    (char)(code >> 24), (char)(code >> 16), (char)(code >> 8), (char)code, '\0'};

	if ((unsigned)script < sizeof(fonts.scripts) && !fonts.scripts[script]) {
		fonts.scripts[script] = 1;
		word_load(word);
	}
}

static void char_cover(gunichar c)
{
	GUnicodeScript script = g_unichar_get_script(c);

	if (needs_no_font(c) || (is_written_by_base(script) && is_covered(c)))
		return;
	script_load(script);
	if (is_covered(c))
		return;
	size_t searched = script == G_UNICODE_SCRIPT_COMMON
			      ? fonts.folder_count - sizeof(own_folders) / sizeof(own_folders[0])
			      : fonts.folder_count;
	for (size_t i = 0; i < searched; i++)
		if (folder_search(fonts.folders[i], c))
			return;
	bit_set(fonts.lacking, c);
}

void page_fonts_cover(const char *utf8)
{
	for (const char *p = utf8; *p != '\0'; p = g_utf8_find_next_char(p, NULL)) {
		gunichar c = g_utf8_get_char(p);
		if (c >= 0x80 && c < CODE_POINTS && !bit_set(fonts.seen, c))
			char_cover(c);
	}
}

bool page_fonts_lack(gunichar c)
{
	return c < CODE_POINTS && (fonts.lacking[c >> 3] & (1u << (c & 7))) != 0;
}

enum err page_fonts_open(void)
{
	if (fonts.config != NULL)
		return OK;
	fonts.seen = mem_alloc(CODE_POINTS / 8);
	fonts.lacking = mem_alloc(CODE_POINTS / 8);
	fonts.config = FcConfigCreate();
	ENSURE(fonts.seen != NULL && fonts.lacking != NULL && fonts.config != NULL, ERR_MEMORY);
	for (size_t i = 0; i < sizeof(own_folders) / sizeof(own_folders[0]); i++)
		fonts.folders[fonts.folder_count++] = own_folders[i];
	/* pango calls FcInit in a thread: with a current configuration that reads nothing. */
	ENSURE(FcConfigSetCurrent(fonts.config), ERR_MEMORY);
	if (!word_load("base"))
		word_load("spare");
	return OK;
}

PangoFontMap *page_fonts_map(void)
{
	if (!fonts.has_last) {
		fonts.has_last = true;
		word_load("last");
	}
	PangoFontMap *map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
	if (map != NULL)
		pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(map), fonts.config);
	return map;
}
