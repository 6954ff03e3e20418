/*
 * Do sealed files come back byte for byte, whole and by range, and is every change of the file
 * found: a flipped bit, a cut, chunks changing places, another blob's bytes, another key?
 */
#include "store_support.h"

#include "base/limits.h"
#include "store/blob.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <utime.h>

#define CHUNK LIMIT_BLOB_CHUNK
#define HEAD 16
#define SEALED_CHUNK (CHUNK + GCM_NONCE_SIZE + GCM_TAG_SIZE)
#define BIG (3 * CHUNK + 1234)

static const uint8_t key[KEY_SIZE] = {1, 2, 3};
static uint8_t plain[BIG];

static int setup(void **state)
{
	folder_make();
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

static int teardown(void **state)
{
	folder_remove();
	return 0;
}

static void blob_path(const char *id, char path[PATH_MAX + 64])
{
	snprintf(path, PATH_MAX + 64, "%s/blobs/%.2s/%s", folder, id, id);
}

static enum err blob_try(const char *id)
{
	struct buf b;
	buf_init(&b, LIMIT_BLOB_BYTES);
	enum err e = blob_read(folder, key, id, &b);
	buf_free(&b);
	return e;
}

static void assert_content(const char *id, struct span want)
{
	struct buf b;
	buf_init(&b, LIMIT_BLOB_BYTES);
	assert_int_equal(blob_read(folder, key, id, &b), OK);
	assert_int_equal(b.size, want.size);
	assert_true(want.size == 0 || memcmp(b.data, want.data, want.size) == 0);
	buf_free(&b);
}

static void test_round_trip(void **state)
{
	static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, BIG};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char id[BLOB_ID_SIZE], path[PATH_MAX + 64];
		struct stat st;
		assert_int_equal(blob_write(folder, key, span_of(plain, sizes[i]), id), OK);
		assert_content(id, span_of(plain, sizes[i]));
		blob_path(id, path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void test_ranges(void **state)
{
	static const size_t ranges[][2] = {{0, 1}, {0, BIG}, {CHUNK - 1, 2}, {CHUNK, CHUNK},
	    {5, 2 * CHUNK}, {BIG - 1, 1}, {BIG - 10, 100}, {BIG, 5}, {BIG + 9, 5}, {7, 0}};
	char id[BLOB_ID_SIZE];
	struct blob *blob = NULL;
	struct buf b;
	assert_int_equal(blob_write(folder, key, span_of(plain, BIG), id), OK);
	assert_int_equal(blob_open(folder, key, id, &blob), OK);
	assert_true(blob_size(blob) == BIG);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		size_t from = ranges[i][0], n = ranges[i][1];
		size_t want = from >= BIG ? 0 : (n < BIG - from ? n : BIG - from);
		buf_init(&b, BIG);
		assert_int_equal(blob_read_at(blob, from, n, &b), OK);
		assert_int_equal(b.size, want);
		assert_true(want == 0 || memcmp(b.data, plain + from, want) == 0);
		buf_free(&b);
	}
	blob_close(blob);
}

static void test_streaming(void **state)
{
	static const size_t pieces[] = {1, 1000, CHUNK, 3, CHUNK - 1, CHUNK + 5};
	struct blob_writer *w = NULL;
	char id[BLOB_ID_SIZE];
	assert_int_equal(blob_writer_new(folder, key, BIG, &w), OK);
	for (size_t at = 0, i = 0; at < BIG; i++) {
		size_t n = pieces[i % 6] < BIG - at ? pieces[i % 6] : BIG - at;
		assert_int_equal(blob_writer_put(w, span_of(plain + at, n)), OK);
		at += n;
	}
	assert_int_equal(blob_writer_put(w, span_of(plain, 1)), ERR_IO);
	assert_int_equal(blob_writer_finish(w, id), OK);
	blob_writer_free(w);
	assert_content(id, span_of(plain, BIG));
}

static void test_unfinished_leaves_nothing(void **state)
{
	struct blob_writer *w = NULL;
	char id[BLOB_ID_SIZE];
	size_t removed = 99;
	assert_int_equal(blob_writer_new(folder, key, BIG, &w), OK);
	assert_int_equal(blob_writer_put(w, span_of(plain, CHUNK + 1)), OK);
	assert_int_equal(blob_writer_finish(w, id), ERR_IO);
	blob_writer_free(w);
	assert_int_equal(blob_sweep(folder, INT64_MAX / 2, 0, NULL, NULL, &removed), OK);
	assert_int_equal(removed, 0);
}

static void file_change(const char *id, off_t at, const void *bytes, size_t n)
{
	char path[PATH_MAX + 64];
	blob_path(id, path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && pwrite(fd, bytes, n, at) == (ssize_t)n);
	close(fd);
}

static void file_bytes(const char *id, off_t at, void *bytes, size_t n)
{
	char path[PATH_MAX + 64];
	blob_path(id, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && pread(fd, bytes, n, at) == (ssize_t)n);
	close(fd);
}

static void test_flipped_bits(void **state)
{
	static const off_t places[] = {0, 3, 8, 13, 15, HEAD, HEAD + 5, HEAD + 12, HEAD + 40000,
	    HEAD + SEALED_CHUNK - 1, HEAD + SEALED_CHUNK, HEAD + 3 * SEALED_CHUNK + 20};
	char id[BLOB_ID_SIZE];
	assert_int_equal(blob_write(folder, key, span_of(plain, BIG), id), OK);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint8_t was, now;
		file_bytes(id, places[i], &was, 1);
		now = was ^ 1;
		file_change(id, places[i], &now, 1);
		assert_int_equal(blob_try(id), ERR_DECRYPT);
		file_change(id, places[i], &was, 1);
		assert_int_equal(blob_try(id), OK);
	}
}

