/*
 * The verdict: what will be done with this file, decided before anyone signs it. The table is
 * in docs/dossier.md; the order of the questions here is part of it: a signed file is never
 * rewritten, whatever else is wrong with it.
 */
#include "pdf/open.h"
#include "pdf/signatures.h"
#include "pdf/trial.h"

#include "base/limits.h"

#include <string.h>

/* ISO 32000-1 annex C: the most indirect objects a reader has to cope with. */
#define OBJECTS_MAX 8388607

const char *pdf_verdict_name(enum pdf_verdict v)
{
	static const char *const names[] = {"clean", "normalise", "seal_only", "attach", "refuse"};
	return (unsigned)v <= PDF_REFUSE ? names[v] : "refuse";
}

static enum err refuse(struct pdf_report *report, const char *reason)
{
	report->verdict = PDF_REFUSE;
	report->is_encrypted = false; /* no consent would help */
	pdf_reason_set(report->reason, reason);
	return ERR_PDF_REFUSED;
}

static enum err decide(struct pdf_report *report, enum pdf_verdict verdict, const char *reason)
{
	report->verdict = verdict;
	pdf_reason_set(report->reason, reason);
	return OK;
}

/* The header within the first 1024 bytes (ISO 32000-1 annex H.3 note 13); SIZE_MAX when none. */
static size_t header_at(struct span in)
{
	for (size_t i = 0; i + 5 <= in.size && i < 1024; i++)
		if (span_starts(span_of(in.data + i, 5), "%PDF-"))
			return i;
	return SIZE_MAX;
}

static bool size_is_absurd(struct pdf_file *f)
{
	qpdf_oh size = obj_get(f->q, qpdf_get_trailer(f->q), "/Size");
	long long n = qpdf_oh_is_integer(f->q, size) ? qpdf_oh_get_int_value(f->q, size) : -1;
	return n < 0 || n > OBJECTS_MAX || (unsigned long long)n > f->bytes.size;
}

/* Why an update cannot simply be appended; NULL when it can. tolerated: harm that does no harm. */
static const char *damage_of(struct pdf_file *f, enum pdf_harm tolerated)
{
	size_t startxref;
	if (header_at(f->bytes) != 0)
		return "junk_before_header";
	if (pdf_tail_read(f->bytes, &startxref) == PDF_XREF_NONE)
		return "startxref_wrong";
	if (size_is_absurd(f))
		return "size_absurd";
	return f->harm <= tolerated ? NULL : "structure_repaired";
}

static bool bytes_contain(struct span s, const char *word)
{
	return s.size > 0 && memmem(s.data, s.size, word, strlen(word)) != NULL;
}

/* XFA 3.3 §"dynamicRender": a packet whose form only an XFA engine can draw. */
static bool packet_is_dynamic(struct pdf_file *f, qpdf_oh packet)
{
	unsigned char *data = NULL;
	size_t size = 0;
	QPDF_BOOL filtered;
	if (!qpdf_oh_is_stream(f->q, packet))
		return false;
	if (qpdf_oh_get_stream_data(f->q, packet, qpdf_dl_generalized, &filtered, &data, &size) &
	    (QPDF_ERRORS))
		return false;
	bool is_dynamic = bytes_contain(span_of(data, size), "dynamicRender>required<");
	mem_foreign_free(data);
	return is_dynamic;
}

static bool has_dynamic_form(struct pdf_file *f)
{
	qpdf_oh root = qpdf_get_root(f->q);
	qpdf_oh xfa = obj_get(f->q, obj_get(f->q, root, "/AcroForm"), "/XFA");
	QPDF_BOOL needs = QPDF_FALSE;
	if (qpdf_oh_get_value_as_bool(f->q, obj_get(f->q, root, "/NeedsRendering"), &needs) &&
	    needs)
		return true;
	int n = obj_is_array(f->q, xfa) ? qpdf_oh_get_array_n_items(f->q, xfa) : 0;
	bool is_dynamic = packet_is_dynamic(f, xfa);
	for (int i = 0; i < n && i < 64 && !is_dynamic; i++)
		is_dynamic = packet_is_dynamic(f, qpdf_oh_get_array_item(f->q, xfa, i));
	return is_dynamic;
}

static enum err count_pages(struct pdf_file *f, struct pdf_report *report)
{
	int n = qpdf_get_num_pages(f->q);
	if (!pdf_file_ok(f))
		return refuse(report, f->reason);
	if (n <= 0)
		return refuse(report, "no_pages");
	if (n > LIMIT_PAGES)
		return refuse(report, "too_many_pages");
	report->pages = (unsigned)n;
	return OK;
}

