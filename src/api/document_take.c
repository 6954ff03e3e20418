/*
 * One document on its way in: fields, press's verdict, digests, blobs. press answers before
 * the sender does anything else with the envelope, so nobody signs a file that cannot be
 * sealed.
 */
#include "api/decode.h"

#include "store/blob.h"

#include <string.h>

enum err stored_file_of(struct span bytes, const char *blob, struct stored_file *out)
{
	*out = (struct stored_file){.blob = blob, .size = (int64_t)bytes.size};
	TRY(sha256(bytes, out->sha256));
	return sha512(bytes, out->sha512);
}

static enum err document_fields(const struct fields *f, bool is_plain, struct document_new *out)
{
	const char *type;
	TRY(field_id(f, "id", &out->id));
	TRY(field_text(f, "name", (struct text_rule){1, LIMIT_NAME_CHARS, true}, &out->name));
	TRY(field_text(f, "document_type", (struct text_rule){0, 20, !is_plain}, &type));
	if (type != NULL && strcmp(type, "pdf") != 0)
		return fields_fault(f, ERR_DOCUMENT_TYPE, "document_type", NULL);
	return OK;
}

static enum err refuse(const struct fields *f, const char *member, const struct pdf_report *report)
{
	if (report->is_encrypted)
		return fields_fault(f, ERR_PDF_UNLOCK, "allow_unlock", NULL);
	return fields_fault(f, ERR_PDF_REFUSED, member,
	    arena_format(
		f->arena, "Reason: %s.", report->reason[0] ? report->reason : "unreadable"));
}

enum err document_judge(struct call *call, const struct fields *f, bool is_plain, struct span bytes,
    struct taken_document *out, struct buf *normalised)
{
	struct pdf_report report = {.verdict = PDF_REFUSE};
	bool allow_unlock = false;
	const char *member = is_plain ? "file" : "document_b64";
	struct document_new *d = &out->document;
	TRY(document_fields(f, is_plain, d));
	TRY(field_bool(f, "allow_unlock", &allow_unlock));
	enum err e = press_analyse(&call->app->press, bytes, allow_unlock, &report, normalised);
	if (e == ERR_PDF_REFUSED || e == ERR_PDF_UNLOCK ||
	    (e == OK && report.verdict == PDF_REFUSE))
		return refuse(f, member, &report);
	TRY(e);
	if (report.pages > LIMIT_PAGES)
		return fields_fault(f, ERR_PDF_REFUSED, member, "It has more than 5,000 pages.");
	d->verdict = pdf_verdict_name(report.verdict);
	d->reason = arena_string(call->arena, report.reason, strlen(report.reason));
	d->pages = report.pages;
	TRY(stored_file_of(bytes, NULL, &d->original));
	return d->reason != NULL ? OK : ERR_MEMORY;
}

enum err document_keep(struct call *call, struct span bytes, const struct buf *normalised,
    const uint8_t key[KEY_SIZE], struct taken_document *out)
{
	struct document_new *d = &out->document;
	TRY(blob_write(call->app->data, key, bytes, out->blob));
	d->original.blob = out->blob;
	if (normalised->size == 0)
		return OK;
	TRY(blob_write(call->app->data, key, buf_span(normalised), out->normalised_blob));
	return stored_file_of(buf_span(normalised), out->normalised_blob, &d->normalised);
}

void document_drop(struct call *call, const struct taken_document *t)
{
	if (t->blob[0] != 0 && blob_remove(call->app->data, t->blob) != OK)
		return; /* the sweep finds it */
	if (t->normalised_blob[0] != 0 && blob_remove(call->app->data, t->normalised_blob) != OK)
		return;
}
