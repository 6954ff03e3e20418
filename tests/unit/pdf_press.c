/* Does front get an answer, and only a right one, whatever the press process does? */
#include "unit.h"

#include "base/limits.h"
#include "pdf/press_wire.h"
#include "pdf/seal.h"

#include "../pdf/seal_support.c"

#include <signal.h>
#include <stdio.h>

static const char evidence[] = "{\"version\":1}";

static void one_page(struct buf *out)
{
	size_t at[4];
	buf_init(out, LIMIT_MB);
	buf_put_str(out, "%PDF-1.4\n");
	at[1] = out->size;
	buf_put_str(out, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
	at[2] = out->size;
	buf_put_str(out, "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
	at[3] = out->size;
	buf_put_str(out, "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n");
	size_t table = out->size;
	buf_put_str(out, "xref\n0 4\n0000000000 65535 f \n");
	for (int i = 1; i < 4; i++)
		buf_format(out, "%010zu 00000 n \n", at[i]);
	buf_format(out, "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", table);
}

struct bad_press {
	unsigned spawned;
	unsigned deaths;    /* how many of the first ones die */
	struct span answer; /* what they say before; empty: nothing */
};

static int spawn_bad(void *ctx)
{
	struct bad_press *b = ctx;
	int pair[2];
	if (b->spawned++ >= b->deaths)
		return test_press_spawn(NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	if (b->answer.size > 0)
		assert_int_equal(write(pair[1], b->answer.data, b->answer.size), b->answer.size);
	shutdown(pair[1], SHUT_WR);
	usleep(1000);
	close(pair[1]);
	return pair[0];
}

static enum err analyse(struct bad_press *b, struct pdf_report *report)
{
	const struct press press = {.spawn = spawn_bad, .ctx = b};
	struct buf in, normalised;
	one_page(&in);
	buf_init(&normalised, LIMIT_MB);
	enum err e = press_analyse(&press, buf_span(&in), false, report, &normalised);
	buf_free(&in);
	buf_free(&normalised);
	return e;
}

static void a_press_that_dies_once_is_replaced(void **state)
{
	struct bad_press b = {.deaths = 1};
	struct pdf_report report;
	assert_int_equal(analyse(&b, &report), OK);
	assert_int_equal(report.verdict, PDF_CLEAN);
	assert_int_equal(b.spawned, 2);
}

static void a_file_that_kills_each_press_is_refused(void **state)
{
	struct bad_press b = {.deaths = 9};
	struct pdf_report report;
	assert_int_equal(analyse(&b, &report), ERR_PDF_REFUSED);
	assert_int_equal(report.verdict, PDF_REFUSE);
	assert_string_equal(report.reason, "crashed");
	assert_int_equal(b.spawned, 3);
}

/* err OK, verdict 77: no such verdict */
static void nonsense_is_no_answer(void **state)
{
	const uint32_t frame[] = {4 * 7, OK, 77, 0, 1, 0, 0, 0};
	struct bad_press b = {.deaths = 9, .answer = span_of(frame, sizeof frame)};
	struct pdf_report report;
	assert_int_equal(analyse(&b, &report), ERR_PDF_REFUSED);
	assert_string_equal(report.reason, "crashed");
}

static int spawn_none(void *ctx)
{
	return -1;
}

static void no_press_is_not_the_files_fault(void **state)
{
	const struct press press = {.spawn = spawn_none};
	struct pdf_report report;
	struct buf normalised;
	unsigned width, height;
	buf_init(&normalised, LIMIT_MB);
	assert_int_equal(
	    press_analyse(&press, span_str("x"), false, &report, &normalised), ERR_BUSY);
	assert_int_equal(press_jpeg(&press, span_str("x"), &width, &height), ERR_BUSY);
	buf_free(&normalised);
}

struct sealed {
	struct test_seal seal;
	struct buf in, outputs[PDF_DRAFTS_MAX];
	size_t count;
};

static enum err seal_page(struct sealed *s, press_sign sign)
{
	const struct press press = {.spawn = test_press_spawn};
	one_page(&s->in);
	test_seal_new(&s->seal, false);
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_init(&s->outputs[i], LIMIT_BLOB_BYTES);
	struct pdf_job job = {.input = buf_span(&s->in),
	    .verdict = PDF_CLEAN,
	    .evidence = span_str(evidence),
	    .chain = buf_span(&s->seal.chain),
	    .now = 0};
	return press_seal(&press, &job, sign, &s->seal, s->outputs, &s->count);
}

static void sealed_free(struct sealed *s)
{
	test_seal_free(&s->seal);
	buf_free(&s->in);
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		buf_free(&s->outputs[i]);
}

static void seals_and_verifies(void **state)
{
	const struct press press = {.spawn = test_press_spawn};
	struct sealed s;
	assert_int_equal(seal_page(&s, test_seal_sign), OK);
	assert_int_equal(s.count, 1);
	struct span file = buf_span(&s.outputs[0]), chain = buf_span(&s.seal.chain);
	assert_int_equal(press_verify(&press, file, buf_span(&s.in), chain), OK);
	sealed_free(&s);
}

/* Every byte of the file counts: a sample of flips, one in the CMS's filling, one in the gap. */
static void every_change_is_noticed(void **state)
{
	struct sealed s;
	assert_int_equal(seal_page(&s, test_seal_sign), OK);
	struct buf *file = &s.outputs[0];
	for (size_t at = 0; at < file->size; at += 199) {
		file->data[at] ^= 1;
		assert_int_not_equal(
		    pdf_verify(buf_span(file), SPAN_EMPTY, buf_span(&s.seal.chain)), OK);
		file->data[at] ^= 1;
	}
	buf_put_str(file, "\n");
	assert_int_not_equal(pdf_verify(buf_span(file), SPAN_EMPTY, buf_span(&s.seal.chain)), OK);
	sealed_free(&s);
}

static void another_chain_or_original_is_noticed(void **state)
{
	struct sealed s;
	struct test_seal other;
	assert_int_equal(seal_page(&s, test_seal_sign), OK);
	test_seal_new(&other, false);
	struct span file = buf_span(&s.outputs[0]);
	assert_int_equal(pdf_verify(file, SPAN_EMPTY, buf_span(&other.chain)), ERR_CRYPTO);
	assert_int_equal(
	    pdf_verify(file, span_str("other"), buf_span(&s.seal.chain)), ERR_PDF_REFUSED);
	test_seal_free(&other);
	sealed_free(&s);
}

static enum err sign_wrongly(void *ctx, struct span attributes, struct buf *signature)
{
	return test_seal_sign(ctx, span_of(attributes.data, attributes.size - 1), signature);
}

static void a_wrong_signature_is_never_published(void **state)
{
	struct sealed s;
	assert_int_equal(seal_page(&s, sign_wrongly), ERR_CRYPTO);
	sealed_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_press_that_dies_once_is_replaced),
	    cmocka_unit_test(a_file_that_kills_each_press_is_refused),
	    cmocka_unit_test(nonsense_is_no_answer),
	    cmocka_unit_test(no_press_is_not_the_files_fault),
	    cmocka_unit_test(seals_and_verifies),
	    cmocka_unit_test(every_change_is_noticed),
	    cmocka_unit_test(another_chain_or_original_is_noticed),
	    cmocka_unit_test(a_wrong_signature_is_never_published),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