/* One rewrite by qpdf: fresh structure, streams untouched, no encryption. */
static enum err rewrite(struct pdf_file *f, struct buf *out)
{
	ENSURE(!(qpdf_update_all_pages_cache(f->q) & (QPDF_ERRORS)), ERR_PDF_REFUSED);
	ENSURE(!(qpdf_init_write_memory(f->q) & (QPDF_ERRORS)), ERR_PDF_REFUSED);
	qpdf_set_preserve_encryption(f->q, QPDF_FALSE);
	qpdf_set_decode_level(f->q, qpdf_dl_none);
	qpdf_set_compress_streams(f->q, QPDF_FALSE);
	qpdf_set_deterministic_ID(f->q, QPDF_TRUE);
	qpdf_set_suppress_original_object_IDs(f->q, QPDF_TRUE);
	ENSURE(!(qpdf_write(f->q) & (QPDF_ERRORS)), ERR_PDF_REFUSED);
	ENSURE(pdf_file_ok(f), ERR_PDF_REFUSED);
	buf_put(out, qpdf_get_buffer(f->q), qpdf_get_buffer_length(f->q));
	return buf_done(out);
}

/* What was rewritten must now be clean and have as many pages: one repair, no second. */
static bool is_repaired(struct span in, unsigned pages)
{
	struct pdf_file f CLEANUP(pdf_file_close) = {0};
	if (pdf_file_open(&f, in) != OK || qpdf_get_num_pages(f.q) != (int)pages)
		return false;
	return pdf_file_ok(&f) && damage_of(&f, PDF_HARM_ODD) == NULL && !qpdf_is_encrypted(f.q) &&
	       pdf_trial(in, pages, true);
}

static enum err normalise(
    struct pdf_file *f, const char *reason, struct pdf_report *report, struct buf *out)
{
	enum err e = rewrite(f, out);
	if (e == ERR_PDF_REFUSED || (e == OK && !is_repaired(buf_span(out), report->pages)))
		return refuse(report, "beyond_repair");
	TRY(e);
	return decide(report, PDF_NORMALISE, reason);
}

static enum err judge_signed(struct span in, struct pdf_report *report,
    const struct pdf_signatures *found, const char *damage)
{
	if (found->is_locked)
		return decide(report, PDF_ATTACH, "signed_locked");
	if (report->is_encrypted)
		return decide(report, PDF_ATTACH, "signed_encrypted");
	if (found->is_broken || damage != NULL)
		return decide(report, PDF_ATTACH, "signed_damaged");
	if (!pdf_trial(in, report->pages, false))
		return decide(report, PDF_ATTACH, "signed_damaged");
	return decide(report, PDF_SEAL_ONLY, "signed");
}

static enum err judge_unsigned(struct pdf_file *f, const char *damage, bool allow_unlock,
    struct pdf_report *report, struct buf *normalised)
{
	if (report->is_encrypted && !allow_unlock) {
		(void)refuse(report, "encrypted");
		report->is_encrypted = true;
		return ERR_PDF_UNLOCK;
	}
	if (report->is_encrypted)
		return normalise(f, "encrypted", report, normalised);
	if (damage != NULL)
		return normalise(f, damage, report, normalised);
	if (!pdf_trial(f->bytes, report->pages, true))
		return normalise(f, "structure_repaired", report, normalised);
	return decide(report, PDF_CLEAN, "");
}

enum err pdf_analyse(
    struct span in, bool allow_unlock, struct pdf_report *report, struct buf *normalised)
{
	struct pdf_file f CLEANUP(pdf_file_close) = {0};
	struct pdf_signatures found;
	*report = (struct pdf_report){.verdict = PDF_REFUSE};
	if (header_at(in) == SIZE_MAX)
		return refuse(report, "not_pdf");
	enum err e = pdf_file_open(&f, in);
	if (e == ERR_PDF_REFUSED)
		return refuse(report, f.reason);
	TRY(e);
	report->is_encrypted = qpdf_is_encrypted(f.q) != QPDF_FALSE;
	TRY(count_pages(&f, report));
	const char *damage = damage_of(&f, PDF_HARM_NONE);
	bool is_dynamic = has_dynamic_form(&f);
	pdf_signatures_find(&f, report->pages, &found);
	report->signatures = found.count;
	if (!pdf_file_ok(&f))
		return refuse(report, f.reason);
	if (is_dynamic)
		return refuse(report, "dynamic_form");
	if (found.count > 0)
		return judge_signed(in, report, &found, damage);
	return judge_unsigned(&f, damage, allow_unlock, report, normalised);
}
