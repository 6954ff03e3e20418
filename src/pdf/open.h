/*
 * A PDF opened by qpdf from memory. qpdf reports three ways (error, warning, fallback value);
 * this is where they become one: a stable reason word, and how much was wrong.
 * The bytes stay borrowed and must outlive the handle.
 */
#ifndef CHIROGRAPH_PDF_OPEN_H
#define CHIROGRAPH_PDF_OPEN_H

#include "pdf/pdf.h"

#include <qpdf/qpdf-c.h>

enum pdf_harm {
	PDF_HARM_NONE = 0,      /* nothing, or a warning known to be harmless */
	PDF_HARM_ODD = 1,       /* bad style that a rewrite keeps and every reader copes with */
	PDF_HARM_STRUCTURE = 2, /* qpdf had to repair or guess */
	PDF_HARM_MEMORY = 3,    /* qpdf ran into a limit: what it read may be half the file */
};

struct pdf_file {
	qpdf_data q;
	struct span bytes;
	enum pdf_harm harm;           /* worst so far */
	bool has_failed;              /* an error: nothing read afterwards counts */
	char reason[PDF_REASON_SIZE]; /* of has_failed */
};

enum err CHECKED pdf_file_new(struct pdf_file *f); /* a handle with nothing read; close it, too */

/* ERR_PDF_REFUSED with f->reason when qpdf cannot open it. Close it either way. */
enum err CHECKED pdf_file_open(struct pdf_file *f, struct span bytes);
void pdf_file_close(struct pdf_file *f); /* for CLEANUP() */

/* Drains errors and warnings into f; false once anything has failed. */
bool pdf_file_ok(struct pdf_file *f);

/* ERR_PDF_REFUSED once anything has failed. */
enum err CHECKED pdf_file_check(struct pdf_file *f);

/* What the end of the file says about its newest cross-reference section. */
enum pdf_xref {
	PDF_XREF_NONE = 0,
	PDF_XREF_TABLE = 1,
	PDF_XREF_STREAM = 2,
};

enum pdf_xref pdf_tail_read(struct span bytes, size_t *startxref);

/* Lower-case letters, digits and '_' of the reason, always NUL ended. */
void pdf_reason_set(char reason[PDF_REASON_SIZE], const char *word);

/* Object handles: thin names over qpdf's, which live until the file is closed. */
static inline qpdf_oh obj_get(qpdf_data q, qpdf_oh dict, const char *key)
{
	/* asking another type than a dictionary would be a warning of our own making */
	return qpdf_oh_is_dictionary(q, dict) ? qpdf_oh_get_key(q, dict, key) : qpdf_oh_new_null(q);
}

static inline bool obj_is_dict(qpdf_data q, qpdf_oh o)
{
	return qpdf_oh_is_dictionary(q, o) != QPDF_FALSE;
}

static inline bool obj_is_array(qpdf_data q, qpdf_oh o)
{
	return qpdf_oh_is_array(q, o) != QPDF_FALSE;
}

static inline bool obj_is_indirect(qpdf_data q, qpdf_oh o)
{
	return qpdf_oh_is_indirect(q, o) != QPDF_FALSE;
}

static inline bool obj_is_name(qpdf_data q, qpdf_oh o, const char *name)
{
	return qpdf_oh_is_name_and_equals(q, o, name) != QPDF_FALSE;
}

#endif
