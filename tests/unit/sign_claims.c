/* Are the claims and texts of the ES512 schemes taken as real clients write them, and no further?
 */
#include "unit.h"

#include "sign/sign.h"

static bool takes_date(const char *text, int64_t wanted)
{
	int64_t seconds;
	return wrapped_date_read(span_str(text), &seconds) == OK && seconds == wanted;
}

static void test_dates(void **state)
{
	static const char *const refused[] = {"", "Mon", "Mon, 02 Nov 2026 12:00:00",
	    "Mon, 02 Nov 2026 12:00:00 UTC", "Mon, 02 Nov 2026 12:00:00 GMT ",
	    "Mon,02 Nov 2026 12:00:00 GMT", "Xyz, 02 Nov 2026 12:00:00 GMT",
	    "Mon, 002 Nov 2026 12:00:00 GMT", "Mon, 31 Nov 2026 12:00:00 GMT",
	    "Mon, 02 nov 2026 12:00:00 GMT", "Mon, 02 Nov 26 12:00:00 GMT",
	    "Mon, 02 Nov 2026 24:00:00 GMT", "Mon, 02 Nov 2026 12:0:00 GMT",
	    "Mon, 02 Nov 2026 -1:00:00 GMT", "2026-11-02T12:00:00Z"};
	int64_t seconds;
	char text[32];
	assert_true(takes_date("Mon, 02 Nov 2026 12:00:00 GMT", 1793620800));
	assert_true(takes_date("Mon, 2 Nov 2026 12:00:00 GMT", 1793620800));
	assert_true(takes_date("Mon, 02 Nov 2026 9:00:00 GMT", 1793610000));
	assert_true(takes_date("Thu, 1 Jan 1970 0:00:00 GMT", 0));
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_int_equal(wrapped_date_read(span_str(refused[i]), &seconds), ERR_TOKEN);
	wrapped_date_write(1793620800, text);
	assert_string_equal(text, "Mon, 02 Nov 2026 12:00:00 GMT");
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"2026-11-02T12:00:00", 1793620800000}, {"2026-11-02T12:00:00Z", 1793620800000},
	    {"2026-11-02T12:00:00.123", 1793620800123}, {"2026-11-02T12:00:00.123Z", 1793620800123},
	    {"2026-11-02T12:00:00.123999", 1793620800123},
	    {"2026-11-02T12:00:00.000000Z", 1793620800000}};
	static const char *const refused[] = {"", "Z", "2026-11-02", "2026-11-02T12:00",
	    "2026-11-02T12:00:00.1Z", "2026-11-02T12:00:00.1234567Z", "2026-11-02 12:00:00Z",
	    "2026-11-02T12:00:00+00:00", "2026-11-02T12:00:00,123Z", "2026-13-02T12:00:00Z",
	    "2026-11-02T12:00:00z", "2026-11-02T12:00:00-03"};
	int64_t ms;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(plain_time_read(span_str(good[i].text), &ms), OK);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_int_equal(plain_time_read(span_str(refused[i]), &ms), ERR_TOKEN);
}

static bool same_url(const char *a, const char *b)
{
	return wrapped_url_equal(span_str(a), span_str(b));
}

static void test_urls(void **state)
{
	assert_true(same_url("/a?q=1", "/a?q=1"));
	assert_true(same_url("/a?q=a%20b", "/a?q=a+b"));
	assert_true(same_url("/a?q=a b", "/a?q=a%20b"));
	assert_true(same_url("/a?q=%C3%A9", "/a?q=\xc3\xa9"));
	assert_true(same_url("/a?c=x==", "/a?c=x%3D%3D"));
	assert_false(same_url("/a?q=1", "/a?q=2"));
	assert_false(same_url("/a?q=1", "/a"));
	assert_false(same_url("/a", "/a?"));
	assert_false(same_url("/a%20b", "/a+b"));
	assert_false(same_url("/%61?q=1", "/a?q=1"));
	assert_false(same_url("/a?q=1&r=2", "/a?q=1%26r=2"));
	assert_false(same_url("/a?q=1", "/a?q=1&r=2"));
	assert_false(same_url("/a?q=1&r=2", "/a?r=2&q=1"));
	assert_false(same_url("/a?q=+", "/a?q=%2B"));
	assert_false(same_url("/a?q=%zz", "/a?q=%zZ"));
	assert_false(same_url("/a?q=a%20b", "/a?q=a+b&"));
	assert_false(same_url("/a?q=a%20b&&r", "/a?q=a+b&r"));
	assert_false(same_url("/a?q&r=a%20b", "/a?q=&r=a+b"));
	assert_true(same_url("/a?q&r=a%20b&", "/a?q&r=a+b&"));
}

