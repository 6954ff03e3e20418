/*
 * The object model's side of an update: which objects are ours, which of the file's were
 * touched, and how to reach a container that may be direct, indirect or missing.
 */
#include "pdf/append.h"

#include "base/limits.h"

#define RAW_TEXT_MAX (4 * LIMIT_MB)
#define ENTRIES_MAX (16 * LIMIT_MB)

qpdf_oh append_reserve(struct append *a)
{
	qpdf_data q = a->file->q;
	if (a->has_spare) {
		a->has_spare = false;
		return a->spare;
	}
	/* an empty dictionary: qpdf drops a key whose value is a reference to null */
	return qpdf_make_indirect_object(q, qpdf_oh_new_dictionary(q));
}

/* Our numbers start at /Size, so that a freed number below it is never used again. */
static void number_from_size(struct append *a)
{
	qpdf_data q = a->file->q;
	qpdf_oh size = obj_get(q, qpdf_get_trailer(q), "/Size");
	int wanted = qpdf_oh_is_integer(q, size) ? qpdf_oh_get_int_value_as_int(q, size) : 0;
	qpdf_oh first = append_reserve(a);
	int id = qpdf_oh_get_object_id(q, first);
	if (id + 1 < wanted)
		qpdf_replace_object(q, wanted - 1, 0, qpdf_oh_new_dictionary(q));
	if (id < wanted)
		first = append_reserve(a);
	a->first_new = qpdf_oh_get_object_id(q, first);
	a->spare = first;
	a->has_spare = true;
}

enum err append_begin(struct append *a, struct pdf_file *file)
{
	*a = (struct append){.file = file};
	buf_init(&a->touched, ENTRIES_MAX);
	buf_init(&a->entries, ENTRIES_MAX);
	a->kind = pdf_tail_read(file->bytes, &a->startxref);
	ENSURE(a->kind != PDF_XREF_NONE, ERR_PDF_REFUSED);
	ENSURE(!qpdf_is_encrypted(file->q), ERR_PDF_REFUSED);
	ENSURE(obj_is_indirect(file->q, qpdf_get_root(file->q)), ERR_PDF_REFUSED);
	number_from_size(a);
	return pdf_file_check(file);
}

void append_end(struct append *a)
{
	buf_free(&a->touched);
	buf_free(&a->entries);
	for (size_t i = 0; i < a->raw_count; i++)
		buf_free(&a->raws[i].text);
}

void append_touch(struct append *a, struct slot s)
{
	size_t count = a->touched.size / sizeof(struct append_entry);
	const struct append_entry *known = (const void *)a->touched.data;
	if (s.id == 0 || s.id >= a->first_new)
		return;
	for (size_t i = 0; i < count; i++)
		if (known[i].id == s.id)
			return;
	struct append_entry e = {s.id, s.generation, 0};
	buf_put(&a->touched, &e, sizeof e);
}

struct slot append_slot(struct append *a, struct slot holder, qpdf_oh oh)
{
	qpdf_data q = a->file->q;
	if (!obj_is_indirect(q, oh))
		return (struct slot){oh, holder.id, holder.generation};
	return (struct slot){oh, qpdf_oh_get_object_id(q, oh), qpdf_oh_get_generation(q, oh)};
}

struct slot append_root(struct append *a)
{
	return append_slot(a, (struct slot){0}, qpdf_get_root(a->file->q));
}

static struct slot below(struct append *a, struct slot parent, const char *key, bool is_array)
{
	qpdf_data q = a->file->q;
	qpdf_oh found = obj_get(q, parent.oh, key);
	if (is_array ? !obj_is_array(q, found) : !obj_is_dict(q, found)) {
		found = is_array ? qpdf_oh_new_array(q) : qpdf_oh_new_dictionary(q);
		qpdf_oh_replace_key(q, parent.oh, key, found);
		append_touch(a, parent);
		found = qpdf_oh_get_key(q, parent.oh, key);
	}
	struct slot s = append_slot(a, parent, found);
	append_touch(a, s);
	return s;
}

struct slot append_dict(struct append *a, struct slot parent, const char *key)
{
	return below(a, parent, key, false);
}

struct slot append_array(struct append *a, struct slot parent, const char *key)
{
	return below(a, parent, key, true);
}

struct append_raw *append_raw_new(struct append *a)
{
	if (a->raw_count == APPEND_RAWS_MAX)
		return NULL;
	struct append_raw *raw = &a->raws[a->raw_count++];
	*raw = (struct append_raw){.id = qpdf_oh_get_object_id(a->file->q, append_reserve(a))};
	buf_init(&raw->text, RAW_TEXT_MAX);
	return raw;
}

qpdf_oh append_reference(struct append *a, const struct append_raw *raw)
{
	return qpdf_get_object_by_id(a->file->q, raw->id, 0);
}
