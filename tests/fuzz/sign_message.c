/*
 * Signature-Input, Signature and Content-Digest. Input: three parts separated by line ends; the
 * third is a field's value and the query. A base has one line a component and one for the
 * parameters, whatever the message says.
 */
#include "fuzz.h"
#include "sign/sign.h"

static struct message message_of(struct span rest, struct message_header *header, bool is_response)
{
	*header = (struct message_header){span_str("x-field"), rest};
	return (struct message){.is_response = is_response,
	    .status = 200,
	    .method = span_str("POST"),
	    .scheme = span_str("https"),
	    .authority = span_str("example.com"),
	    .target = rest,
	    .headers = header,
	    .header_count = 1,
	    .request_headers = header,
	    .request_header_count = 1};
}

static void check_base(const struct message *m, const struct message_signature *s)
{
	struct buf base;
	size_t lines = 0;
	buf_init(&base, 1 << 20);
	enum err e = message_base(m, s, &base);
	promise(e == OK || e == ERR_TOKEN);
	for (size_t i = 0; i < base.size; i++)
		lines += base.data[i] == '\n';
	if (e == OK) {
		promise(lines == s->component_count);
		promise(base.size >= s->params.size);
		promise(span_equal(
		    s->params, span_of(base.data + base.size - s->params.size, s->params.size)));
	}
	buf_free(&base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size);
	struct span input = span_cut(&rest, '\n'), mark = span_cut(&rest, '\n');
	struct message_signature s;
	struct message_header header;
	const char *reason = NULL;
	enum err e = message_read(input, mark, NULL, &s, &reason);
	promise(e == OK || (e == ERR_TOKEN && reason != NULL));
	if (e == OK) {
		promise(s.signature_size > 0 && s.signature_size <= SIGN_SIGNATURE_MAX);
		struct message request = message_of(rest, &header, false);
		struct message response = message_of(rest, &header, true);
		check_base(&request, &s);
		check_base(&response, &s);
	}
	enum err d = digest_check(input, mark);
	promise(d == OK || d == ERR_DIGEST);
	return 0;
}
