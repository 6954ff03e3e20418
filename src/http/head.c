/*
 * Reading a request head. Every refusal stands here, each with the words the caller gets.
 * What always holds after OK: exactly one Host, at most one framing header, a target that
 * begins with '/' and has no NUL in any coding, field values without control bytes.
 */
#include "http/head.h"

#include "base/codec.h"
#include "base/limits.h"

#include <string.h>

#define TARGET_AUTHORITY_MAX 255

static enum err head_refuse(struct http_head *h, enum err e, const char *detail)
{
	h->detail = detail;
	return e;
}

size_t http_head_end(struct span in, size_t *scanned)
{
	size_t at = *scanned;

	while (at < in.size) {
		const uint8_t *lf = memchr(in.data + at, '\n', in.size - at);
		if (lf == NULL)
			break;
		size_t next = (size_t)(lf - in.data) + 1;
		if (next < in.size && in.data[next] == '\n')
			return next + 1;
		if (next + 1 < in.size && in.data[next] == '\r' && in.data[next + 1] == '\n')
			return next + 2;
		if (next + 1 >= in.size) {
			*scanned = next - 1;
			return 0;
		}
		at = next;
	}
	*scanned = in.size;
	return 0;
}

/* RFC 9110 §5.6.2 */
static bool is_token(struct span s)
{
	return s.size > 0 && span_is_plain(s, "!#$%&'*+-.^_`|~");
}

/* RFC 9110 §5.5: visible, space, tab and bytes above 127. */
static bool is_value(struct span s)
{
	for (size_t i = 0; i < s.size; i++) {
		if ((s.data[i] < 0x20 && s.data[i] != '\t') || s.data[i] == 0x7f)
			return false;
	}
	return true;
}

static const char *target_fault(struct span s)
{
	for (size_t i = 0; i < s.size; i++) {
		uint8_t c = s.data[i];
		if (c <= 0x20 || c >= 0x7f || c == '#')
			return "The target has a byte that must be percent-encoded.";
		if (c != '%')
			continue;
		if (i + 2 >= s.size || hex_value(s.data[i + 1]) < 0 || hex_value(s.data[i + 2]) < 0)
			return "The target has a broken percent-encoding.";
		if (s.data[i + 1] == '0' && s.data[i + 2] == '0')
			return "The target has an encoded NUL.";
	}
	return NULL;
}

static enum http_method method_find(struct span name)
{
	static const enum http_method all[] = {
	    HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (span_equal_str(name, http_method_name(all[i])))
			return all[i];
	}
	return 0;
}

static bool is_authority(struct span s)
{
	return s.size > 0 && s.size <= TARGET_AUTHORITY_MAX &&
	       span_is_plain(s, "-._~:[]%!$&'()*+,;=");
}

/* RFC 9112 §3.2.2: "https://host/path" is the same as "/path" with that Host. */
static enum err head_absolute(struct http_head *h, struct span *target, struct span *authority)
{
	struct span rest = *target;
	size_t skip = 0;

	if (rest.size > 8 && span_equal_nocase(span_of(rest.data, 8), "https://"))
		skip = 8;
	else if (rest.size > 7 && span_equal_nocase(span_of(rest.data, 7), "http://"))
		skip = 7;
	if (skip == 0)
		return head_refuse(h, ERR_BAD_REQUEST, "The target must begin with '/'.");
	rest = span_of(rest.data + skip, rest.size - skip);
	size_t n = 0;
	while (n < rest.size && rest.data[n] != '/' && rest.data[n] != '?')
		n++;
	*authority = span_of(rest.data, n);
	*target = n < rest.size ? span_of(rest.data + n, rest.size - n) : span_str("/");
	if (!is_authority(*authority) || target->data[0] != '/')
		return head_refuse(h, ERR_BAD_REQUEST, "The target's authority is malformed.");
	return OK;
}

static enum err head_target(struct http_head *h, struct span target, struct span *authority)
{
	if (target.size == 0)
		return head_refuse(h, ERR_BAD_REQUEST, "The target is empty.");
	if (target.data[0] != '/')
		TRY(head_absolute(h, &target, authority));
	const char *wrong = target_fault(target);
	if (wrong != NULL)
		return head_refuse(h, ERR_BAD_REQUEST, wrong);
	h->target = target;
	const uint8_t *mark = memchr(target.data, '?', target.size);
	size_t n = mark != NULL ? (size_t)(mark - target.data) : target.size;
	h->path = span_of(target.data, n);
	h->query = mark != NULL ? span_of(mark + 1, target.size - n - 1) : SPAN_EMPTY;
	return OK;
}

