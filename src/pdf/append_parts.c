/*
 * What an update adds: pages, an attached file, a signature field. Each changes as little of
 * the file's own objects as it can: pages hang under one node of ours, the field sits on our page.
 */
#include "pdf/append.h"

#include "base/clock.h"

#include <stdio.h>

#define FIELD_INVISIBLE 132 /* ISO 32000-1 table 165: Print, Locked */
#define SIGNATURES_EXIST 3  /* ISO 32000-1 table 219: SignaturesExist, AppendOnly */

void append_date(struct buf *out, int64_t now)
{
	char text[CLOCK_TEXT_SIZE];
	clock_format_s(now, text);
	buf_put_str(out, "(D:");
	for (const char *c = text; *c != 0; c++)
		if (*c != '-' && *c != ':' && *c != 'T')
			buf_put_byte(out, (uint8_t)*c);
	buf_put_byte(out, ')');
}

enum err append_info_date(struct append *a, int64_t now)
{
	qpdf_data q = a->file->q;
	struct buf text CLEANUP(buf_free) = {0};
	qpdf_oh info = obj_get(q, qpdf_get_trailer(q), "/Info");
	if (!obj_is_dict(q, info) || !obj_is_indirect(q, info))
		return OK;
	buf_init(&text, 64);
	append_date(&text, now);
	qpdf_oh_replace_key(q, info, "/ModDate", qpdf_oh_parse(q, buf_str(&text)));
	append_touch(a, append_slot(a, (struct slot){0}, info));
	return buf_done(&text);
}

static struct slot page_root(struct append *a)
{
	qpdf_data q = a->file->q;
	struct slot root = append_root(a);
	struct slot pages = append_dict(a, root, "/Pages");
	if (obj_is_indirect(q, pages.oh))
		return pages;
	qpdf_oh numbered = qpdf_make_indirect_object(q, pages.oh);
	qpdf_oh_replace_key(q, root.oh, "/Pages", numbered);
	return append_slot(a, root, numbered);
}

/* A page that leans on nothing of the tree it will hang in: what it does not say, it would inherit.
 */
static qpdf_oh import_page(struct append *a, struct pdf_file *from, int n, qpdf_oh parent)
{
	qpdf_data q = a->file->q;
	qpdf_oh theirs = qpdf_get_page_n(from->q, (size_t)n);
	qpdf_oh_remove_key(from->q, theirs, "/Parent");
	qpdf_oh page = qpdf_oh_copy_foreign_object(q, from->q, theirs);
	if (!qpdf_oh_has_key(q, page, "/CropBox"))
		qpdf_oh_replace_key(q, page, "/CropBox", obj_get(q, page, "/MediaBox"));
	if (!qpdf_oh_has_key(q, page, "/Rotate"))
		qpdf_oh_replace_key(q, page, "/Rotate", qpdf_oh_new_integer(q, 0));
	if (!qpdf_oh_has_key(q, page, "/Resources"))
		qpdf_oh_replace_key(q, page, "/Resources", qpdf_oh_new_dictionary(q));
	qpdf_oh_replace_key(q, page, "/Parent", parent);
	return page;
}

static enum err hang_pages(struct append *a, struct slot root, qpdf_oh node, int added)
{
	qpdf_data q = a->file->q;
	int before = qpdf_get_num_pages(q);
	ENSURE(before > 0, ERR_PDF_REFUSED);
	qpdf_oh_append_item(q, append_array(a, root, "/Kids").oh, node);
	qpdf_oh_replace_key(q, root.oh, "/Count", qpdf_oh_new_integer(q, before + added));
	append_touch(a, root);
	return pdf_file_check(a->file);
}

enum err append_pages(struct append *a, struct pdf_file *pages)
{
	qpdf_data q = a->file->q;
	ENSURE(
	    !(qpdf_push_inherited_attributes_to_page(pages->q) & (QPDF_ERRORS)), ERR_PDF_REFUSED);
	int count = qpdf_get_num_pages(pages->q);
	ENSURE(count > 0, ERR_PDF_REFUSED);
	struct slot root = page_root(a);
	qpdf_oh node = append_reserve(a);
	qpdf_oh kids = qpdf_oh_new_array(q);
	for (int i = 0; i < count; i++)
		qpdf_oh_append_item(q, kids, import_page(a, pages, i, node));
	a->page = qpdf_oh_get_array_item(q, kids, count - 1);
	a->has_page = true;
	qpdf_oh_replace_key(q, node, "/Type", qpdf_oh_new_name(q, "/Pages"));
	qpdf_oh_replace_key(q, node, "/Parent", root.oh);
	qpdf_oh_replace_key(q, node, "/Count", qpdf_oh_new_integer(q, count));
	qpdf_oh_replace_key(q, node, "/Kids", kids);
	TRY(pdf_file_check(pages));
	return hang_pages(a, root, node, count);
}

/* ISO 32000-2 §7.11.4: the stream, straight from the caller's bytes. */
static void put_embedded(struct append_raw *raw, const struct append_file *file)
{
	raw->is_stream = true;
	raw->stream = file->bytes;
	buf_format(&raw->text,
	    "<< /Type /EmbeddedFile /Subtype %s /Length %zu /Params << /Size %zu"
	    " /ModDate ",
	    file->media_type, file->bytes.size, file->bytes.size);
	append_date(&raw->text, file->now);
	buf_put_str(&raw->text, " >> >>");
}

