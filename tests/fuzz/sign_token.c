/*
 * Tokens and claims of the ES512 schemes, and the texts inside them. What is accepted is inside
 * the input, comes back the same when it is made again, and never was a signature that could not
 * be.
 */
#include "base/clock.h"
#include "fuzz.h"
#include "sign/sign.h"

#include <string.h>

static void check_jws(struct span in)
{
	struct jws t;
	const char *reason = NULL;
	enum err e = jws_read(in, &t, &reason);
	promise(e == OK || (e == ERR_TOKEN && reason != NULL));
	if (e != OK)
		return;
	promise(t.input.data == in.data && t.input.size < in.size);
	promise(t.payload.size > 0 && t.header.size + t.payload.size + 1 == t.input.size);
	bool is_zero = true;
	for (size_t i = 0; i < sizeof t.signature; i++)
		is_zero = is_zero && t.signature[i] == 0;
	promise(!is_zero && t.signature[0] <= 1 && t.signature[66] <= 1);
	promise(jws_check(NULL, &t) == ERR_SIGNATURE);
}

static void check_lines(struct span in)
{
	struct wrapped w;
	struct buf out;
	buf_init(&out, in.size + 5);
	if (wrapped_lines_read(in, &w) == OK) {
		promise(wrapped_lines_make(&w, &out) == OK);
		promise(span_equal(buf_span(&out), in));
	}
	buf_free(&out);
}

static void check_body(struct span in)
{
	struct buf token;
	bool is_empty = false;
	buf_init(&token, in.size);
	enum err e = wrapped_body_read(in, &token, &is_empty);
	promise(e == OK || e == ERR_TOKEN);
	promise(!is_empty || token.size == 0);
	buf_free(&token);
}

static void check_claims(struct span in)
{
	struct buf key, lines, made, key_again, lines_again;
	buf_init(&key, in.size);
	buf_init(&lines, in.size);
	buf_init(&made, 8 * in.size + 64);
	buf_init(&key_again, in.size);
	buf_init(&lines_again, in.size);
	enum err e = wrapped_claims_read(in, &key, &lines);
	promise(e == OK || e == ERR_TOKEN);
	if (e == OK) {
		promise(wrapped_claims_make(buf_span(&key), buf_span(&lines), &made) == OK);
		promise(wrapped_claims_read(buf_span(&made), &key_again, &lines_again) == OK);
		promise(span_equal(buf_span(&key), buf_span(&key_again)));
		promise(span_equal(buf_span(&lines), buf_span(&lines_again)));
	}
	buf_free(&key);
	buf_free(&lines);
	buf_free(&made);
	buf_free(&key_again);
	buf_free(&lines_again);
}

static void check_plain(struct span in)
{
	struct arena *arena = arena_new(4 * in.size + 4096);
	struct plain p;
	enum err e = plain_claims_read(in, arena, &p);
	promise(e == OK || e == ERR_TOKEN);
	if (e == OK)
		promise(!plain_md5_fits(p.payload_md5, in, p.payload_md5.data != NULL) ||
			p.payload_md5.size == MD5_TEXT_SIZE - 1);
	arena_free(arena);
}

static void check_times(struct span in)
{
	int64_t seconds, ms, again;
	char text[32];
	if (wrapped_date_read(in, &seconds) == OK) {
		wrapped_date_write(seconds, text);
		promise(wrapped_date_read(span_str(text), &again) == OK && again == seconds);
	}
	if (plain_time_read(in, &ms) == OK) {
		plain_time_write(ms, text);
		promise(plain_time_read(span_str(text), &again) == OK && again == ms);
	}
}

static void check_url(struct span in)
{
	struct span b = in, a = span_cut(&b, '\n');
	promise(wrapped_url_equal(a, a) && wrapped_url_equal(b, b));
	promise(wrapped_url_equal(a, b) == wrapped_url_equal(b, a));
}

static void check_xsign(struct span in)
{
	struct buf mark;
	buf_init(&mark, SIGN_SIGNATURE_MAX);
	enum err e = xsign_read(in, &mark);
	promise(e == OK || e == ERR_SIGNATURE);
	promise(e != OK || mark.size > 0);
	buf_free(&mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(struct span) = {check_jws, check_lines, check_body,
	    check_claims, check_plain, check_times, check_url, check_xsign};
	struct span in = span_of(data, size);
	checks[take_choice(&in) % 8](in);
	return 0;
}
