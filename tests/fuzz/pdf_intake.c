/*
 * The way of an uploaded PDF: analysed, and when its verdict says that it can be sealed, sealed and
 * verified. A verdict that cannot be kept would leave a signed document without a dossier.
 */
#include "base/limits.h"
#include "pdf/build.h"

#include "../pdf/seal_support.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct test_seal seal;
static struct buf pages;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	/* the smallest evidence: one page that pdf_build_on takes as made */
	static const char page[] =
	    "%PDF-1.4\n"
	    "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
	    "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
	    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n"
	    "xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n"
	    "0000000058 00000 n \n0000000115 00000 n \n"
	    "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n182\n%%EOF\n";
	test_seal_new(&seal, false);
	buf_init(&pages, LIMIT_MB);
	buf_put_str(&pages, page);
	return 0;
}

static void check_draft(struct pdf_draft *d, struct span original)
{
	struct buf signature, whole;
	struct span chain = buf_span(&seal.chain);
	buf_init(&signature, LIMIT_KB);
	buf_init(&whole, LIMIT_BLOB_BYTES);
	must(test_seal_sign(&seal, buf_span(&d->signed_attributes), &signature) == OK);
	must(pdf_finish(d, chain, buf_span(&signature)) == OK);
	buf_put_span(&whole, d->base);
	buf_put_span(&whole, buf_span(&d->tail));
	must(pdf_verify(buf_span(&whole), original, chain) == OK);
	buf_free(&signature);
	buf_free(&whole);
}

static void check_seal(struct span in, enum pdf_verdict verdict)
{
	struct pdf_draft drafts[PDF_DRAFTS_MAX] = {0};
	size_t count;
	struct pdf_job job = {.input = in,
	    .verdict = verdict,
	    .evidence = span_str("{}"),
	    .chain = buf_span(&seal.chain)};
	must(pdf_build_on(&job, buf_span(&pages), drafts, &count) == OK);
	for (size_t i = 0; i < count; i++)
		check_draft(&drafts[i], i == 0 && verdict != PDF_ATTACH ? in : SPAN_EMPTY);
	for (size_t i = 0; i < PDF_DRAFTS_MAX; i++)
		pdf_draft_free(&drafts[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pdf_report report;
	struct buf normalised;
	struct span in = span_of(data, size);
	buf_init(&normalised, LIMIT_BLOB_BYTES);
	enum err e = pdf_analyse(in, true, &report, &normalised);
	must((e == OK) == (report.verdict != PDF_REFUSE));
	if (e == OK)
		check_seal(
		    report.verdict == PDF_NORMALISE ? buf_span(&normalised) : in, report.verdict);
	buf_free(&normalised);
	return 0;
}