static enum err read_body(const char *body, bool *is_empty, struct buf *token)
{
	buf_reset(token);
	return wrapped_body_read(span_str(body), token, is_empty);
}

static void test_bodies(void **state)
{
	static const char *const empty[] = {
	    "", " \r\n", "{}", "null", "{\"encoded_body\":null}", " { } "};
	static const char *const full[] = {"{\"encoded_body\":\"a.b-_.c\"}",
	    "{ \"encoded_body\" : \"a.b-_.c\" }\n", "{\"encoded_body\":\"a.b-\\u005f.c\"}"};
	static const char *const refused[] = {"{\"encoded_body\":1}", "[]", "\"a.b.c\"", "{", "x",
	    "{\"encoded_body\":\"a\",\"encoded_body\":\"b\"}",
	    "{\"encoded_body\":\"a\",\"more\":1}", "{\"more\":null}",
	    "{\"encoded_body\":null,\"more\":1}", "{\"encoded_body\":\"a\"}}", "{\"a\":{\"b\":1}}"};
	struct buf token;
	bool is_empty;
	buf_init(&token, 100);
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
		assert_int_equal(read_body(empty[i], &is_empty, &token), OK);
		assert_true(is_empty);
	}
	for (size_t i = 0; i < sizeof full / sizeof full[0]; i++) {
		assert_int_equal(read_body(full[i], &is_empty, &token), OK);
		assert_false(is_empty);
		assert_string_equal(buf_str(&token), "a.b-_.c");
	}
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_int_equal(read_body(refused[i], &is_empty, &token), ERR_TOKEN);
	buf_free(&token);
}

static void test_wrapped_claims(void **state)
{
	static const char *const refused[] = {"{}", "{\"sub\":\"k\"}", "{\"signature\":\"l\"}",
	    "{\"sub\":1,\"signature\":\"l\"}", "{\"sub\":\"k\",\"signature\":\"l\",\"sub\":\"k\"}",
	    "[]", "null", ""};
	struct buf key, lines;
	struct wrapped w;
	buf_init(&key, 100);
	buf_init(&lines, 100);
	assert_int_equal(
	    wrapped_claims_read(
		span_str("{\"iat\":1,\"signature\":\"l\",\"sub\":\"k\"}"), &key, &lines),
	    OK);
	assert_string_equal(buf_str(&key), "k");
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_int_equal(
		    wrapped_claims_read(span_str(refused[i]), &key, &lines), ERR_TOKEN);
	assert_int_equal(wrapped_lines_read(span_str("a\nb\nc\nd"), &w), ERR_TOKEN);
	assert_int_equal(wrapped_lines_read(span_str("a\nb\nc\nd\ne\nf"), &w), ERR_TOKEN);
	assert_int_equal(wrapped_lines_read(span_str("a\nb\nc\nd\ne\n"), &w), ERR_TOKEN);
	w = (struct wrapped){.method = span_str("GET\nx")};
	assert_int_equal(wrapped_lines_make(&w, &lines), ERR_TOKEN);
	buf_free(&key);
	buf_free(&lines);
}

static void test_plain_claims(void **state)
{
	static const char *const refused[] = {"{}",
	    "{\"payload_md5\":1,\"timestamp\":\"t\",\"method\":\"m\",\"uri\":\"u\"}",
	    "{\"payload_md5\":null,\"timestamp\":\"t\",\"method\":\"m\",\"uri\":\"u\"}",
	    "{\"payload_md5\":\"\",\"method\":\"m\",\"uri\":\"u\"}",
	    "{\"timestamp\":\"t\",\"method\":\"m\",\"uri\":\"u\",\"uri\":\"u\"}", "[]"};
	struct arena *arena = arena_new(10000);
	struct plain p;
	assert_int_equal(
	    plain_claims_read(
		span_str("{\"iat\":1,\"timestamp\":\"t\",\"method\":\"m\",\"uri\":\"u\"}"), arena,
		&p),
	    OK);
	assert_null(p.payload_md5.data);
	assert_true(span_equal_str(p.uri, "u"));
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_int_equal(plain_claims_read(span_str(refused[i]), arena, &p), ERR_TOKEN);
	arena_free(arena);
}

