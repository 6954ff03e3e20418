/* Is what we read strict, and what we write always well-formed? */
#include "unit.h"

#include "base/json.h"

#include "base/limits.h"

#include <fcntl.h>
#include <unistd.h>

static void expect(const char *text, enum err want)
{
	struct fault fault = {0};
	json_t *j = NULL;
	assert_int_equal(json_read(span_str(text), &j, &fault), want);
	json_decref(j);
}

static void test_reading(void **state)
{
	expect("{\"a\":1}", OK);
	expect("", ERR_BODY_MISSING);
	expect("{\"a\":1,\"a\":2}", ERR_JSON_DUPLICATE);
	expect("{\"a\":1}x", ERR_JSON);
	expect("{\"a\":\"\xff\"}", ERR_JSON);
	expect("7", OK);
	expect("null", OK);
	expect(" \n", ERR_BODY_MISSING);
	expect("{\"a\":\"\\u0000\"}", OK);
	expect("{\"a\\u0000\":1}", ERR_JSON);
	expect("{'a':1}", ERR_JSON);
	char deep[200] = "";
	for (int i = 0; i < 60; i++)
		deep[i] = '[', deep[i + 60] = ']';
	expect(deep, ERR_JSON);
}

static void test_writing(void **state)
{
	struct buf b;
	struct json_writer w;
	buf_init(&b, 1000);
	jw_init(&w, &b);
	jw_object(&w, NULL);
	jw_string(&w, "a\"b", "x\n</script>\x01");
	jw_string(&w, "none", NULL);
	jw_array(&w, "list");
	jw_int(&w, NULL, -5);
	jw_bool(&w, NULL, true);
	jw_object(&w, NULL);
	jw_end_object(&w);
	jw_end_array(&w);
	jw_span(&w, "bad", span_of("a\xff\xc3(", 4));
	jw_b64(&w, "b64", span_str("f"));
	jw_time(&w, "t", 0);
	jw_end_object(&w);
	assert_string_equal(buf_str(&b),
	    "{\"a\\\"b\":\"x\\u000a\\u003c/script>\\u0001\",\"none\":null,\"list\":[-5,true,{}],"
	    "\"bad\":\"a\xef\xbf\xbd\xef\xbf\xbd(\",\"b64\":\"Zg==\",\"t\":null}");
	json_t *j = NULL;
	assert_int_equal(json_read(buf_span(&b), &j, NULL), OK);
	json_decref(j);
	buf_free(&b);
}

static enum err bound(const char *piece, size_t times)
{
	struct buf b CLEANUP(buf_free);

	buf_init(&b, 16 * LIMIT_MB);
	for (size_t i = 0; i < times; i++)
		buf_put_str(&b, piece);
	assert_int_equal(buf_done(&b), OK);
	return json_bound(buf_span(&b), NULL);
}

/* Small text, many values: refused before anything is built of it. */
static void test_bound(void **state)
{
	assert_int_equal(bound("{}", 1), OK);
	assert_int_equal(bound("[", LIMIT_JSON_DEPTH), OK);
	assert_int_equal(bound("[", LIMIT_JSON_DEPTH + 1), ERR_JSON);
	assert_int_equal(bound("{\"a\":", LIMIT_JSON_DEPTH + 1), ERR_JSON);
	assert_int_equal(bound("[]", LIMIT_JSON_DEPTH + 1), OK);
	assert_int_equal(bound("0,", LIMIT_JSON_VALUES - 1), OK);
	assert_int_equal(bound("0,", LIMIT_JSON_VALUES), ERR_JSON);
	assert_int_equal(bound("{},", LIMIT_JSON_VALUES / 2), ERR_JSON);
	/* Inside a string nothing counts, and an escaped quote does not end it. */
	assert_int_equal(bound("\"[,{:\\\"[\\\\\"", LIMIT_JSON_VALUES), OK);
	assert_int_equal(bound("\\\"", LIMIT_MB), OK);
}

/* A text that was parsed, and the name of a member, as they lie in memory once freed. The kernel
 * reads them: for us they are gone. The first bytes belong to the allocator by then. */
static void test_wiping(void **state)
{
	static const char body[] = "{\"name-name-name-name-name-name-name-name\":"
				   "\"text-text-text-text-text-text-text-text\"}";
	enum { FROM = 24, SIZE = 12 };
	char left[SIZE];
	json_t *j;
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	assert_true(memory >= 0);
	json_setup();
	assert_int_equal(json_read(span_str(body), &j, NULL), OK);
	const char *name = json_object_iter_key(json_object_iter(j));
	off_t places[] = {
	    (off_t)(uintptr_t)name, (off_t)(uintptr_t)json_string_value(json_object_get(j, name))};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pread(memory, left, SIZE, places[i] + FROM), SIZE);
		assert_memory_equal(left, i == 0 ? "-name-name-n" : "-text-text-t", SIZE);
	}
	json_freep(&j);
	for (size_t i = 0; i < 2; i++) {
		ssize_t n = pread(memory, left, SIZE, places[i] + FROM);
		assert_false(n == SIZE && memcmp(left + 1, i == 0 ? "name" : "text", 4) == 0);
	}
	close(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_reading),
	    cmocka_unit_test(test_bound), cmocka_unit_test(test_wiping),
	    cmocka_unit_test(test_writing)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