/* Cut anywhere, and cut with a head that tells the shorter size. */
static void test_truncation(void **state)
{
	static const uint64_t kept[] = {3 * CHUNK, 2 * CHUNK, CHUNK, 0};
	for (size_t i = 0; i < 4; i++) {
		char id[BLOB_ID_SIZE], path[PATH_MAX + 64];
		uint8_t size[8];
		assert_int_equal(blob_write(folder, key, span_of(plain, BIG), id), OK);
		blob_path(id, path);
		uint64_t chunks = kept[i] == 0 ? 1 : kept[i] / CHUNK;
		off_t cut = (off_t)(HEAD + kept[i] + chunks * (SEALED_CHUNK - CHUNK));
		assert_int_equal(truncate(path, cut), 0);
		assert_int_equal(blob_try(id), ERR_DECRYPT);
		for (int b = 0; b < 8; b++)
			size[b] = (uint8_t)(kept[i] >> (56 - 8 * b));
		file_change(id, 8, size, 8);
		assert_int_equal(blob_try(id), ERR_DECRYPT);
		assert_int_equal(truncate(path, 7), 0);
		assert_int_equal(blob_try(id), ERR_DECRYPT);
	}
}

static void test_reordered_and_swapped_chunks(void **state)
{
	static uint8_t one[SEALED_CHUNK], two[SEALED_CHUNK];
	char a[BLOB_ID_SIZE], b[BLOB_ID_SIZE];
	assert_int_equal(blob_write(folder, key, span_of(plain, BIG), a), OK);
	assert_int_equal(blob_write(folder, key, span_of(plain, BIG), b), OK);
	file_bytes(a, HEAD, one, sizeof(one));
	file_bytes(a, HEAD + SEALED_CHUNK, two, sizeof(two));
	file_change(a, HEAD, two, sizeof(two));
	file_change(a, HEAD + SEALED_CHUNK, one, sizeof(one));
	assert_int_equal(blob_try(a), ERR_DECRYPT);
	file_change(b, HEAD, one, sizeof(one)); /* the same place in another blob */
	assert_int_equal(blob_try(b), ERR_DECRYPT);
}

