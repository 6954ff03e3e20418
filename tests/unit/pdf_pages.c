/* Do the evidence pages hold for any evidence: broken, empty, huge, in every language and script?
 */
#include "pdf/pages.h"

#include "base/json.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>


#define VECTORS "tests/vectors/evidence/"
#define PDF_MAX (64u * 1024 * 1024)

static json_t *vector_load(const char *name)
{
	char path[256];
	json_error_t e;

	snprintf(path, sizeof(path), VECTORS "%s.json", name);
	json_t *j = json_load_file(path, 0, &e);
	if (j == NULL)
		fail_msg("%s: %s", path, e.text);
	return j;
}

static enum err pages_of(const json_t *evidence, const char *drawings, struct pages_counts *counts)
{
	struct buf out CLEANUP(buf_free);
	char *text = json_dumps(evidence, JSON_COMPACT);

	assert_non_null(text);
	buf_init(&out, PDF_MAX);
	enum err e = pdf_pages_counted(span_str(text), span_str(drawings), &out, counts);
	if (e == OK)
		assert_true(out.size > 1000 && memcmp(out.data, "%PDF-", 5) == 0);
	free(text);
	return e;
}

static unsigned pages_count(const json_t *evidence, const char *drawings)
{
	struct pages_counts counts;

	assert_int_equal(pages_of(evidence, drawings, &counts), OK);
	assert_int_equal(counts.unknown_glyphs, 0);
	return counts.pages;
}

static void refuses_what_is_not_evidence(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "null", "7", "{}", "{\"version\":2}",
	    "{\"version\":\"1\"}", "{\"version\":1,\"version\":1}", "{\"version\":1}\xff",
	    "\xff\xfe"};
	struct buf out CLEANUP(buf_free);

	buf_init(&out, PDF_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(pdf_pages(span_str(bad[i]), SPAN_EMPTY, &out), OK);
	assert_int_not_equal(pdf_pages(span_str("{\"version\":1}"), span_str("[]"), &out), OK);
	assert_int_not_equal(pdf_pages(span_str("{\"version\":1}"), span_str("{"), &out), OK);
	assert_int_equal(out.size, 0);
}

static void says_so_when_everything_is_missing(void **state)
{
	json_t *empty = json_pack("{s:i}", "version", 1);
	json_t *odd = json_loads(
	    "{\"version\":1,\"language\":7,\"time_zone\":\"Mars/Olympus\",\"sandbox\":\"x\","
	    "\"verification\":[],\"document\":\"x\",\"documents\":{\"a\":1},"
	    "\"signers\":[null,7,{},{\"checks\":7,\"times\":[],\"signature\":\"x\"}],"
	    "\"log\":{\"events\":[null,{}]},\"original\":3,\"clock\":[]}",
	    0, NULL);

	assert_int_equal(pages_count(empty, "{}"), 2);
	assert_true(pages_count(odd, "{\"x\":[[[]]]}") >= 6);
	json_decref(empty);
	json_decref(odd);
}

static void speaks_every_language(void **state)
{
	static const char *const languages[] = {"pt-BR", "en", "es", "xx", "../../etc/passwd"};
	json_t *j = vector_load("one-pt-BR");

	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		json_object_set_new(j, "language", json_string(languages[i]));
		assert_int_equal(pages_count(j, "{}"), 3);
	}
	json_decref(j);
}

static void has_no_box_for_any_script(void **state)
{
	struct pages_counts counts;
	json_t *j = vector_load("scripts-en");

	assert_int_equal(pages_of(j, "{}", &counts), OK);
	assert_int_equal(counts.unknown_glyphs, 0);
	/* U+1FAE8 is newer than the fonts: printed as its number. */
	assert_true(counts.replaced > 0);
	json_array_remove(json_object_get(j, "signers"), 9);
	assert_int_equal(pages_of(j, "{}", &counts), OK);
	assert_int_equal(counts.replaced, 0);
	json_decref(j);
}

