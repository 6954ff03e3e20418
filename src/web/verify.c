/*
 * See the header. A file is compared by SHA-256 with what was published: every dossier passed
 * its verification before that, so an equal file is a verified one.
 */
#include "web/verify.h"

#include "api/call.h"
#include "base/text.h"

#include <openssl/x509.h>

struct check {
	struct app *app;
	const struct http_request *req;
	struct http_reply *reply;
	struct arena *arena;
	struct envelope_record record;
	struct stored_organisation organisation;
	uint8_t hash[SHA256_SIZE]; /* of the code */
	uint8_t key[KEY_SIZE];
};

/* Crockford's base 32: no letter that looks like a digit. */
static char code_character(uint8_t c)
{
	char upper = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);

	if (upper == 'O')
		return '0';
	return upper == 'I' || upper == 'L' ? '1' : upper;
}

/* As people type it: with hyphens and spaces or without, in any case. */
static enum err code_hash(struct span typed, uint8_t hash[SHA256_SIZE])
{
	char code[64];
	size_t n = 0;
	for (size_t i = 0; i < typed.size; i++) {
		uint8_t c = typed.data[i];
		if (c == '-' || c == ' ')
			continue;
		ENSURE(n < sizeof(code), ERR_NOT_FOUND);
		code[n++] = code_character(c);
	}
	return store_token_hash(span_of(code, n), hash);
}

static enum err check_work(struct db *db, void *ctx)
{
	struct check *c = ctx;
	TRY(store_envelope_by_code(db, c->hash, c->arena, &c->record));
	return store_organisation_get(db, c->record.state.organisation, c->arena, &c->organisation);
}

static enum err check_enter(struct check *c)
{
	TRY(code_hash(c->req->params[0], c->hash));
	enum err e = store_read(c->app->store, check_work, c);
	if (e == ERR_NOT_FOUND)
		return app_guess(c->app, c->req, RATE_VERIFY, e, c->reply);
	TRY(e);
	return app_data_key(
	    c->app, &c->organisation, c->record.state.row, c->record.wrapped_key, c->key);
}

static void check_run(struct app *app, const struct http_request *req, struct http_reply *reply,
    enum err (*body)(struct check *))
{
	struct check c = {.app = app, .req = req, .reply = reply, .arena = req->arena};
	enum err e = check_enter(&c);
	if (e == OK)
		e = body(&c);
	if (e != OK)
		reply_error(app, req, reply, e, NULL);
	secret_wipe(c.key, sizeof(c.key));
}

static enum err put_documents(struct check *c, struct json_writer *w)
{
	jw_array(w, "documents");
	for (size_t i = 0; i < c->record.state.document_count; i++) {
		const struct document_record *d = &c->record.documents[i];
		bool is_sealed = d->dossier.blob != NULL;
		const char *name;
		TRY(record_document_name(&c->record, i, c->key, c->arena, &name));
		jw_object(w, NULL);
		jw_int(w, "index", (int64_t)i);
		jw_string(w, "name", name);
		jw_int(w, "pages", d->pages);
		jw_string(w, "verdict", d->verdict);
		jw_int(w, "original_bytes", d->original.size);
		jw_hex(w, "original_sha256", span_of(d->original.sha256, SHA256_SIZE));
		jw_int(w, "bytes", is_sealed ? d->dossier.size : 0);
		jw_hex(w, "evidence_sha256",
		    span_of(d->second.sha256, d->second.blob != NULL ? SHA256_SIZE : 0));
		jw_hex(
		    w, "dossier_sha256", span_of(d->dossier.sha256, is_sealed ? SHA256_SIZE : 0));
		jw_end_object(w);
	}
	jw_end_array(w);
	return OK;
}

static enum err put_signers(struct check *c, struct json_writer *w)
{
	jw_array(w, "signers");
	for (size_t i = 0; i < c->record.state.signer_count; i++) {
		struct signer_profile p;
		char masked[15];
		TRY(record_profile(&c->record, i, c->key, c->arena, &p));
		cpf_mask(p.cpf ? p.cpf : "", masked);
		jw_object(w, NULL);
		jw_string(w, "name", p.name);
		jw_string(w, "cpf_masked", masked);
		jw_string(w, "status", signer_state_name(c->record.state.signers[i].state));
		jw_time(w, "signed_at", c->record.state.signers[i].signed_at);
		jw_end_object(w);
	}
	jw_end_array(w);
	return OK;
}

