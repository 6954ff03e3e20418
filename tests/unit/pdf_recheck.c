/* Does front notice a press that had something else signed than the bytes it hands over? */
#include "unit.h"

#include "pdf/build.h"
#include "pdf/recheck.h"
#include "pdf/seal.h"

#include "../pdf/seal_support.c"

#include <stdio.h>

#define HEAD_SIZE 60

static struct test_seal seal;
static struct buf attributes;
static char file[256];
static const struct seal_gap gap = {HEAD_SIZE + 1, 8};

/* A file of HEAD_SIZE bytes, <8 digits>, and a tail; its range is named in the head. */
static void file_make(void)
{
	char range[64];
	const char *tail = " the end of the file";
	snprintf(range, sizeof(range), "/ByteRange [0 %d %d %zu ]", HEAD_SIZE, HEAD_SIZE + 10,
	    strlen(tail));
	snprintf(file, sizeof(file), "%-*s<00aaff11>%s", HEAD_SIZE, range, tail);
}

static struct span file_span(void)
{
	return span_str(file);
}

static int setup(void **state)
{
	uint8_t digest[SHA256_SIZE];
	size_t after = gap.at + gap.digits + 1;
	test_seal_new(&seal, false);
	file_make();
	buf_init(&attributes, 65536);
	assert_int_equal(pdf_digest(span_of(file, HEAD_SIZE),
			     span_of(file + after, strlen(file) - after), digest),
	    OK);
	assert_int_equal(seal_attributes(buf_span(&seal.chain), digest, &attributes), OK);
	return 0;
}

static int teardown(void **state)
{
	buf_free(&attributes);
	test_seal_free(&seal);
	return 0;
}

static enum err recheck(struct seal_gap g)
{
	return seal_recheck(file_span(), g, buf_span(&seal.chain), buf_span(&attributes));
}

static void test_the_honest_file_passes(void **state)
{
	assert_int_equal(recheck(gap), OK);
}

static void test_any_changed_byte_is_noticed(void **state)
{
	size_t size = strlen(file);
	for (size_t i = 0; i < size; i++) {
		bool is_digit = i >= gap.at && i < gap.at + gap.digits;
		char before = file[i];
		file[i] = is_digit ? 'x' : (char)(before ^ 1);
		assert_int_equal(recheck(gap), ERR_PEER_GONE);
		file[i] = before;
	}
	assert_int_equal(recheck(gap), OK);
}

static void test_wrong_gaps_are_noticed(void **state)
{
	const struct seal_gap wrong[] = {{0, 8}, {gap.at - 1, 8}, {gap.at + 1, 7}, {gap.at, 7},
	    {gap.at, 9}, {gap.at, 0}, {gap.at, SIZE_MAX}, {SIZE_MAX, 8}, {strlen(file), 8}};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(recheck(wrong[i]), ERR_PEER_GONE);
}

static void test_other_attributes_are_noticed(void **state)
{
	attributes.data[attributes.size - 1] ^= 1;
	assert_int_equal(recheck(gap), ERR_PEER_GONE);
	attributes.data[attributes.size - 1] ^= 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_honest_file_passes),
	    cmocka_unit_test(test_any_changed_byte_is_noticed),
	    cmocka_unit_test(test_wrong_gaps_are_noticed),
	    cmocka_unit_test(test_other_attributes_are_noticed)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