static void test_md5(void **state)
{
	struct span braces = span_str("99914b932bd37a50b983c5e7c90ae93b");
	struct span nothing = span_str("d41d8cd98f00b204e9800998ecf8427e");
	assert_true(plain_md5_fits(braces, SPAN_EMPTY, true));
	assert_true(plain_md5_fits(nothing, SPAN_EMPTY, true));
	assert_true(plain_md5_fits(SPAN_EMPTY, SPAN_EMPTY, false));
	assert_true(plain_md5_fits(braces, span_str("{}"), true));
	assert_false(plain_md5_fits(nothing, span_str("{}"), true));
	assert_false(plain_md5_fits(SPAN_EMPTY, span_str("{}"), false));
	assert_false(plain_md5_fits(span_str(""), SPAN_EMPTY, true));
	assert_false(
	    plain_md5_fits(span_str("99914B932BD37A50B983C5E7C90AE93B"), SPAN_EMPTY, true));
}

static void test_xsign(void **state)
{
	static const char *const refused[] = {
	    "", "=", "==", "A", "AA=", "AAA==", "A+/A", "AA==AA", "AB", "AAAA====", " AAAA"};
	struct buf out;
	buf_init(&out, SIGN_SIGNATURE_MAX);
	assert_int_equal(xsign_read(span_str("-_8"), &out), OK);
	assert_int_equal(xsign_read(span_str("-_8="), &out), OK);
	assert_int_equal(xsign_read(span_str("AA=="), &out), OK);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_int_equal(xsign_read(span_str(refused[i]), &out), ERR_SIGNATURE);
	buf_reset(&out);
	assert_int_equal(
	    xsign_input(span_str("1a"), span_str("https://x/"), SPAN_EMPTY, &out), ERR_SIGNATURE);
	assert_int_equal(
	    xsign_input(SPAN_EMPTY, span_str("https://x/"), SPAN_EMPTY, &out), ERR_SIGNATURE);
	assert_int_equal(
	    xsign_input(span_str("1"), span_str("7https://x/"), SPAN_EMPTY, &out), ERR_SIGNATURE);
	buf_free(&out);
}

/* The header's own rules, each with a signature of the right form behind it. */
static void test_jws_headers(void **state)
{
	static const struct {
		const char *header, *word;
	} cases[] = {{"eyJhbGciOiJFUzUxMiJ9", NULL},                   /* {"alg":"ES512"} */
	    {"eyJraWQiOiJrIiwiYWxnIjoiRVM1MTIiLCJqa3UiOiJ4In0", NULL}, /* kid, jku: ignored */
	    {"eyJhbGciOiJlczUxMiJ9", "alg"},                           /* es512 */
	    {"eyJhbGciOiJFUzI1NiJ9", "alg"},                           /* ES256 */
	    {"eyJhbGciOiJOb25lIn0", "alg"},                            /* None */
	    {"eyJhbGciOlsiRVM1MTIiXX0", "alg"},                        /* ["ES512"] */
	    {"e30", "alg"},                                            /* {} */
	    {"eyJhbGciOiJFUzUxMlx1MDAwMCJ9", "alg"},                   /* ES512\u0000 */
	    {"eyJhbGciOiJFUzUxMiIsImNyaXQiOltdfQ", "crit"},            /* crit */
	    {"eyJhbGciOiJFUzUxMiIsImFsZyI6IkVTNTEyIn0", "twice"},      /* alg twice */
	    {"WyJFUzUxMiJd", "object"},                                /* ["ES512"] */
	    {"eyJhbGciOiJFUzUxMiJ9eA", "JSON"},                        /* trailing x */
	    {"eyJhbGciOiJFUzUxMiJ9=", "base64url"}, {"", "empty"}};
	char token[400], mark[177];
	memset(mark, 'A', 176);
	mark[0] = mark[88] = 'A';
	mark[80] = mark[160] = 'B';
	mark[176] = 0;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct jws t;
		const char *reason = "";
		struct buf b;
		buf_init(&b, sizeof token);
		buf_format(&b, "%s.e30.%s", cases[i].header, mark);
		enum err e = jws_read(buf_span(&b), &t, &reason);
		if (cases[i].word == NULL ? e != OK
					  : e != ERR_TOKEN || !strstr(reason, cases[i].word))
			fail_msg("%s: %s %s", cases[i].header, err_symbol(e), reason);
		buf_free(&b);
	}
}

static void test_jws_parts(void **state)
{
	static const char *const refused[] = {"", ".", "..", "...", "a", "a.b", "e30.e30",
	    "e30.e30.e30.e30", "e30.e30.e30.e30.e30", "e30..e30"};
	struct jws t;
	const char *reason;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_int_equal(jws_read(span_str(refused[i]), &t, &reason), ERR_TOKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_wrapped_claims),
	    cmocka_unit_test(test_plain_claims),
	    cmocka_unit_test(test_md5),
	    cmocka_unit_test(test_xsign),
	    cmocka_unit_test(test_jws_headers),
	    cmocka_unit_test(test_jws_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