/* RFC 9112 §3: exactly two single spaces. */
static bool line_split(struct span line, struct span part[3])
{
	for (int i = 0; i < 2; i++) {
		const uint8_t *space = line.size > 0 ? memchr(line.data, ' ', line.size) : NULL;
		if (space == NULL)
			return false;
		size_t n = (size_t)(space - line.data);
		part[i] = span_of(line.data, n);
		line = span_of(space + 1, line.size - n - 1);
	}
	part[2] = line;
	return part[0].size > 0 && part[1].size > 0;
}

static enum err head_request_line(struct http_head *h, struct span line, struct span *authority)
{
	struct span part[3];

	if (!line_split(line, part) || !is_token(part[0]))
		return head_refuse(h, ERR_BAD_REQUEST, "The request line is malformed.");
	h->is_http10 = span_equal_str(part[2], "HTTP/1.0");
	if (!h->is_http10 && !span_equal_str(part[2], "HTTP/1.1"))
		return head_refuse(h, ERR_BAD_REQUEST, "Only HTTP/1.1 is spoken here.");
	h->method = method_find(part[0]);
	if (h->method == 0)
		return head_refuse(h, ERR_NOT_IMPLEMENTED, "The method is unknown.");
	return head_target(h, part[1], authority);
}

bool http_head_plausible(struct span in)
{
	const uint8_t *lf = in.size > 0 ? memchr(in.data, '\n', in.size) : NULL;
	struct span part[3];

	if (lf == NULL)
		return true;
	struct span line = span_of(in.data, (size_t)(lf - in.data));
	return line.size > 0 && line.data[line.size - 1] == '\r' && line_split(line, part) &&
	       span_starts(part[2], "HTTP/1.");
}

/* One line without its CRLF; false when the line ends otherwise. */
static bool line_next(struct span *rest, struct span *line)
{
	const uint8_t *lf = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;

	if (lf == NULL || lf == rest->data || lf[-1] != '\r')
		return false;
	size_t n = (size_t)(lf - rest->data);
	*line = span_of(rest->data, n - 1);
	*rest = span_of(lf + 1, rest->size - n - 1);
	return true;
}

enum single {
	ONCE_HOST,
	ONCE_LENGTH,
	ONCE_CODING,
	ONCE_EXPECT,
	ONCE_OTHER,
	ONCE_KEY,
	ONCE_CREDENTIAL,
};

static const struct {
	const char *name;
	enum single kind;
} singles[] = {
    {"host", ONCE_HOST},
    {"content-length", ONCE_LENGTH},
    {"transfer-encoding", ONCE_CODING},
    {"expect", ONCE_EXPECT},
    {"content-type", ONCE_OTHER},
    {"content-encoding", ONCE_OTHER},
    {"idempotency-key", ONCE_KEY},
    {"range", ONCE_OTHER},
    {"if-range", ONCE_OTHER},
    {"origin", ONCE_OTHER},
    {"authorization", ONCE_CREDENTIAL},
    {"api-client-key", ONCE_CREDENTIAL},
    {"x-api-key", ONCE_CREDENTIAL},
    {"x-sign", ONCE_CREDENTIAL},
    {"x-timestamp", ONCE_CREDENTIAL},
    {"x-nonce", ONCE_CREDENTIAL},
};

/* RFC 9112 §6.3: digits only, so that no reader sees another length. */
static enum err head_length(struct http_head *h, struct span v)
{
	if (v.size == 0 || v.size > 18)
		return head_refuse(h, ERR_BAD_REQUEST, "Content-Length is not a number.");
	for (size_t i = 0; i < v.size; i++) {
		if (v.data[i] < '0' || v.data[i] > '9')
			return head_refuse(h, ERR_BAD_REQUEST, "Content-Length is not a number.");
		h->length = h->length * 10 + (uint64_t)(v.data[i] - '0');
	}
	h->has_length = true;
	return OK;
}

