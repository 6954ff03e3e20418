/*
 * Printing the update. Everything goes through put_object, so that the table of offsets and
 * the bytes cannot disagree.
 */
#include "pdf/append.h"

#include "base/crypto.h"

#include <stdlib.h>
#include <string.h>

#define ID_SIZE 16
#define ENTRY_WIDTH 7 /* /W [1 4 2] */

static void put_object(struct append *a, struct buf *out, int id, int generation)
{
	struct append_entry e = {id, generation, a->file->bytes.size + out->size};
	buf_put(&a->entries, &e, sizeof e);
	buf_format(out, "%d %d obj\n", id, generation);
}

/* New streams are copied as they are; /Length is made direct. */
static void put_stream(struct append *a, struct buf *out, qpdf_oh stream)
{
	qpdf_data q = a->file->q;
	unsigned char *data = NULL;
	size_t size = 0;
	qpdf_oh dict = qpdf_oh_get_dict(q, stream);
	if (qpdf_oh_get_stream_data(q, stream, qpdf_dl_none, NULL, &data, &size) & (QPDF_ERRORS)) {
		out->failed = ERR_PDF_REFUSED;
		return;
	}
	qpdf_oh_replace_key(q, dict, "/Length", qpdf_oh_new_integer(q, (long long)size));
	buf_put_str(out, qpdf_oh_unparse_resolved(q, dict));
	buf_put_str(out, "\nstream\n");
	buf_put(out, data, size);
	buf_put_str(out, "\nendstream");
	mem_foreign_free(data);
}

static void put_known(struct append *a, struct buf *out, int id, int generation)
{
	qpdf_data q = a->file->q;
	qpdf_oh o = qpdf_get_object_by_id(q, id, generation);
	if (qpdf_oh_is_null(q, o))
		return;
	put_object(a, out, id, generation);
	if (qpdf_oh_is_stream(q, o))
		put_stream(a, out, o);
	else
		buf_put_str(out, qpdf_oh_unparse_resolved(q, o));
	buf_put_str(out, "\nendobj\n");
	qpdf_oh_release(q, o);
}

static void put_raw(struct append *a, struct buf *out, struct append_raw *raw)
{
	put_object(a, out, raw->id, 0);
	raw->at = a->file->bytes.size + out->size;
	buf_put_span(out, buf_span(&raw->text));
	if (raw->is_stream) {
		buf_put_str(out, "\nstream\n");
		buf_put_span(out, raw->stream);
		buf_put_str(out, "\nendstream");
	}
	buf_put_str(out, "\nendobj\n");
}

static struct append_raw *raw_of(struct append *a, int id)
{
	for (size_t i = 0; i < a->raw_count; i++)
		if (a->raws[i].id == id)
			return &a->raws[i];
	return NULL;
}

static int by_id(const void *left, const void *right)
{
	const struct append_entry *l = left, *r = right;
	return (l->id > r->id) - (l->id < r->id);
}

static const struct append_entry *entries_of(const struct buf *b, size_t *count)
{
	*count = b->size / sizeof(struct append_entry);
	if (*count > 1)
		qsort(b->data, *count, sizeof(struct append_entry), by_id);
	return (const struct append_entry *)(const void *)b->data;
}

static void put_objects(struct append *a, struct buf *out)
{
	size_t count;
	const struct append_entry *touched = entries_of(&a->touched, &count);
	for (size_t i = 0; i < count; i++)
		put_known(a, out, touched[i].id, touched[i].generation);
	for (int id = a->first_new; id < a->next_free; id++) {
		struct append_raw *raw = raw_of(a, id);
		if (raw != NULL)
			put_raw(a, out, raw);
		else
			put_known(a, out, id, 0);
	}
}

/* ISO 32000-1 §14.4: the first half names the document, the second this version of it. */
static qpdf_oh new_id(struct append *a, struct span seed)
{
	qpdf_data q = a->file->q;
	uint8_t digest[SHA256_SIZE] = {0};
	if (sha256(seed, digest) != OK)
		a->entries.failed = ERR_CRYPTO;
	qpdf_oh fresh = qpdf_oh_new_binary_string(q, (const char *)digest, ID_SIZE);
	qpdf_oh old = obj_get(q, qpdf_get_trailer(q), "/ID");
	qpdf_oh both = qpdf_oh_new_array(q);
	bool has_old = obj_is_array(q, old) && qpdf_oh_get_array_n_items(q, old) > 0 &&
		       qpdf_oh_is_string(q, qpdf_oh_get_array_item(q, old, 0));
	qpdf_oh_append_item(q, both, has_old ? qpdf_oh_get_array_item(q, old, 0) : fresh);
	qpdf_oh_append_item(q, both, fresh);
	return both;
}

static long long new_size(struct append *a)
{
	qpdf_oh old = obj_get(a->file->q, qpdf_get_trailer(a->file->q), "/Size");
	long long size =
	    qpdf_oh_is_integer(a->file->q, old) ? qpdf_oh_get_int_value(a->file->q, old) : 0;
	long long ours = a->next_free + (a->kind == PDF_XREF_STREAM ? 1 : 0);
	return size > ours ? size : ours;
}