static qpdf_oh file_specification(
    struct append *a, const struct append_raw *raw, const struct append_file *file)
{
	qpdf_data q = a->file->q;
	qpdf_oh spec = append_reserve(a);
	qpdf_oh streams = qpdf_oh_new_dictionary(q);
	qpdf_oh_replace_key(q, streams, "/F", append_reference(a, raw));
	qpdf_oh_replace_key(q, streams, "/UF", append_reference(a, raw));
	qpdf_oh_replace_key(q, spec, "/Type", qpdf_oh_new_name(q, "/Filespec"));
	qpdf_oh_replace_key(q, spec, "/F", qpdf_oh_new_string(q, file->name));
	qpdf_oh_replace_key(q, spec, "/UF", qpdf_oh_new_string(q, file->name));
	qpdf_oh_replace_key(q, spec, "/Desc", qpdf_oh_new_string(q, file->description));
	qpdf_oh_replace_key(q, spec, "/AFRelationship", qpdf_oh_new_name(q, file->relationship));
	qpdf_oh_replace_key(q, spec, "/EF", streams);
	return spec;
}

enum err append_attachment(struct append *a, const struct append_file *file)
{
	qpdf_data q = a->file->q;
	struct append_raw *raw = append_raw_new(a);
	ENSURE(raw != NULL, ERR_LIMIT);
	put_embedded(raw, file);
	qpdf_oh spec = file_specification(a, raw, file);
	struct slot root = append_root(a);
	char key[64]; /* the number makes it unlike every name the file may already use */
	snprintf(key, sizeof key, "chirograph-%d-%s", raw->id, file->name);
	append_name(a, append_dict(a, append_dict(a, root, "/Names"), "/EmbeddedFiles"), key, spec);
	qpdf_oh_append_item(q, append_array(a, root, "/AF").oh, spec);
	TRY(buf_done(&raw->text));
	return pdf_file_check(a->file);
}

/* ETSI EN 319 142-1 §5.3: the signature dictionary, with blanks to be patched. */
static void put_signature(struct append_signature *s)
{
	struct buf *text = &s->raw->text;
	buf_put_str(
	    text, "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M ");
	append_date(text, s->now);
	buf_put_str(text, " /ByteRange [0 ");
	s->range_at = text->size;
	buf_format(text, "%*s /Contents <", APPEND_RANGE_ROOM, "");
	s->contents_at = text->size;
	buf_format(text, "%0*d>", (int)s->contents_room, 0);
	if (s->is_certifying)
		buf_put_str(text,
		    " /Reference [<< /Type /SigRef /TransformMethod /DocMDP"
		    " /TransformParams << /Type /TransformParams /P 2 /V /1.2 >> >>]");
	buf_put_str(text, " >>");
}

static qpdf_oh new_field(struct append *a, const struct append_raw *raw, qpdf_oh page)
{
	qpdf_data q = a->file->q;
	qpdf_oh field = append_reserve(a);
	char name[64];
	snprintf(name, sizeof name, "Chirograph %d", raw->id);
	qpdf_oh_replace_key(q, field, "/Type", qpdf_oh_new_name(q, "/Annot"));
	qpdf_oh_replace_key(q, field, "/Subtype", qpdf_oh_new_name(q, "/Widget"));
	qpdf_oh_replace_key(q, field, "/FT", qpdf_oh_new_name(q, "/Sig"));
	qpdf_oh_replace_key(q, field, "/T", qpdf_oh_new_string(q, name));
	qpdf_oh_replace_key(q, field, "/F", qpdf_oh_new_integer(q, FIELD_INVISIBLE));
	qpdf_oh_replace_key(q, field, "/Rect", qpdf_oh_parse(q, "[0 0 0 0]"));
	qpdf_oh_replace_key(q, field, "/P", page);
	qpdf_oh_replace_key(q, field, "/V", append_reference(a, raw));
	return field;
}

enum err append_signature(struct append *a, struct append_signature *s)
{
	qpdf_data q = a->file->q;
	s->raw = append_raw_new(a);
	ENSURE(s->raw != NULL, ERR_LIMIT);
	put_signature(s);
	qpdf_oh page = a->has_page ? a->page : qpdf_get_page_n(q, 0);
	qpdf_oh field = new_field(a, s->raw, page);
	struct slot form = append_dict(a, append_root(a), "/AcroForm");
	qpdf_oh flags = obj_get(q, form.oh, "/SigFlags");
	long long old = qpdf_oh_is_integer(q, flags) ? qpdf_oh_get_int_value(q, flags) : 0;
	qpdf_oh_replace_key(
	    q, form.oh, "/SigFlags", qpdf_oh_new_integer(q, old | SIGNATURES_EXIST));
	append_touch(a, form);
	qpdf_oh_append_item(q, append_array(a, form, "/Fields").oh, field);
	struct slot on = append_slot(a, (struct slot){0}, page);
	qpdf_oh_append_item(q, append_array(a, on, "/Annots").oh, field);
	TRY(buf_done(&s->raw->text));
	return pdf_file_check(a->file);
}
