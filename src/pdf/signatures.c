/*
 * Earlier signatures are looked for in three places: the form's fields, the pages' widgets (a
 * form may have lost track of them) and the catalog's permissions. A file that is signed is
 * never rewritten, so missing one would break it: in doubt a signature is counted.
 */
#include "pdf/signatures.h"

#define FIELD_DEPTH 32
#define LOOK_BUDGET 200000

static bool seen_before(struct pdf_signatures *s, int id)
{
	if (id == 0)
		return false;
	for (size_t i = 0; i < s->seen_count; i++)
		if (s->seen[i] == id)
			return true;
	if (s->seen_count < SIGNATURES_SEEN_MAX)
		s->seen[s->seen_count++] = id;
	return false;
}

/* ISO 32000-2 table 237: Include names fields; All and Exclude reach a field that is new. */
static bool locks_new_fields(qpdf_data q, qpdf_oh lock)
{
	qpdf_oh action = obj_get(q, lock, "/Action");
	qpdf_oh p = obj_get(q, lock, "/P");
	bool locks = obj_is_name(q, action, "/All") || obj_is_name(q, action, "/Exclude");
	if (qpdf_oh_is_integer(q, p) && qpdf_oh_get_int_value(q, p) == 1)
		locks = true;
	return locks;
}

static bool reference_locks(qpdf_data q, qpdf_oh reference)
{
	qpdf_oh method = obj_get(q, reference, "/TransformMethod");
	qpdf_oh params = obj_get(q, reference, "/TransformParams");
	bool is_ours = obj_is_name(q, method, "/DocMDP") || obj_is_name(q, method, "/FieldMDP");
	return is_ours && locks_new_fields(q, params);
}

/* A range that goes past the end would swallow whatever is appended. */
static bool range_overruns(struct pdf_file *f, qpdf_oh value)
{
	qpdf_data q = f->q;
	qpdf_oh range = obj_get(q, value, "/ByteRange");
	long long size = (long long)f->bytes.size;
	int n = obj_is_array(q, range) ? qpdf_oh_get_array_n_items(q, range) : 0;
	for (int i = 0; i + 1 < n && i < 64; i += 2) {
		long long at = -1, length = -1;
		(void)qpdf_oh_get_value_as_longlong(q, qpdf_oh_get_array_item(q, range, i), &at);
		(void)qpdf_oh_get_value_as_longlong(
		    q, qpdf_oh_get_array_item(q, range, i + 1), &length);
		if (at < 0 || length < 0 || at > size || length > size - at)
			return true;
	}
	return false;
}

static void record(struct pdf_file *f, struct pdf_signatures *s, qpdf_oh value)
{
	qpdf_data q = f->q;
	if (!obj_is_dict(q, value) || seen_before(s, qpdf_oh_get_object_id(q, value)))
		return;
	s->count++;
	s->is_broken = s->is_broken || range_overruns(f, value);
	qpdf_oh references = obj_get(q, value, "/Reference");
	int n = obj_is_array(q, references) ? qpdf_oh_get_array_n_items(q, references) : 0;
	for (int i = 0; i < n && i < 64; i++)
		if (reference_locks(q, qpdf_oh_get_array_item(q, references, i)))
			s->is_locked = true;
}

static void look_at_field(struct pdf_file *f, struct pdf_signatures *s, qpdf_oh field, bool is_sig)
{
	qpdf_oh value = obj_get(f->q, field, "/V");
	if (!is_sig || !obj_is_dict(f->q, value))
		return;
	record(f, s, value);
	if (locks_new_fields(f->q, obj_get(f->q, field, "/Lock")))
		s->is_locked = true;
}

static bool field_is_signature(qpdf_data q, qpdf_oh field, bool inherited)
{
	qpdf_oh type = obj_get(q, field, "/FT");
	return qpdf_oh_is_name(q, type) ? obj_is_name(q, type, "/Sig") : inherited;
}

static void walk_fields(
    struct pdf_file *f, struct pdf_signatures *s, qpdf_oh list, bool inherited, unsigned depth)
{
	int n = obj_is_array(f->q, list) ? qpdf_oh_get_array_n_items(f->q, list) : 0;
	for (int i = 0; i < n && depth < FIELD_DEPTH && s->budget > 0; i++) {
		qpdf_oh field = qpdf_oh_get_array_item(f->q, list, i);
		bool is_sig = field_is_signature(f->q, field, inherited);
		s->budget--;
		look_at_field(f, s, field, is_sig);
		walk_fields(f, s, obj_get(f->q, field, "/Kids"), is_sig, depth + 1);
	}
}

static void look_at_widget(struct pdf_file *f, struct pdf_signatures *s, qpdf_oh widget)
{
	qpdf_data q = f->q;
	qpdf_oh subtype = obj_get(q, widget, "/Subtype");
	if (obj_is_name(q, subtype, "/Widget")) {
		qpdf_oh parent = obj_get(q, widget, "/Parent");
		bool is_sig = field_is_signature(q, widget, field_is_signature(q, parent, false));
		look_at_field(f, s, widget, is_sig);
		look_at_field(f, s, parent, is_sig);
		qpdf_oh_release(q, parent);
	}
	qpdf_oh_release(q, subtype);
}

static void walk_page(struct pdf_file *f, struct pdf_signatures *s, unsigned number)
{
	qpdf_oh page = qpdf_get_page_n(f->q, number);
	qpdf_oh annotations = obj_get(f->q, page, "/Annots");
	int n = obj_is_array(f->q, annotations) ? qpdf_oh_get_array_n_items(f->q, annotations) : 0;
	for (int i = 0; i < n && s->budget > 0; i++) {
		qpdf_oh widget = qpdf_oh_get_array_item(f->q, annotations, i);
		s->budget--;
		look_at_widget(f, s, widget);
		qpdf_oh_release(f->q, widget);
	}
	qpdf_oh_release(f->q, annotations);
	qpdf_oh_release(f->q, page);
}

void pdf_signatures_find(struct pdf_file *f, unsigned pages, struct pdf_signatures *out)
{
	static const char *const rights[] = {"/DocMDP", "/UR", "/UR3"};
	*out = (struct pdf_signatures){.budget = LOOK_BUDGET};
	qpdf_oh root = qpdf_get_root(f->q);
	walk_fields(f, out, obj_get(f->q, obj_get(f->q, root, "/AcroForm"), "/Fields"), false, 0);
	qpdf_oh permissions = obj_get(f->q, root, "/Perms");
	for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++)
		record(f, out, obj_get(f->q, permissions, rights[i]));
	for (unsigned i = 0; i < pages; i++)
		walk_page(f, out, i);
}
