/*
 * The router: the route table read from the top, segment by segment. A parameter takes one
 * whole, non-empty segment and is percent-decoded; literals are compared as they came. A path
 * below the alias is read without it, and finds the rows that take keys only.
 */
#include "http/internal.h"

#include "base/codec.h"
#include "base/limits.h"

#include <string.h>

/* Next "/segment"; false when s does not begin with a slash. */
static bool segment_next(struct span *s, struct span *out)
{
	if (s->size == 0 || s->data[0] != '/')
		return false;
	struct span rest = span_of(s->data + 1, s->size - 1);
	const uint8_t *slash = rest.size > 0 ? memchr(rest.data, '/', rest.size) : NULL;
	size_t n = slash != NULL ? (size_t)(slash - rest.data) : rest.size;

	*out = span_of(rest.data, n);
	*s = span_of(rest.data + n, rest.size - n);
	return true;
}

/* The pattern's "/?" at its end makes a last slash of the path optional. */
static void slash_forget(struct span *pattern, struct span *path)
{
	if (pattern->size < 2 || pattern->data[pattern->size - 1] != '?')
		return;
	pattern->size -= 2;
	if (path->size > 1 && path->data[path->size - 1] == '/')
		path->size -= 1;
}

/* Raw parameters of a path that fits. */
static bool route_fits(const char *text, struct span path, struct span params[HTTP_PARAMS_MAX])
{
	struct span pattern = span_str(text), want, have;
	size_t n = 0;

	slash_forget(&pattern, &path);
	while (segment_next(&pattern, &want)) {
		if (!segment_next(&path, &have))
			return false;
		if (want.size > 1 && want.data[0] == ':') {
			if (have.size == 0 || n == HTTP_PARAMS_MAX)
				return false;
			params[n++] = have;
		} else if (!span_equal(want, have)) {
			return false;
		}
	}
	return path.size == 0;
}

static bool params_decode(struct http_request *req, const struct span raw[HTTP_PARAMS_MAX])
{
	for (size_t i = 0; i < HTTP_PARAMS_MAX && raw[i].size > 0; i++) {
		struct buf text;

		req->params[i] = raw[i];
		if (memchr(raw[i].data, '%', raw[i].size) == NULL)
			continue;
		buf_init(&text, LIMIT_HEAD_BYTES);
		bool good = url_decode(&text, raw[i], false) == OK;
		char *copy = good ? span_dup(req->arena, buf_span(&text)) : NULL;
		req->params[i] = span_of(copy, copy != NULL ? text.size : 0);
		buf_free(&text);
		if (copy == NULL)
			return false;
	}
	return true;
}

/* Cuts the alias off; false when the path does not begin with it. */
static bool alias_cut(const char *alias, struct span *path)
{
	size_t n = alias != NULL ? strlen(alias) : 0;

	if (n == 0 || path->size <= n || !span_starts(*path, alias) || path->data[n] != '/')
		return false;
	*path = span_of(path->data + n, path->size - n);
	return true;
}

const struct http_route *route_find(
    const struct http_config *config, struct http_request *req, unsigned *allow)
{
	unsigned wanted = req->method == HTTP_HEAD ? HTTP_GET : req->method;
	struct span path = req->path;
	bool is_alias = alias_cut(config->alias, &path);

	*allow = 0;
	for (size_t i = 0; i < config->route_count; i++) {
		const struct http_route *route = &config->routes[i];
		struct span raw[HTTP_PARAMS_MAX] = {{0}};

		if ((is_alias && route->schemes == 0) || !route_fits(route->pattern, path, raw))
			continue;
		*allow |= route->method;
		if (route->method == wanted)
			return params_decode(req, raw) ? route : NULL;
	}
	return NULL;
}

void route_allow(unsigned methods, struct buf *out)
{
	if ((methods & HTTP_GET) != 0)
		methods |= HTTP_HEAD;
	for (unsigned bit = HTTP_GET; bit <= HTTP_DELETE; bit <<= 1) {
		if ((methods & bit) == 0)
			continue;
		if (out->size > 0)
			buf_put_str(out, ", ");
		buf_put_str(out, http_method_name((enum http_method)bit));
	}
}