static void test_other_key_and_absent(void **state)
{
	static const uint8_t other[KEY_SIZE] = {9};
	char id[BLOB_ID_SIZE];
	struct buf b;
	buf_init(&b, BIG);
	assert_int_equal(blob_try("00000000000000000000000000000000"), ERR_NOT_FOUND);
	assert_int_equal(blob_write(folder, key, span_of(plain, 10), id), OK);
	assert_int_equal(blob_read(folder, other, id, &b), ERR_DECRYPT);
	assert_int_equal(b.size, 0);
	assert_int_equal(blob_try("../../../../../../../etc/hostnam"), ERR_NOT_FOUND);
	assert_int_equal(blob_try("abcd"), ERR_NOT_FOUND);
	assert_int_equal(blob_remove(folder, id), OK);
	assert_int_equal(blob_remove(folder, id), OK);
	assert_int_equal(blob_try(id), ERR_NOT_FOUND);
	buf_free(&b);
}

static enum err named_is(void *ctx, const char *id, bool *is_named)
{
	*is_named = strcmp(id, ctx) == 0;
	return OK;
}

static void age(const char *id, time_t seconds)
{
	char path[PATH_MAX + 64];
	struct utimbuf t = {.actime = seconds, .modtime = seconds};
	blob_path(id, path);
	assert_int_equal(utime(path, &t), 0);
}

static void test_sweep(void **state)
{
	char named[BLOB_ID_SIZE], orphan[BLOB_ID_SIZE], young[BLOB_ID_SIZE];
	size_t removed = 0;
	int64_t now = 10000000, day = 86400000;
	assert_int_equal(blob_write(folder, key, span_of(plain, 10), named), OK);
	assert_int_equal(blob_write(folder, key, span_of(plain, 10), orphan), OK);
	assert_int_equal(blob_write(folder, key, span_of(plain, 10), young), OK);
	age(named, 1000);
	age(orphan, 1000);
	age(young, now - 86400 + 1);
	assert_int_equal(blob_sweep(folder, now * 1000, day, named_is, named, &removed), OK);
	assert_int_equal(removed, 1);
	assert_int_equal(blob_try(named), OK);
	assert_int_equal(blob_try(orphan), ERR_NOT_FOUND);
	assert_int_equal(blob_try(young), OK);
}

static void test_every_allocation_fails_once(void **state)
{
	char id[BLOB_ID_SIZE];
	struct buf b;
	enum err e = ERR_MEMORY;
	for (unsigned long nth = 1; e != OK && nth < 100; nth++) {
		mem_fail_at(nth);
		e = blob_write(folder, key, span_of(plain, CHUNK + 9), id);
		mem_fail_at(0);
		assert_true(e == OK || e == ERR_MEMORY);
	}
	assert_int_equal(e, OK);
	e = ERR_MEMORY;
	for (unsigned long nth = 1; e != OK && nth < 100; nth++) {
		buf_init(&b, BIG);
		mem_fail_at(nth);
		e = blob_read(folder, key, id, &b);
		mem_fail_at(0);
		buf_free(&b);
		assert_true(e == OK || e == ERR_MEMORY);
	}
	assert_int_equal(e, OK);
}

int main(void)
{
#define BLOB_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    BLOB_TEST(test_round_trip),
	    BLOB_TEST(test_ranges),
	    BLOB_TEST(test_streaming),
	    BLOB_TEST(test_unfinished_leaves_nothing),
	    BLOB_TEST(test_flipped_bits),
	    BLOB_TEST(test_truncation),
	    BLOB_TEST(test_reordered_and_swapped_chunks),
	    BLOB_TEST(test_other_key_and_absent),
	    BLOB_TEST(test_sweep),
	    BLOB_TEST(test_every_allocation_fails_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