/* Every key of the last trailer, less those that describe the section it stood in. */
static qpdf_oh new_trailer(struct append *a, struct span seed)
{
	static const char *const dropped[] = {"/Prev", "/XRefStm", "/Length", "/Filter",
	    "/DecodeParms", "/W", "/Index", "/Type", "/F", "/FFilter", "/FDecodeParms", "/DL"};
	qpdf_data q = a->file->q;
	qpdf_oh old = qpdf_get_trailer(q);
	qpdf_oh trailer = qpdf_oh_new_dictionary(q);
	qpdf_oh_begin_dict_key_iter(q, old);
	while (qpdf_oh_dict_more_keys(q)) {
		const char *key = qpdf_oh_dict_next_key(q);
		qpdf_oh_replace_key(q, trailer, key, qpdf_oh_get_key(q, old, key));
	}
	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
		qpdf_oh_remove_key(q, trailer, dropped[i]);
	qpdf_oh_replace_key(q, trailer, "/ID", new_id(a, seed));
	qpdf_oh_replace_key(q, trailer, "/Size", qpdf_oh_new_integer(q, new_size(a)));
	qpdf_oh_replace_key(q, trailer, "/Prev", qpdf_oh_new_integer(q, (long long)a->startxref));
	return trailer;
}

/* Entries from i on whose numbers follow each other: one subsection. */
static size_t run_length(const struct append_entry *e, size_t count, size_t i)
{
	size_t n = 1;
	while (i + n < count && e[i + n].id == e[i].id + (int)n)
		n++;
	return n;
}

/* ISO 32000-1 §7.5.4: entries of exactly 20 bytes. */
static void put_table(struct append *a, struct buf *out, qpdf_oh trailer)
{
	size_t count;
	const struct append_entry *e = entries_of(&a->entries, &count);
	buf_put_str(out, "xref\n");
	for (size_t i = 0, n; i < count; i += n) {
		n = run_length(e, count, i);
		buf_format(out, "%d %zu\n", e[i].id, n);
		for (size_t k = i; k < i + n; k++)
			buf_format(out, "%010zu %05d n \n", e[k].offset, e[k].generation);
	}
	buf_format(out, "trailer\n%s\n", qpdf_oh_unparse_resolved(a->file->q, trailer));
}

static void put_entry(struct buf *out, const struct append_entry *e)
{
	const uint8_t row[ENTRY_WIDTH] = {1, (uint8_t)(e->offset >> 24), (uint8_t)(e->offset >> 16),
	    (uint8_t)(e->offset >> 8), (uint8_t)e->offset, (uint8_t)(e->generation >> 8),
	    (uint8_t)e->generation};
	buf_put(out, row, sizeof row);
}

static qpdf_oh integers(qpdf_data q, const int *values, size_t count)
{
	qpdf_oh list = qpdf_oh_new_array(q);
	for (size_t i = 0; i < count; i++)
		qpdf_oh_append_item(q, list, qpdf_oh_new_integer(q, values[i]));
	return list;
}

static qpdf_oh index_of(qpdf_data q, const struct append_entry *e, size_t count)
{
	qpdf_oh list = qpdf_oh_new_array(q);
	for (size_t i = 0, n; i < count; i += n) {
		n = run_length(e, count, i);
		qpdf_oh_append_item(q, list, qpdf_oh_new_integer(q, e[i].id));
		qpdf_oh_append_item(q, list, qpdf_oh_new_integer(q, (long long)n));
	}
	return list;
}

/* ISO 32000-1 §7.5.8: the stream lists itself too. */
static void put_xref_stream(struct append *a, struct buf *out, qpdf_oh trailer)
{
	static const int widths[] = {1, 4, 2};
	qpdf_data q = a->file->q;
	size_t count;
	put_object(a, out, a->next_free, 0);
	const struct append_entry *e = entries_of(&a->entries, &count);
	qpdf_oh_replace_key(q, trailer, "/Type", qpdf_oh_new_name(q, "/XRef"));
	qpdf_oh_replace_key(q, trailer, "/W", integers(q, widths, 3));
	qpdf_oh_replace_key(q, trailer, "/Index", index_of(q, e, count));
	qpdf_oh_replace_key(
	    q, trailer, "/Length", qpdf_oh_new_integer(q, (long long)(count * ENTRY_WIDTH)));
	buf_format(out, "%s\nstream\n", qpdf_oh_unparse_resolved(q, trailer));
	for (size_t i = 0; i < count; i++)
		put_entry(out, &e[i]);
	buf_put_str(out, "\nendstream\nendobj\n");
}

enum err append_write(struct append *a, struct span seed, struct buf *out)
{
	struct span base = a->file->bytes;
	uint8_t last = base.data[base.size - 1];
	a->next_free = qpdf_oh_get_object_id(a->file->q, append_reserve(a));
	if (last != '\n' && last != '\r')
		buf_put_byte(out, '\n');
	put_objects(a, out);
	qpdf_oh trailer = new_trailer(a, seed);
	size_t startxref = base.size + out->size;
	if (a->kind == PDF_XREF_STREAM)
		put_xref_stream(a, out, trailer);
	else
		put_table(a, out, trailer);
	buf_format(out, "startxref\n%zu\n%%%%EOF\n", startxref);
	TRY(buf_done(&a->touched));
	TRY(buf_done(&a->entries));
	TRY(buf_done(out));
	ENSURE(base.size + out->size <= UINT32_MAX, ERR_LIMIT);
	return pdf_file_check(a->file);
}
