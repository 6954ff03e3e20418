/*
 * Are webhook signatures what receivers compute? The expected values are Python's
 * (hmac.new(key, ...), as the manual's example does it); tests/courier asks the
 * standardwebhooks package too.
 */
#include "base/limits.h"
#include "sign/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char url[] = "https://client.example/hook?a=1&b=2";
static const char body[] = "{\"id\":\"é\"}";

static void test_legacy(void **state)
{
	char out[41];

	(void)state;
	assert_int_equal(
	    webhook_signature_legacy(span_str("signature_key"), url, span_str(body), out), OK);
	assert_string_equal(out, "ee94f73f04978fce98005204dbf5a692e7d7e8e3");
}

static void test_v1(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, LIMIT_KB);
	assert_int_equal(webhook_signature_v1(
			     span_str("signature_key"), "msg_1", 1767225600, span_str(body), &out),
	    OK);
	assert_string_equal(buf_str(&out), "v1,FSpWd3+CwSlE6y59Ln9x3FT3msYpNM3yr19DSdR8Zmg=");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_legacy),
	    cmocka_unit_test(test_v1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
