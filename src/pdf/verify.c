/*
 * The second look, by a process that did not make the file: does it open without repair, does
 * the last signature cover every byte, is its CMS exactly the one we meant, is the original
 * still there in front.
 */
#include "pdf/build.h"
#include "pdf/open.h"
#include "pdf/seal.h"

#include "base/limits.h"

#include <string.h>

#define CMS_MAX (256 * LIMIT_KB)

/* The value of the last field of the form that covers the file up to its end. */
static qpdf_oh last_signature(struct pdf_file *f)
{
	qpdf_data q = f->q;
	qpdf_oh form = obj_get(q, qpdf_get_root(q), "/AcroForm");
	qpdf_oh fields = obj_get(q, form, "/Fields");
	int n = obj_is_array(q, fields) ? qpdf_oh_get_array_n_items(q, fields) : 0;
	return n == 0 ? qpdf_oh_new_null(q)
		      : obj_get(q, qpdf_oh_get_array_item(q, fields, n - 1), "/V");
}

static enum err read_range(struct pdf_file *f, qpdf_oh signature, size_t range[4])
{
	qpdf_oh list = obj_get(f->q, signature, "/ByteRange");
	ENSURE(obj_is_array(f->q, list) && qpdf_oh_get_array_n_items(f->q, list) == 4, ERR_CRYPTO);
	for (int i = 0; i < 4; i++) {
		qpdf_oh number = qpdf_oh_get_array_item(f->q, list, i);
		ENSURE(qpdf_oh_is_integer(f->q, number), ERR_CRYPTO);
		long long n = qpdf_oh_get_int_value(f->q, number);
		ENSURE(n >= 0 && (unsigned long long)n <= f->bytes.size, ERR_CRYPTO);
		range[i] = (size_t)n;
	}
	ENSURE(range[0] == 0 && range[1] + 2 < range[2], ERR_CRYPTO);
	ENSURE(range[2] + range[3] == f->bytes.size, ERR_CRYPTO);
	return OK;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What the range leaves out is <hex digits> and nothing else: no room for other bytes. */
static enum err read_contents(struct span file, const size_t range[4], struct buf *cms)
{
	size_t at = range[1] + 1, end = range[2] - 1;
	ENSURE(file.data[range[1]] == '<' && file.data[end] == '>', ERR_CRYPTO);
	ENSURE((end - at) % 2 == 0, ERR_CRYPTO);
	for (; at < end; at += 2) {
		int high = digit(file.data[at]), low = digit(file.data[at + 1]);
		ENSURE(high >= 0 && low >= 0, ERR_CRYPTO);
		buf_put_byte(cms, (uint8_t)(high * 16 + low));
	}
	return buf_done(cms);
}

/* The string a reader sees must be the bytes the range leaves out. */
static bool is_contents(struct pdf_file *f, qpdf_oh signature, struct span cms)
{
	size_t size;
	qpdf_oh contents = obj_get(f->q, signature, "/Contents");
	if (!qpdf_oh_is_string(f->q, contents))
		return false;
	const char *seen = qpdf_oh_get_binary_string_value(f->q, contents, &size);
	return span_equal(span_of(seen, size), cms);
}

static enum err verify_seal(struct pdf_file *f, struct span chain)
{
	struct buf cms CLEANUP(buf_free) = {0};
	uint8_t digest[SHA256_SIZE];
	size_t range[4];
	buf_init(&cms, CMS_MAX);
	qpdf_oh signature = last_signature(f);
	TRY(read_range(f, signature, range));
	TRY(read_contents(f->bytes, range, &cms));
	ENSURE(is_contents(f, signature, buf_span(&cms)), ERR_CRYPTO);
	TRY(pdf_digest(
	    span_of(f->bytes.data, range[1]), span_of(f->bytes.data + range[2], range[3]), digest));
	return seal_check(buf_span(&cms), chain, digest);
}

static bool is_prefix(struct span file, struct span original)
{
	return original.size <= file.size &&
	       span_equal(span_of(file.data, original.size), original);
}

enum err pdf_verify(struct span file, struct span original, struct span chain)
{
	struct pdf_file f CLEANUP(pdf_file_close) = {0};
	ENSURE(is_prefix(file, original), ERR_PDF_REFUSED);
	TRY(pdf_file_open(&f, file));
	ENSURE(qpdf_get_num_pages(f.q) > 0, ERR_PDF_REFUSED);
	ENSURE(pdf_file_ok(&f) && f.harm <= PDF_HARM_ODD, ERR_PDF_REFUSED);
	return verify_seal(&f, chain);
}
