/*
 * Which multipart bodies are read, and into which bytes exactly?
 */
#include "http/http.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct http_part parts[4];
static size_t count;

static enum err read_body(struct arena *arena, const char *type, const char *body)
{
	const struct http_header header = {span_str("content-type"), span_str(type)};
	const struct http_request req = {
	    .headers = &header, .header_count = 1, .body = span_str(body), .arena = arena};

	return http_multipart(&req, parts, 4, &count);
}

#define FORM "multipart/form-data; boundary=b"
#define PART "Content-Disposition: form-data; name=\"a\"\r\n"

static void check_one(const char *type, const char *body, const char *data)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new(LIMIT_MB);

	assert_int_equal(read_body(arena, type, body), OK);
	assert_int_equal(count, 1);
	assert_true(span_equal_str(parts[0].name, "a"));
	assert_true(span_equal_str(parts[0].data, data));
}

static void test_one_part(void **state)
{
	static const struct {
		const char *type, *body, *data;
	} cases[] = {
	    {FORM, "--b\r\n" PART "\r\none\r\n--b--\r\n", "one"},
	    {FORM, "\r\n--b\r\n" PART "\r\none\r\n--b--\r\n", "one"},
	    {FORM, "--b\r\n" PART "\r\none\r\n--b--", "one"},
	    {FORM, "preamble\r\n--b\r\n" PART "\r\none\r\n--b--epilogue", "one"},
	    {FORM, "--b  \r\n" PART "\r\none\r\n--b--", "one"},
	    {FORM, "--b\r\n" PART "\r\n\r\n--b--", ""},
	    {FORM, "--b\r\n" PART "\r\n--b--", ""},
	    {FORM, "--b\r\n" PART "\r\n\r\n\r\n\r\n--b--", "\r\n\r\n"},
	    {FORM, "--b\r\n" PART "\r\nx--b\r\n --b\r\n--b--", "x--b\r\n --b"},
	    {FORM, "--b\r\n" PART "\r\nbbb-b--b\r\n--b--", "bbb-b--b"},
	    {FORM, "--b\nContent-Disposition: form-data; name=a\n\none\n--b--", "one"},
	    {"Multipart/Form-Data; charset=x; Boundary=\"b\"", "--b\r\n" PART "\r\none\r\n--b--",
		"one"},
	    {"multipart/form-data;boundary=\"b;c\"", "--b;c\r\n" PART "\r\none\r\n--b;c--", "one"},
	    {FORM, "--b\r\nX: 1\r\ncontent-disposition:form-data;name=\"a\"\r\n\r\none\r\n--b--",
		"one"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_one(cases[i].type, cases[i].body, cases[i].data);
}

static void test_file(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new(LIMIT_MB);

	assert_int_equal(
	    read_body(arena, FORM,
		"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a \\\"q\\\" \\\\ "
		"c:\\d.pdf\"\r\n"
		"Content-Type: application/pdf\r\n\r\n%PDF\r\n--b\r\n" PART "\r\n2\r\n--b--"),
	    OK);
	assert_int_equal(count, 2);
	assert_true(span_equal_str(parts[0].filename, "a \"q\" \\ c:\\d.pdf"));
	assert_true(span_equal_str(parts[0].content_type, "application/pdf"));
	assert_true(span_equal_str(parts[0].data, "%PDF"));
	assert_int_equal(parts[1].filename.size, 0);
	assert_true(span_equal_str(parts[1].data, "2"));
}

static void test_refused(void **state)
{
	static const struct {
		const char *type, *body;
	} cases[] = {
	    {"application/json", "--b\r\n" PART "\r\none\r\n--b--"},
	    {"multipart/form-data", "--b\r\n" PART "\r\none\r\n--b--"},
	    {"multipart/form-data; boundary=", "--\r\n" PART "\r\none\r\n----"},
	    {"multipart/form-data; boundary=\"b", "--b\r\n" PART "\r\none\r\n--b--"},
	    {FORM, ""},
	    {FORM, "--b"},
	    {FORM, "--b\r\n"},
	    {FORM, "--b\r\n" PART},
	    {FORM, "--b\r\n" PART "\r\none"},
	    {FORM, "--b\r\n" PART "\r\none--b--"},
	    {FORM, "--b\r\n\r\none\r\n--b--"},
	    {FORM, "--b\r\nContent-Disposition: form-data\r\n\r\none\r\n--b--"},
	    {FORM, "--bx\r\n" PART "\r\none\r\n--b--"},
	    {FORM, "--b\r\n" PART "\r\n1\r\n--b\r\n" PART "\r\n2\r\n--b\r\n" PART
		   "\r\n3\r\n--b\r\n" PART "\r\n4\r\n--b\r\n" PART "\r\n5\r\n--b--"},
	};
	struct arena *arena CLEANUP(arena_freep) = arena_new(LIMIT_MB);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(read_body(arena, cases[i].type, cases[i].body), ERR_MULTIPART);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_part),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
