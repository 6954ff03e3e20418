/*
 * Opening, and judging what qpdf says. A warning is structural unless it is on the short list
 * of harmless ones; anything about memory means the reading cannot be trusted at all.
 */
#include "pdf/open.h"

#include "base/late.h"

#include <stdio.h>
#include <string.h>

void pdf_reason_set(char reason[PDF_REASON_SIZE], const char *word)
{
	snprintf(reason, PDF_REASON_SIZE, "%s", word);
}

/* "reported number of objects (N) is not one plus the highest object number (M)": a /Size that
 * is too large hides nothing; one that is too small hides objects from strict readers. */
static bool is_large_size(const char *text)
{
	unsigned long long reported, highest;
	const char *at = strstr(text, "reported number of objects (");
	if (at == NULL || sscanf(at,
			      "reported number of objects (%llu) is not one plus the highest "
			      "object number (%llu)",
			      &reported, &highest) != 2)
		return false;
	return reported > highest;
}

static enum pdf_harm judge(const char *text)
{
	if (strstr(text, "bad_alloc") != NULL || strstr(text, "memory") != NULL)
		return PDF_HARM_MEMORY;
	if (strstr(text, "extraneous whitespace seen before xref") != NULL || is_large_size(text))
		return PDF_HARM_NONE;
	if (strstr(text, "name with stray #") != NULL)
		return PDF_HARM_ODD;
	return PDF_HARM_STRUCTURE;
}

static const struct {
	const char *text;
	const char *reason;
} words[] = {
    {"bad_alloc", "too_complex"},
    {"unable to find trailer", "trailer_lost"},
    {"unable to find /Root", "catalog_lost"},
    {"Loop detected in /Pages", "page_tree_loop"},
    {"loop in page", "page_tree_loop"},
    {"not a PDF", "not_pdf"},
    {"unsupported encryption", "unsupported_encryption"},
    {"encrypt", "unsupported_encryption"},
};

static const char *reason_of(enum qpdf_error_code_e code, const char *text)
{
	if (code == qpdf_e_password)
		return "needs_password";
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(text, words[i].text) != NULL)
			return words[i].reason;
	return "damaged";
}

static void take_error(struct pdf_file *f)
{
	qpdf_error e = qpdf_get_error(f->q);
	const char *text = e ? qpdf_get_error_full_text(f->q, e) : NULL;
	if (!f->has_failed)
		pdf_reason_set(
		    f->reason, text ? reason_of(qpdf_get_error_code(f->q, e), text) : "damaged");
	f->has_failed = true;
}

bool pdf_file_ok(struct pdf_file *f)
{
	while (qpdf_has_error(f->q))
		take_error(f);
	while (qpdf_more_warnings(f->q)) {
		qpdf_error e = qpdf_next_warning(f->q);
		const char *text = e ? qpdf_get_error_full_text(f->q, e) : NULL;
		enum pdf_harm harm = judge(text ? text : "");
		if (harm > f->harm)
			f->harm = harm;
	}
	if (f->harm == PDF_HARM_MEMORY && !f->has_failed) {
		f->has_failed = true;
		pdf_reason_set(f->reason, "too_complex");
	}
	return !f->has_failed;
}

enum err pdf_file_check(struct pdf_file *f)
{
	return pdf_file_ok(f) ? OK : ERR_PDF_REFUSED;
}

extern struct late late_qpdf;

enum err pdf_prepare(void)
{
	return late_open(&late_qpdf);
}

enum err pdf_file_new(struct pdf_file *f)
{
	*f = (struct pdf_file){0};
	TRY(pdf_prepare());
	f->q = qpdf_init();
	ENSURE(f->q != NULL, ERR_MEMORY);
	qpdf_set_suppress_warnings(f->q, QPDF_TRUE);
	qpdf_silence_errors(f->q);
	return OK;
}

enum err pdf_file_open(struct pdf_file *f, struct span bytes)
{
	TRY(pdf_file_new(f));
	f->bytes = bytes;
	(void)qpdf_read_memory(f->q, "in", (const char *)bytes.data, bytes.size, "");
	return pdf_file_check(f);
}

void pdf_file_close(struct pdf_file *f)
{
	if (f->q != NULL)
		qpdf_cleanup(&f->q);
}
