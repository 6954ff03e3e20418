/*
 * Asking a request: its headers, its query parameters and who sent it. Nothing is parsed before it
 * is asked for, and what is decoded goes into the request's arena.
 */
#include "http/internal.h"

#include "base/codec.h"
#include "base/limits.h"

#include <string.h>

const char *http_method_name(enum http_method m)
{
	switch (m) {
	case HTTP_GET: return "GET";
	case HTTP_HEAD: return "HEAD";
	case HTTP_POST: return "POST";
	case HTTP_PUT: return "PUT";
	case HTTP_PATCH: return "PATCH";
	case HTTP_DELETE: return "DELETE";
	}
	return "";
}

struct span http_header(const struct http_request *req, const char *name, size_t *count)
{
	struct span first = SPAN_EMPTY;
	size_t found = 0;

	for (size_t i = 0; i < req->header_count; i++) {
		if (!span_equal_nocase(req->headers[i].name, name))
			continue;
		if (found++ == 0)
			first = req->headers[i].value;
	}
	if (count != NULL)
		*count = found;
	return first;
}

static bool query_decode(struct arena *arena, struct span raw, struct span *out)
{
	struct buf text;

	buf_init(&text, LIMIT_HEAD_BYTES);
	bool good = url_decode(&text, raw, true) == OK;
	char *copy = good ? span_dup(arena, buf_span(&text)) : NULL;
	*out = span_of(copy, copy != NULL ? text.size : 0);
	buf_free(&text);
	return copy != NULL;
}

bool http_query(const struct http_request *req, const char *name, struct span *out)
{
	struct span rest = req->query, key;

	while (rest.size > 0) {
		struct span value = span_cut(&rest, '&');
		struct span raw = span_cut(&value, '=');
		if (query_decode(req->arena, raw, &key) && span_equal_str(key, name))
			return query_decode(req->arena, value, out);
	}
	return false;
}

/* All X-Forwarded-For lines are one list (RFC 9110 §5.3). */
static struct span forwarded_list(const struct http_request *req)
{
	struct span all = SPAN_EMPTY;

	for (size_t i = 0; i < req->header_count; i++) {
		struct span v = req->headers[i].value;
		if (!span_equal_nocase(req->headers[i].name, "x-forwarded-for"))
			continue;
		if (all.size == 0) {
			all = v;
			continue;
		}
		char *joined = arena_format(req->arena, "%.*s,%.*s", (int)all.size,
		    (const char *)all.data, (int)v.size, (const char *)v.data);
		all = span_str(joined);
	}
	return all;
}

void request_client(struct http_request *req, const struct proxies *p, const struct address *peer)
{
	struct address client = *peer;

	if (proxies_trust(p, peer)) {
		req->forwarded = forwarded_list(req);
		client = proxies_client(p, *peer, req->forwarded);
	}
	address_text(&client, req->client);
}
