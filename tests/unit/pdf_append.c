/* Is what we append an incremental update that leaves everything in front of it alone? */
#include "unit.h"

#include "base/limits.h"
#include "pdf/append.h"

#include <stdio.h>

/* A file of one page whose table is where it says; extra goes into the catalog. */
static void one_page(struct buf *out, const char *catalog, const char *trailer, const char *more)
{
	size_t at[4];
	buf_init(out, LIMIT_MB);
	buf_put_str(out, "%PDF-1.4\n");
	at[1] = out->size;
	buf_format(out, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R %s >>\nendobj\n", catalog);
	at[2] = out->size;
	buf_put_str(out, "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
	at[3] = out->size;
	buf_put_str(out, "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n");
	size_t table = out->size;
	buf_put_str(out, "xref\n0 4\n0000000000 65535 f \n");
	for (int i = 1; i < 4; i++)
		buf_format(out, "%010zu 00000 n \n", at[i]);
	buf_format(out, "trailer\n<< /Size 4 /Root 1 0 R %s >>\n%sstartxref\n%zu\n%%%%EOF\n",
	    trailer, more, table);
	assert_int_equal(buf_done(out), OK);
}

static bool has(struct span s, const char *word)
{
	return memmem(s.data, s.size, word, strlen(word)) != NULL;
}

static void update(struct span in, struct buf *tail)
{
	struct pdf_file file;
	struct append a;
	assert_int_equal(pdf_file_open(&file, in), OK);
	assert_int_equal(append_begin(&a, &file), OK);
	const struct append_file attached = {.name = "a.txt",
	    .description = "text",
	    .media_type = "/text#2fplain",
	    .relationship = "/Data",
	    .bytes = span_str("hello"),
	    .now = 0};
	assert_int_equal(append_attachment(&a, &attached), OK);
	buf_init(tail, LIMIT_MB);
	assert_int_equal(append_write(&a, span_str("seed"), tail), OK);
	append_end(&a);
	pdf_file_close(&file);
}

static void prints_only_what_it_touched(void **state)
{
	struct buf in, tail;
	one_page(&in, "", "", "");
	update(buf_span(&in), &tail);
	assert_true(has(buf_span(&tail), "\n1 0 obj") || has(buf_span(&tail), "1 0 obj"));
	assert_false(has(buf_span(&tail), "2 0 obj"));
	assert_false(has(buf_span(&tail), "3 0 obj"));
	assert_true(has(buf_span(&tail), "D:19700101000000Z"));
	buf_free(&in);
	buf_free(&tail);
}

static void names_the_section_before_it(void **state)
{
	struct buf in, tail;
	char prev[64];
	size_t startxref;
	one_page(&in, "", "/Mine (kept) /ID [<aa> <aa>]", "");
	assert_int_equal(pdf_tail_read(buf_span(&in), &startxref), PDF_XREF_TABLE);
	update(buf_span(&in), &tail);
	snprintf(prev, sizeof prev, "/Prev %zu", startxref);
	assert_true(has(buf_span(&tail), prev));
	assert_true(has(buf_span(&tail), "/Mine (kept)"));
	assert_true(has(buf_span(&tail), "<aa>"));
	assert_false(has(buf_span(&tail), "[ <aa> <aa> ]"));
	buf_free(&in);
	buf_free(&tail);
}

/* Numbers below /Size may belong to objects that were deleted: they are not used again. */
static void never_uses_a_freed_number(void **state)
{
	struct pdf_file file;
	struct append a;
	struct buf in;
	one_page(&in, "", "", "");
	char *size = memmem(in.data, in.size, "/Size 4", 7);
	memcpy(size, "/Size 9", 7);
	assert_int_equal(pdf_file_open(&file, buf_span(&in)), OK);
	assert_int_equal(append_begin(&a, &file), OK);
	assert_int_equal(a.first_new, 9);
	append_end(&a);
	pdf_file_close(&file);
	buf_free(&in);
}

static void refuses_a_lost_tail(void **state)
{
	struct pdf_file file;
	struct append a;
	struct buf in;
	one_page(&in, "", "", "");
	in.size -= 12; /* no number behind startxref */
	(void)!pdf_file_open(&file, buf_span(&in));
	assert_int_equal(append_begin(&a, &file), ERR_PDF_REFUSED);
	append_end(&a);
	pdf_file_close(&file);
	buf_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prints_only_what_it_touched),
	    cmocka_unit_test(names_the_section_before_it),
	    cmocka_unit_test(never_uses_a_freed_number),
	    cmocka_unit_test(refuses_a_lost_tail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
