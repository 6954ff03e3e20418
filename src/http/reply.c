/*
 * Replies: conditional requests, ranges and the head's bytes. Headers that every reply must
 * carry are put here, so that no handler can forget one; a handler's own value wins.
 */
#include "http/internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <string.h>
#include <strings.h>

static bool is_header_text(const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
	if (name == NULL || value == NULL || !is_header_text(name) || !is_header_text(value) ||
	    reply->header_count == HTTP_REPLY_HEADERS_MAX) {
		log_error("a reply header was dropped", "err=%s", err_symbol(ERR_INTERNAL));
		return;
	}
	reply->headers[reply->header_count].name = name;
	reply->headers[reply->header_count].value = value;
	reply->header_count++;
}

struct span reply_find(const struct http_reply *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++) {
		if (strcasecmp(r->headers[i].name, name) == 0)
			return span_str(r->headers[i].value);
	}
	return SPAN_EMPTY;
}

static struct span etag_opaque(struct span tag)
{
	return span_starts(tag, "W/") ? span_of(tag.data + 2, tag.size - 2) : tag;
}

/* RFC 9110 §13.1.2: weak comparison. */
bool reply_not_modified(const struct http_request *req, struct http_reply *r)
{
	struct span tag = reply_find(r, "ETag");

	if (tag.size == 0 || (req->method != HTTP_GET && req->method != HTTP_HEAD))
		return false;
	for (size_t i = 0; i < req->header_count; i++) {
		struct span list = req->headers[i].value;
		if (!span_equal_nocase(req->headers[i].name, "if-none-match"))
			continue;
		while (list.size > 0) {
			struct span one = span_trim(span_cut(&list, ','));
			if (span_equal_str(one, "*") ||
			    span_equal(etag_opaque(one), etag_opaque(tag)))
				return true;
		}
	}
	return false;
}

static bool is_rangeable(const struct http_reply *r)
{
	if (r->source.read != NULL)
		return true;
	return reply_find(r, "ETag").size > 0 && r->content_type != NULL &&
	       strncmp(r->content_type, "application/json", 16) != 0;
}

static bool number_parse(struct span s, uint64_t *out)
{
	*out = 0;
	if (s.size == 0 || s.size > 18)
		return false;
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s.data[i] - '0');
	}
	return true;
}

enum range { RANGE_IGNORED, RANGE_GOOD, RANGE_OUTSIDE };

/* RFC 9110 §14.1.2: "first-last", "first-", "-suffix"; several ranges are answered whole. */
static enum range range_parse(struct span text, uint64_t size, uint64_t *from, uint64_t *to)
{
	uint64_t a, b;

	if (text.size < 6 || !span_equal_nocase(span_of(text.data, 6), "bytes="))
		return RANGE_IGNORED;
	struct span last = span_trim(span_of(text.data + 6, text.size - 6));
	if (memchr(last.data, '-', last.size) == NULL)
		return RANGE_IGNORED;
	struct span first = span_cut(&last, '-');
	bool has_first = number_parse(first, &a), has_last = number_parse(last, &b);
	if ((!has_first && first.size > 0) || (!has_last && last.size > 0) ||
	    (!has_first && !has_last) || (has_first && has_last && b < a))
		return RANGE_IGNORED;
	if (!has_first) {
		*from = b < size ? size - b : 0;
		*to = size;
		return b > 0 && size > 0 ? RANGE_GOOD : RANGE_OUTSIDE;
	}
	*from = a;
	*to = has_last && b < size ? b + 1 : size;
	return a < size ? RANGE_GOOD : RANGE_OUTSIDE;
}

/* RFC 9110 §13.1.5: strong comparison; we send no dates, so a date never matches. */
static bool range_still_valid(const struct http_request *req, const struct http_reply *r)
{
	struct span wanted = http_header(req, "If-Range", NULL);

	return wanted.size == 0 ||
	       (!span_starts(wanted, "W/") && span_equal(wanted, reply_find(r, "ETag")));
}

enum err reply_range(
    const struct http_request *req, struct http_reply *r, uint64_t *from, uint64_t *to)
{
	struct span text = http_header(req, "Range", NULL);
	uint64_t size = *to;

	if (r->status != 200 || !is_rangeable(r))
		return OK;
	http_reply_header(r, "Accept-Ranges", "bytes");
	if (req->method != HTTP_GET || text.size == 0 || !range_still_valid(req, r))
		return OK;
	uint64_t a = 0, b = 0;
	enum range found = range_parse(text, size, &a, &b);
	ENSURE(found != RANGE_OUTSIDE, ERR_RANGE);
	if (found == RANGE_IGNORED)
		return OK;
	const char *part = arena_format(req->arena, "bytes %llu-%llu/%llu", (unsigned long long)a,
	    (unsigned long long)b - 1, (unsigned long long)size);
	if (part == NULL)
		return OK;
	http_reply_header(r, "Content-Range", part);
	r->status = 206;
	*from = a;
	*to = b;
	return OK;
}

const char *http_status_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {{101, "Switching Protocols"}, {200, "OK"}, {201, "Created"},
	    {202, "Accepted"}, {204, "No Content"}, {206, "Partial Content"}, {302, "Found"},
	    {303, "See Other"}, {304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"},
	    {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
	    {406, "Not Acceptable"}, {408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"},
	    {415, "Unsupported Media Type"}, {416, "Range Not Satisfiable"},
	    {417, "Expectation Failed"}, {422, "Unprocessable Content"}, {426, "Upgrade Required"},
	    {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"}};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Status";
}

static void put_default(struct exchange *x, const char *name, const char *value)
{
	if (reply_find(&x->reply, name).size == 0)
		buf_format(&x->out, "%s: %s\r\n", name, value);
}

static void put_defaults(struct exchange *x)
{
	const char *type = x->reply.content_type;

	put_default(x, "X-Content-Type-Options", "nosniff");
	put_default(x, "Strict-Transport-Security", "max-age=31536000");
	put_default(x, "Referrer-Policy", "no-referrer");
	put_default(x, "Cache-Control", "no-store");
	/* A browser's PDF viewer is itself a page that such a policy would break. */
	if (type == NULL || strcmp(type, "application/pdf") != 0)
		put_default(
		    x, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	if (x->close)
		buf_put_str(&x->out, "Connection: close\r\n");
}

void reply_head(struct exchange *x)
{
	struct http_reply *r = &x->reply;
	char date[CLOCK_TEXT_SIZE];

	clock_format_http(x->req.now, date);
	buf_format(&x->out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", r->status,
	    http_status_reason(r->status), date);
	if (r->status == 101) {
		x->next = x->to; /* what follows is the other protocol */
	} else if (r->status != 204 && r->status != 304) {
		buf_format(&x->out, "Content-Length: %llu\r\n", (unsigned long long)x->sending);
		if (r->content_type != NULL && is_header_text(r->content_type))
			buf_format(&x->out, "Content-Type: %s\r\n", r->content_type);
	} else {
		x->slice = SPAN_EMPTY;
		x->next = x->to;
	}
	for (size_t i = 0; i < r->header_count; i++)
		buf_format(&x->out, "%s: %s\r\n", r->headers[i].name, r->headers[i].value);
	if (r->status != 101)
		put_defaults(x);
	buf_put_str(&x->out, "\r\n");
	/* One TLS record for head and body where that fits. */
	if (x->slice.size > 0 && x->out.size + x->slice.size <= HTTP_RECORD_BYTES) {
		buf_put_span(&x->out, x->slice);
		x->slice = SPAN_EMPTY;
	}
}
