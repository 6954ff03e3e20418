/*
 * Can anything that people write break a mail's header, and do templates escape? (What a mail
 * reader makes of the result is asked of Python's email package in tests/courier.)
 */
#include "base/limits.h"
#include "courier/courier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct mail_parts parts(void)
{
	return (struct mail_parts){
	    .from_name = "Empresa",
	    .from = "no-reply@example.com",
	    .to_name = "Ana",
	    .to = "ana@example.com",
	    .subject = "Contrato",
	    .text = span_str("Olá\nfim\n"),
	    .html = span_str("<p>Olá</p>\n"),
	    .message_id = "1.2@example.com",
	    .now = INT64_C(1767225600000),
	};
}

static enum err compose(const struct mail_parts *p, char *out, size_t room)
{
	struct buf b;

	buf_init(&b, LIMIT_MB);
	enum err e = mail_compose(p, &b);
	snprintf(out, room, "%s", e == OK ? buf_str(&b) : "");
	buf_free(&b);
	return e;
}

static void test_same_parts_same_bytes(void **state)
{
	struct mail_parts p = parts();
	char a[8192], b[8192];

	(void)state;
	assert_int_equal(compose(&p, a, sizeof(a)), OK);
	assert_int_equal(compose(&p, b, sizeof(b)), OK);
	assert_string_equal(a, b);
	assert_non_null(strstr(a, "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"));
	assert_non_null(strstr(a, "Auto-Submitted: auto-generated\r\n"));
}

/* Every line break is CRLF, every line at most 78 long and printable ASCII. */
static void check_lines(const char *mail)
{
	size_t column = 0;

	for (size_t i = 0; mail[i] != '\0'; i++) {
		if (mail[i] == '\r') {
			assert_int_equal(mail[i + 1], '\n');
			continue;
		}
		if (mail[i] == '\n') {
			assert_true(i > 0 && mail[i - 1] == '\r');
			column = 0;
			continue;
		}
		assert_in_range(mail[i], 0x20, 0x7e);
		assert_true(++column <= 78);
	}
}

static const char *const hostile[] = {
    "a\r\nBcc: eve@example.com",
    "a\nBcc: eve@example.com",
    "a\rBcc: eve@example.com",
    "a\r\n\r\n<html>",
    "=?utf-8?B?DQpCY2M6IHg=?=",
    "\"quoted\\\" <eve@example.com>",
    "tab\there",
    "\xc2\x85next line",
    "a very long subject of plain ASCII words that goes on and on and on until it no longer fits "
    "one line of mail",
    "契約書への署名をお願いします。契約書への署名をお願いします。契約書への署名をお願いします。",
    "עברית العربية हिन्दी ไทย 🖊️🇧🇷👩‍👩‍👧‍👦 "
    "e\xcc\x81",
    " leading and trailing ",
};

static void test_no_injection(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct mail_parts p = parts();
		char mail[16384];
		p.subject = p.from_name = p.to_name = hostile[i];
		assert_int_equal(compose(&p, mail, sizeof(mail)), OK);
		assert_null(strstr(mail, "\nBcc:"));
		check_lines(mail);
	}
}

static void test_addresses_refused(void **state)
{
	static const char *const bad[] = {"", "ana", "ana@example.com\r\nBcc: x@y.zz",
	    "ana@example.com>", "a b@example.com", "<ana@example.com>",
	    "ana@example.com,eve@example.com"};
	char mail[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct mail_parts to = parts(), from = parts(), reply = parts();
		to.to = from.from = reply.reply_to = bad[i];
		assert_int_equal(compose(&to, mail, sizeof(mail)), ERR_EMAIL);
		assert_int_equal(compose(&from, mail, sizeof(mail)), ERR_EMAIL);
		assert_int_equal(compose(&reply, mail, sizeof(mail)), ERR_EMAIL);
	}
}

static void test_broken_text_refused(void **state)
{
	struct mail_parts p = parts();
	char mail[8192];

	(void)state;
	p.subject = "a\xff";
	assert_int_equal(compose(&p, mail, sizeof(mail)), ERR_TEXT);
	p = parts();
	p.text = span_str("\xc3(");
	assert_int_equal(compose(&p, mail, sizeof(mail)), ERR_TEXT);
	p = parts();
	p.message_id = "a@b>\r\nBcc: x";
	assert_int_equal(compose(&p, mail, sizeof(mail)), ERR_INTERNAL);
}

struct fill_case {
	const char *template, *html, *text;
};

static const struct fill_case fills[] = {
    {"Hi {name}!", "Hi &lt;b&gt;&quot;&#39;&amp;{name}!", "Hi <b>\"'&{name}!"},
    {"a { color: {x1} } @media (y){b{c}}", "a { color: 1 } @media (y){b&lt;}", NULL},
    {"keep\ndrop {empty} this\nkeep", "keep\nkeep", "keep\nkeep"},
    {"{empty}", "", ""},
    {"{markup}", "<i>", "<i>"},
    {"{} {A} { name} {name", "{} {A} { name} {name", "{} {A} { name} {name"},
    {"{breaks}", "a\r\nb", "a  b"},
};

static void check_fill(const char *template, bool is_html, const char *expected)
{
	const struct template_value values[] = {
	    {"name", span_str("<b>\"'&{name}"), false},
	    {"x1", span_str("1"), false},
	    {"c", span_str("<"), false},
	    {"empty", SPAN_EMPTY, false},
	    {"markup", span_str("<i>"), true},
	    {"breaks", span_str("a\r\nb"), false},
	};
	struct buf out;

	buf_init(&out, LIMIT_KB);
	assert_int_equal(template_fill(span_str(template), values, 6, is_html, &out), OK);
	assert_string_equal(buf_str(&out), expected);
	buf_free(&out);
}

static void test_fill(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fills) / sizeof(*fills); i++) {
		check_fill(fills[i].template, true, fills[i].html);
		if (fills[i].text != NULL)
			check_fill(fills[i].template, false, fills[i].text);
	}
}

static void test_fill_unknown(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, LIMIT_KB);
	assert_int_equal(template_fill(span_str("{nobody}"), NULL, 0, true, &out), ERR_INTERNAL);
	buf_reset(&out);
	assert_int_equal(template_fill(span_str("a{x}"), NULL, 0, false, &out), ERR_INTERNAL);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_parts_same_bytes),
	    cmocka_unit_test(test_no_injection),
	    cmocka_unit_test(test_addresses_refused),
	    cmocka_unit_test(test_broken_text_refused),
	    cmocka_unit_test(test_fill),
	    cmocka_unit_test(test_fill_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
