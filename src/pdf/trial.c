/*
 * See the header. The blank page stands for the evidence, the signature is left blank: it is the
 * structure around them that a strange file could spoil.
 */
#include "pdf/trial.h"

#include "pdf/append.h"

#include "base/limits.h"

#define TRIAL_CONTENTS 64

static enum err blank_page(struct pdf_file *f)
{
	TRY(pdf_file_new(f));
	ENSURE(!(qpdf_empty_pdf(f->q) & (QPDF_ERRORS)), ERR_INTERNAL);
	qpdf_oh page =
	    qpdf_oh_parse(f->q, "<< /Type /Page /MediaBox [0 0 9 9] /Resources << >> >>");
	page = qpdf_make_indirect_object(f->q, page);
	ENSURE(!(qpdf_add_page(f->q, f->q, page, QPDF_FALSE) & (QPDF_ERRORS)), ERR_INTERNAL);
	return pdf_file_check(f);
}

static enum err add_parts(
    struct append *a, struct pdf_file *page, struct append_signature *signature)
{
	const struct append_file file = {.name = "a",
	    .description = "a",
	    .media_type = "/text#2fplain",
	    .relationship = "/Data"};
	if (page != NULL) {
		TRY(append_pages(a, page));
		TRY(append_attachment(a, &file));
		TRY(append_info_date(a, 0));
	}
	return append_signature(a, signature);
}

static enum err add_update(struct span base, bool has_pages, struct buf *whole)
{
	struct pdf_file file CLEANUP(pdf_file_close) = {0};
	struct pdf_file page CLEANUP(pdf_file_close) = {0};
	struct append a CLEANUP(append_end) = {0};
	struct buf tail CLEANUP(buf_free) = {0};
	struct append_signature signature = {.contents_room = TRIAL_CONTENTS};
	buf_init(&tail, LIMIT_BLOB_BYTES);
	TRY(blank_page(&page));
	TRY(pdf_file_open(&file, base));
	TRY(append_begin(&a, &file));
	TRY(add_parts(&a, has_pages ? &page : NULL, &signature));
	TRY(append_write(&a, SPAN_EMPTY, &tail));
	tail.data[signature.raw->at - base.size + signature.range_at] = ']';
	/* in one step: a growing buffer would hold a large file twice */
	uint8_t *at = buf_extend(whole, base.size + tail.size);
	ENSURE(at != NULL, whole->failed);
	whole->size = 0;
	buf_put_span(whole, base);
	buf_put_span(whole, buf_span(&tail));
	return buf_done(whole);
}

static bool reads_back(struct span whole, unsigned pages)
{
	struct pdf_file f CLEANUP(pdf_file_close) = {0};
	if (pdf_file_open(&f, whole) != OK || qpdf_get_num_pages(f.q) != (int)pages)
		return false;
	qpdf_oh form = obj_get(f.q, qpdf_get_root(f.q), "/AcroForm");
	qpdf_oh fields = obj_get(f.q, form, "/Fields");
	int n = obj_is_array(f.q, fields) ? qpdf_oh_get_array_n_items(f.q, fields) : 0;
	bool has_seal =
	    n > 0 &&
	    obj_is_dict(f.q, obj_get(f.q, qpdf_oh_get_array_item(f.q, fields, n - 1), "/V"));
	return has_seal && pdf_file_ok(&f) && f.harm <= PDF_HARM_ODD;
}

bool pdf_trial(struct span base, unsigned pages, bool has_pages)
{
	struct buf whole CLEANUP(buf_free) = {0};
	buf_init(&whole, LIMIT_BLOB_BYTES);
	if (add_update(base, has_pages, &whole) != OK)
		return false;
	return reads_back(buf_span(&whole), pages + (has_pages ? 1 : 0));
}
