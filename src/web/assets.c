/*
 * Finds linked-in files and answers them. The table is sorted by name at build; a name is put
 * together from two parts of the address, each of which is matched whole, so no address
 * reaches anything that was not linked in.
 */
#include "web/assets.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE 128
#define QUALITY_MAX 1000

extern const struct embedded web_files[];
extern const size_t web_files_count;

const char *assets_version(void)
{
	const struct embedded *version = embedded_find(web_files, web_files_count, "version");

	return version == NULL ? "" : (const char *)version->data;
}

const struct embedded *assets_find(struct span folder, struct span file)
{
	char name[NAME_SIZE];
	const char prefix[] = "assets/";

	if (folder.size + file.size + sizeof(prefix) + 1 > sizeof(name))
		return NULL;
	if (memchr(folder.data, '\0', folder.size) || memchr(file.data, '\0', file.size))
		return NULL;
	snprintf(name, sizeof(name), "%s%.*s/%.*s", prefix, (int)folder.size,
	    (const char *)folder.data, (int)file.size, (const char *)file.data);
	return embedded_find(web_files, web_files_count, name);
}

const struct embedded *assets_page(const char *name, const char *language)
{
	char path[NAME_SIZE];

	snprintf(path, sizeof(path), "pages/%s.%s.html", name, language);
	return embedded_find(web_files, web_files_count, path);
}

const char *assets_content_type(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
	    {".html", "text/html; charset=utf-8"},
	    {".js", "text/javascript; charset=utf-8"},
	    {".mjs", "text/javascript; charset=utf-8"},
	    {".css", "text/css; charset=utf-8"},
	    {".json", "application/json"},
	    {".svg", "image/svg+xml"},
	    {".wasm", "application/wasm"},
	    {".ttf", "font/ttf"},
	    {".woff2", "font/woff2"},
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* RFC 9110 §12.4.2: "q=0.8" in thousandths; 1000 when there is none. */
static unsigned quality_of(struct span parameters)
{
	unsigned value = 0, digit = QUALITY_MAX / 10;
	struct span q = span_trim(parameters);

	if (!span_starts(q, "q=") || q.size < 3)
		return QUALITY_MAX;
	if (q.data[2] == '1')
		return QUALITY_MAX;
	for (size_t i = 4; i < q.size && digit > 0; i++, digit /= 10)
		value += q.data[i] >= '0' && q.data[i] <= '9' ? digit * (q.data[i] - '0') : 0u;
	return value;
}

static const char *language_named(struct span tag)
{
	static const char *const ours[][2] = {{"pt", "pt-BR"}, {"en", "en"}, {"es", "es"}};
	struct span rest = tag;
	struct span primary = span_cut(&rest, '-');

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (span_equal_nocase(primary, ours[i][0]))
			return ours[i][1];
	return NULL;
}

const char *web_language(const struct http_request *req)
{
	struct span rest = http_header(req, "Accept-Language", NULL);
	const char *best = "pt-BR";
	unsigned best_quality = 0;

	while (rest.size > 0) {
		struct span item = span_cut(&rest, ',');
		struct span tag = span_cut(&item, ';');
		const char *language = language_named(span_trim(tag));
		unsigned quality = quality_of(item);

		if (language != NULL && quality > best_quality) {
			best = language;
			best_quality = quality;
		}
	}
	return best;
}

static bool takes_gzip(const struct http_request *req)
{
	struct span rest = http_header(req, "Accept-Encoding", NULL);

	while (rest.size > 0) {
		struct span item = span_cut(&rest, ',');
		struct span coding = span_trim(span_cut(&item, ';'));

		if (span_equal_nocase(coding, "gzip"))
			return quality_of(item) > 0;
	}
	return false;
}

bool assets_has_etag(const struct http_request *req, const char *etag)
{
	struct span rest = http_header(req, "If-None-Match", NULL);

	while (rest.size > 0) {
		struct span item = span_trim(span_cut(&rest, ','));

		if (span_starts(item, "W/"))
			item = span_of(item.data + 2, item.size - 2);
		if (span_equal_str(item, etag))
			return true;
	}
	return false;
}

void assets_reply(const struct http_request *req, const struct embedded *file, const char *name,
    struct http_reply *reply)
{
	bool gzip = file->gzip != NULL && takes_gzip(req);
	const char *etag =
	    arena_format(req->arena, "\"%.32s%s\"", file->sha256, gzip ? "-gzip" : "");

	http_reply_header(reply, "Vary", "Accept-Encoding");
	if (etag != NULL) {
		http_reply_header(reply, "ETag", etag);
		if (assets_has_etag(req, etag)) {
			reply->status = 304;
			return;
		}
	}
	reply->content_type = assets_content_type(name);
	if (gzip)
		http_reply_header(reply, "Content-Encoding", "gzip");
	buf_put(&reply->body, gzip ? file->gzip : file->data, gzip ? file->gzip_size : file->size);
}