/* "CN of the sealing certificate", or NULL. */
static const char *seal_subject(struct check *c)
{
	struct buf chain;
	char *name = NULL;
	buf_init(&chain, 64 * LIMIT_KB);
	if (keyd_seal_chain(c->app->keyd, &chain) == OK) {
		const unsigned char *at = chain.data;
		X509 *leaf = d2i_X509(NULL, &at, (long)chain.size);
		name = arena_alloc(c->arena, 256);
		if (leaf != NULL && name != NULL)
			X509_NAME_get_text_by_NID(
			    X509_get_subject_name(leaf), NID_commonName, name, 256);
		X509_free(leaf);
	}
	buf_free(&chain);
	return name;
}

static void put_seal(struct check *c, struct json_writer *w)
{
	if (c->record.state.state != ENVELOPE_COMPLETED) {
		jw_null(w, "seal");
		return;
	}
	jw_object(w, "seal");
	jw_string(w, "subject", seal_subject(c));
	jw_bool(w, "valid", true); /* nothing is published before its seal was verified */
	jw_end_object(w);
}

static enum err data_body(struct check *c)
{
	struct json_writer w;
	const struct envelope *e = &c->record.state;
	const char *subject;
	TRY(record_subject(&c->record, c->key, c->arena, &subject));
	reply_json(c->reply, 200, &w);
	jw_string(&w, "status", envelope_state_name(envelope_state_at(e, c->req->now)));
	jw_object(&w, "organization");
	jw_string(&w, "name", c->organisation.name);
	jw_end_object(&w);
	jw_object(&w, "envelope");
	jw_string(&w, "subject", subject);
	jw_time(&w, "completed_at", e->state == ENVELOPE_COMPLETED ? e->ended_at : 0);
	jw_end_object(&w);
	jw_bool(&w, "sandbox", e->environment == 0);
	TRY(put_documents(c, &w));
	TRY(put_signers(c, &w));
	put_seal(c, &w);
	jw_end_object(&w);
	return buf_done(&c->reply->body);
}

void verify_data(void *app, const struct http_request *req, struct http_reply *reply)
{
	check_run(app, req, reply, data_body);
}

static const char *which_file(const struct document_record *d, const uint8_t hash[SHA256_SIZE])
{
	if (d->dossier.blob != NULL && ct_equal(d->dossier.sha256, hash, SHA256_SIZE))
		return "dossier";
	if (d->second.blob != NULL && ct_equal(d->second.sha256, hash, SHA256_SIZE))
		return "evidence";
	return ct_equal(d->original.sha256, hash, SHA256_SIZE) ? "original" : NULL;
}

static enum err put_match(struct check *c, struct json_writer *w, const uint8_t hash[SHA256_SIZE])
{
	for (size_t i = 0; i < c->record.state.document_count; i++) {
		const char *name, *found = which_file(&c->record.documents[i], hash);
		if (found == NULL)
			continue;
		TRY(record_document_name(&c->record, i, c->key, c->arena, &name));
		jw_string(w, "result", found);
		jw_object(w, "document");
		jw_int(w, "index", (int64_t)i);
		jw_string(w, "name", name);
		jw_end_object(w);
		return OK;
	}
	jw_string(w, "result", "unknown");
	return OK;
}

static enum err file_body(struct check *c)
{
	struct json_writer w;
	uint8_t hash[SHA256_SIZE];
	ENSURE(c->req->body.size > 0, ERR_BODY_MISSING);
	if (c->req->body.size <= LIMIT_BODY_DEFAULT) /* a larger one was counted by its head */
		TRY(app_rate(c->app, c->req, RATE_CHECK, c->reply));
	TRY(sha256(c->req->body, hash));
	reply_json(c->reply, 200, &w);
	TRY(put_match(c, &w, hash));
	jw_hex(&w, "sha256", span_of(hash, sizeof(hash)));
	jw_end_object(&w);
	return buf_done(&c->reply->body);
}

void verify_check(void *app, const struct http_request *req, struct http_reply *reply)
{
	check_run(app, req, reply, file_body);
}

bool verify_screen(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct check c = {.app = app, .req = req, .reply = reply, .arena = req->arena};
	enum err e = check_enter(&c);
	if (e == OK)
		e = app_rate(app, req, RATE_CHECK, reply);
	if (e != OK)
		reply_error(app, req, reply, e, NULL);
	secret_wipe(c.key, sizeof(c.key));
	return e == OK;
}