static enum err head_single(struct http_head *h, enum single kind, struct span v)
{
	switch (kind) {
	case ONCE_HOST:
		h->host = v;
		if (!is_authority(v))
			return head_refuse(h, ERR_BAD_REQUEST, "Host is malformed.");
		return OK;
	case ONCE_LENGTH: return head_length(h, v);
	case ONCE_CODING:
		h->chunked = true;
		if (!span_equal_nocase(v, "chunked"))
			return head_refuse(h, ERR_NOT_IMPLEMENTED, "Only chunked is understood.");
		return OK;
	case ONCE_EXPECT:
		h->expects_continue = true;
		if (!span_equal_nocase(v, "100-continue"))
			return head_refuse(h, ERR_EXPECTATION, "Only 100-continue is understood.");
		return OK;
	default: return OK;
	}
}

static void head_connection(struct http_head *h, struct span v)
{
	while (v.size > 0) {
		struct span token = span_trim(span_cut(&v, ','));
		if (span_equal_nocase(token, "close"))
			h->close = true;
	}
}

static enum err head_meaning(struct http_head *h, struct span name, struct span value)
{
	if (span_equal_nocase(name, "connection"))
		head_connection(h, value);
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		if (!span_equal_nocase(name, singles[i].name))
			continue;
		if ((h->seen & (1u << i)) == 0) {
			h->seen |= 1u << i;
			return head_single(h, singles[i].kind, value);
		}
		if (singles[i].kind == ONCE_KEY)
			return head_refuse(h, ERR_IDEMPOTENCY_DOUBLE, NULL);
		if (singles[i].kind == ONCE_CREDENTIAL)
			return head_refuse(h, ERR_AUTH_DOUBLE, singles[i].name);
		return head_refuse(h, ERR_BAD_REQUEST, "A header that may appear once is doubled.");
	}
	return OK;
}

static enum err head_field(struct http_head *h, struct span line)
{
	if (h->header_count == LIMIT_HEADER_LINES)
		return head_refuse(h, ERR_HEAD_TOO_LARGE, "Too many header lines.");
	/* RFC 9112 §5.2: a server may refuse a folded line, and we do. */
	if (line.data[0] == ' ' || line.data[0] == '\t')
		return head_refuse(h, ERR_BAD_REQUEST, "A header line is folded.");
	const uint8_t *colon = memchr(line.data, ':', line.size);
	if (colon == NULL)
		return head_refuse(h, ERR_BAD_REQUEST, "A header line has no colon.");
	size_t n = (size_t)(colon - line.data);
	struct span name = span_of(line.data, n);
	struct span raw = span_of(colon + 1, line.size - n - 1);
	if (!is_token(name))
		return head_refuse(h, ERR_BAD_REQUEST, "A header name is malformed.");
	if (!is_value(raw))
		return head_refuse(h, ERR_BAD_REQUEST, "A header value has a control byte.");
	struct span value = span_trim(raw);
	h->headers[h->header_count++] = (struct http_header){name, value};
	return head_meaning(h, name, value);
}

static enum err head_together(struct http_head *h, struct span authority)
{
	if (h->host.size == 0)
		return head_refuse(h, ERR_BAD_REQUEST, "Host is missing.");
	if (authority.size > 0 && !span_equal(authority, h->host))
		return head_refuse(h, ERR_BAD_REQUEST, "Host differs from the target.");
	/* RFC 9112 §6.1: both, or chunked in HTTP/1.0, are the marks of smuggling. */
	if (h->chunked && (h->has_length || h->is_http10))
		return head_refuse(h, ERR_BAD_REQUEST, "The body's length is ambiguous.");
	if (h->is_http10)
		h->close = true;
	return OK;
}

enum err http_head_parse(struct span bytes, struct http_head *h)
{
	struct span line, authority = SPAN_EMPTY;

	if (!line_next(&bytes, &line))
		return head_refuse(h, ERR_BAD_REQUEST, "A line does not end in CRLF.");
	TRY(head_request_line(h, line, &authority));
	for (;;) {
		if (!line_next(&bytes, &line))
			return head_refuse(h, ERR_BAD_REQUEST, "A line does not end in CRLF.");
		if (line.size == 0)
			return head_together(h, authority);
		TRY(head_field(h, line));
	}
}
