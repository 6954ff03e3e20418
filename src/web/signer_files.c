/*
 * What a signer may read: the documents once the CPF was confirmed, the dossiers once
 * everything is sealed, and the link itself as a QR code, to go on with a phone.
 */
#include "web/signer.h"

#include "api/call.h"
#include "api/links.h"
#include "base/codec.h"
#include "base/embedded.h"
#include "courier/courier.h"

#include <qrencode.h>
#include <strings.h>

extern const struct embedded web_templates[];
extern const size_t web_templates_count;

static size_t document_index(const struct visit *v)
{
	struct span text = v->req->params[1];
	size_t n = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || n > LIMIT_DOCUMENTS)
			return SIZE_MAX;
		n = n * 10 + (size_t)(text.data[i] - '0');
	}
	return text.size > 0 && n < v->record.state.document_count ? n : SIZE_MAX;
}

/* RFC 6266 §4.3: an ASCII name, and the real one in UTF-8. */
static enum err disposition(struct visit *v, const char *kind, const char *suffix, size_t document)
{
	const char *name;
	struct buf text;
	TRY(record_document_name(&v->record, document, v->key, v->arena, &name));
	buf_init(&text, 4096);
	buf_format(&text, "%s; filename=\"document-%zu%s.pdf\"; filename*=UTF-8''", kind,
	    document + 1, suffix);
	struct span shown = span_str(name);
	if (shown.size > 4 && strncasecmp(name + shown.size - 4, ".pdf", 4) == 0)
		shown.size -= 4;
	url_encode(&text, shown);
	buf_format(&text, "%s.pdf", suffix);
	http_reply_header(
	    v->reply, "Content-Disposition", arena_string(v->arena, buf_str(&text), text.size));
	enum err e = buf_done(&text);
	buf_free(&text);
	return e;
}

static enum err document_body(struct visit *v)
{
	struct span wanted;
	size_t n = document_index(v);
	ENSURE(n != SIZE_MAX && !visit_is_over(v), ERR_NOT_FOUND);
	ENSURE(visit_signer(v)->cpf_at != 0, ERR_STEP);
	ENSURE(browser_may_read(&v->browser), ERR_PROOF);
	bool is_download = http_query(v->req, "download", &wanted);
	TRY(disposition(v, is_download ? "attachment" : "inline", "", n));
	http_reply_header(v->reply, "Cache-Control", "private, max-age=600");
	const struct document_record *d = &v->record.documents[n];
	const char *shown = d->normalised.blob ? d->normalised.blob : d->original.blob;
	return reply_blob(v->app, v->key, shown, "application/pdf", v->reply);
}

void signer_document(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, document_body);
}

static enum err dossier_body(struct visit *v)
{
	struct span wanted;
	size_t n = document_index(v);
	ENSURE(n != SIZE_MAX && v->record.state.state == ENVELOPE_COMPLETED, ERR_NOT_FOUND);
	ENSURE(visit_signer(v)->state == SIGNER_SIGNED, ERR_NOT_FOUND);
	ENSURE(browser_may_read(&v->browser), ERR_PROOF);
	const struct document_record *d = &v->record.documents[n];
	bool is_evidence = http_query(v->req, "evidence", &wanted);
	const struct stored_file *file = is_evidence ? &d->second : &d->dossier;
	ENSURE(file->blob != NULL, ERR_NOT_FOUND);
	TRY(disposition(v, "attachment", is_evidence ? "-evidence" : "-signed", n));
	return reply_blob(v->app, v->key, file->blob, "application/pdf", v->reply);
}

void signer_dossier(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, dossier_body);
}

/* One path of unit squares; the template has the rest. */
static enum err put_modules(const QRcode *code, struct buf *path)
{
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (code->data[y * code->width + x] & 1)
				buf_format(path, "M%d %dh1v1h-1z", x + 4, y + 4);
	return buf_done(path);
}

static enum err put_qr(struct visit *v, const QRcode *code)
{
	struct buf path, size;
	const struct embedded *t = embedded_find(web_templates, web_templates_count, "qr.svg");
	ENSURE(t != NULL, ERR_INTERNAL);
	buf_init(&path, 256 * LIMIT_KB);
	buf_init(&size, 16);
	buf_format(&size, "%d", code->width + 8); /* a quiet zone of four modules on each side */
	enum err e = put_modules(code, &path);
	struct template_value values[] = {
	    {.name = "size", .value = buf_span(&size)}, {.name = "path", .value = buf_span(&path)}};
	if (e == OK)
		e = template_fill(span_of(t->data, t->size), values, 2, true, &v->reply->body);
	buf_free(&path);
	buf_free(&size);
	return e;
}

static enum err qr_body(struct visit *v)
{
	const char *url = arena_format(v->arena, "%s/s/%.*s", v->app->pages_url,
	    (int)v->req->params[0].size, (const char *)v->req->params[0].data);
	ENSURE(url != NULL, ERR_MEMORY);
	QRcode *code = QRcode_encodeString8bit(url, 0, QR_ECLEVEL_M);
	ENSURE(code != NULL, ERR_INTERNAL);
	v->reply->content_type = "image/svg+xml";
	enum err e = put_qr(v, code);
	QRcode_free(code);
	return e;
}

void signer_qr(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, qr_body);
}
