/*
 * A mail message from its parts: RFC 5322 header, multipart/alternative of plain text and HTML
 * (RFC 2046 §5.1.4). The same parts give the same bytes. The boundary holds "=_", which neither
 * quoted-printable nor base64 can produce.
 */
#include "courier/courier.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "courier/compose.h"

#include <string.h>

#define BOUNDARY_SIZE 40

static enum err boundary_make(const char *message_id, char out[BOUNDARY_SIZE])
{
	uint8_t hash[SHA256_SIZE];

	TRY(sha256(span_str(message_id), hash));
	memcpy(out, "=_", 2);
	hex_text(out + 2, hash, 16);
	return OK;
}

/* RFC 5322 §3.3: the zone as a number; clock_format_http ends in its obsolete form, "GMT". */
static void put_date(struct buf *out, int64_t now)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_http(now, text);
	buf_format(out, "Date: %.*s +0000\r\n", (int)(strlen(text) - strlen(" GMT")), text);
}

static bool is_message_id(const char *id)
{
	size_t size = strlen(id);

	for (size_t i = 0; i < size; i++) {
		if (id[i] <= ' ' || id[i] > '~' || strchr("<>()[]\\,;:\"", id[i]) != NULL)
			return false;
	}
	return size > 2 && size < 200 && strchr(id, '@') != NULL;
}

static enum err put_header(const struct mail_parts *p, struct buf *out)
{
	ENSURE(is_message_id(p->message_id), ERR_INTERNAL);
	put_date(out, p->now);
	TRY(header_put_person(out, "From", p->from_name, p->from));
	TRY(header_put_person(out, "To", p->to_name, p->to));
	if (p->reply_to != NULL)
		TRY(header_put_person(out, "Reply-To", NULL, p->reply_to));
	TRY(header_put_text(out, "Subject", p->subject));
	buf_format(out, "Message-ID: <%s>\r\n", p->message_id);
	/* RFC 3834 §5: nobody's absence note shall answer. */
	buf_put_str(out, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n");
	return OK;
}

enum err mail_compose(const struct mail_parts *parts, struct buf *out)
{
	char boundary[BOUNDARY_SIZE];

	TRY(boundary_make(parts->message_id, boundary));
	TRY(put_header(parts, out));
	buf_format(out,
	    "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
	    boundary);
	buf_format(out, "--%s\r\n", boundary);
	TRY(part_put(out, "text/plain", parts->text));
	buf_format(out, "--%s\r\n", boundary);
	TRY(part_put(out, "text/html", parts->html));
	buf_format(out, "--%s--\r\n", boundary);
	return buf_done(out);
}