static void takes_hostile_drawings(void **state)
{
	json_t *j = vector_load("one-pt-BR");

	assert_int_equal(pages_count(j, "{\"signer-1\":[[[0.5,0.5]],[],7,[[]],[[1e308,-1e308],"
					"[\"x\",null]],[[0,0],[1,1],[2,2]]]}"),
	    3);
	assert_int_equal(pages_count(j, "{\"signer-1\":\"x\"}"), 3);
	json_decref(j);
}

static void is_the_same_twice(void **state)
{
	struct buf a CLEANUP(buf_free);
	struct buf c CLEANUP(buf_free);
	json_t *j = vector_load("two-es");
	char *text = json_dumps(j, 0);

	buf_init(&a, PDF_MAX);
	buf_init(&c, PDF_MAX);
	assert_int_equal(pdf_pages(span_str(text), SPAN_EMPTY, &a), OK);
	assert_int_equal(pdf_pages(span_str(text), SPAN_EMPTY, &c), OK);
	assert_true(span_equal(buf_span(&a), buf_span(&c)));
	free(text);
	json_decref(j);
}

static void stops_at_the_limit_of_the_output(void **state)
{
	struct buf out CLEANUP(buf_free);
	json_t *j = vector_load("one-pt-BR");
	char *text = json_dumps(j, 0);

	buf_init(&out, 20000);
	assert_int_not_equal(pdf_pages(span_str(text), SPAN_EMPTY, &out), OK);
	assert_true(out.size <= 20000);
	free(text);
	json_decref(j);
}

static void copies_grow(json_t *list, size_t count, size_t from)
{
	char id[32];

	for (size_t i = json_array_size(list); i < count; i++) {
		json_t *copy = json_deep_copy(json_array_get(list, from));
		snprintf(id, sizeof(id), "copy-%zu", i);
		json_object_set_new(copy, "id", json_string(id));
		json_object_set_new(copy, "sequence", json_integer((json_int_t)i));
		json_array_append_new(list, copy);
	}
}

static void paginates_the_largest_envelope(void **state)
{
	json_t *j = vector_load("one-pt-BR");

	copies_grow(json_object_get(j, "signers"), 100, 0);
	copies_grow(json_object_get(j, "documents"), 50, 0);
	copies_grow(json_object_get(json_object_get(j, "log"), "events"), 5000, 3);
	unsigned pages = pages_count(j, "{}");
	assert_in_range(pages, 250, 400);
	json_decref(j);
}

static void breaks_a_text_longer_than_a_page(void **state)
{
	json_t *j = vector_load("one-pt-BR");
	size_t size = 60000;
	char *text = test_malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	json_t *signer = json_array_get(json_object_get(j, "signers"), 0);
	json_object_set_new(json_object_get(signer, "network"), "user_agent", json_string(text));
	json_object_set_new(signer, "name", json_string(text));
	assert_true(pages_count(j, "{}") > 20);
	test_free(text);
	json_decref(j);
}

static void survives_a_failed_allocation(void **state)
{
	struct pages_counts counts;
	json_t *j = vector_load("two-es");

	assert_int_equal(pages_of(j, "{}", &counts), OK);
	for (unsigned long n = 1; n < 40; n++) {
		struct buf out CLEANUP(buf_free);
		char *text = json_dumps(j, 0);
		buf_init(&out, PDF_MAX);
		mem_fail_at(n);
		(void)!pdf_pages(span_str(text), SPAN_EMPTY, &out);
		mem_fail_at(0);
		free(text);
	}
	assert_int_equal(pages_of(j, "{}", &counts), OK);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_what_is_not_evidence),
	    cmocka_unit_test(says_so_when_everything_is_missing),
	    cmocka_unit_test(speaks_every_language),
	    cmocka_unit_test(has_no_box_for_any_script),
	    cmocka_unit_test(takes_hostile_drawings),
	    cmocka_unit_test(is_the_same_twice),
	    cmocka_unit_test(stops_at_the_limit_of_the_output),
	    cmocka_unit_test(paginates_the_largest_envelope),
	    cmocka_unit_test(breaks_a_text_longer_than_a_page),
	    cmocka_unit_test(survives_a_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
