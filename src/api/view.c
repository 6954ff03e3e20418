/*
 * See the header. Personal columns are opened here, just before they are written.
 */
#include "api/view.h"

#include "base/clock.h"

#include <string.h>

/* "111.111.111-11", as the manual writes it. */
static void put_cpf(struct json_writer *w, const char *cpf)
{
	char text[15];
	if (cpf == NULL || strlen(cpf) != 11) {
		jw_null(w, "document_number");
		return;
	}
	snprintf(text, sizeof text, "%.3s.%.3s.%.3s-%.2s", cpf, cpf + 3, cpf + 6, cpf + 9);
	jw_string(w, "document_number", text);
}

static void put_phone(struct json_writer *w, const struct signer_profile *p)
{
	if (p->phone_number == NULL) {
		jw_null(w, "phone");
		return;
	}
	jw_object(w, "phone");
	jw_string(w, "international_dial_code", p->phone_dial);
	jw_string(w, "area_code", p->phone_area);
	jw_string(w, "number", p->phone_number);
	jw_end_object(w);
}

static enum err put_documents(
    struct call *call, struct json_writer *w, const struct loaded *l, bool is_full)
{
	jw_array(w, "documents");
	for (size_t i = 0; i < l->record.state.document_count; i++) {
		const char *name;
		TRY(record_document_name(&l->record, i, l->key, call->arena, &name));
		jw_object(w, NULL);
		jw_string(w, "id", l->record.state.documents[i].id);
		jw_string(w, "name", name);
		jw_string(w, "document_type", "pdf");
		if (is_full) {
			jw_int(w, "pages", l->record.documents[i].pages);
			jw_string(w, "verdict", l->record.documents[i].verdict);
			jw_hex(w, "sha256",
			    span_of(l->record.documents[i].original.sha256, SHA256_SIZE));
		}
		jw_end_object(w);
	}
	jw_end_array(w);
	return OK;
}

static enum err signature_url(
    struct call *call, const struct loaded *l, size_t signer, const char **out)
{
	const char *link;
	TRY(record_link(&l->record, signer, l->key, call->arena, &link));
	*out =
	    link == NULL ? NULL : arena_format(call->arena, "%s/s/%s", call->app->pages_url, link);
	ENSURE(link == NULL || *out != NULL, ERR_MEMORY);
	return OK;
}

static enum signer_state state_now(const struct call *call, const struct envelope *e, size_t signer)
{
	bool is_over = e->state != ENVELOPE_EXPIRED &&
		       envelope_state_at(e, call->req->now) == ENVELOPE_EXPIRED;
	enum signer_state s = e->signers[signer].state;
	return is_over && s != SIGNER_SIGNED && s != SIGNER_REFUSED ? SIGNER_EXPIRED : s;
}

static enum err put_signer(
    struct call *call, struct json_writer *w, const struct loaded *l, size_t signer)
{
	const struct signer_progress *s = &l->record.state.signers[signer];
	struct signer_profile p;
	const char *url;
	TRY(record_profile(&l->record, signer, l->key, call->arena, &p));
	TRY(signature_url(call, l, signer, &url));
	jw_object(w, NULL);
	jw_string(w, "id", s->id);
	jw_string(w, "name", p.name);
	jw_string(w, "email", p.email);
	jw_string(w, "birthdate", p.birthdate);
	put_cpf(w, p.cpf);
	put_phone(w, &p);
	jw_string(w, "document_submission_method", channel_name(s->delivery));
	jw_string(w, "authentication_submission_method", channel_name(s->code_channel));
	jw_string(w, "status", signer_state_name(state_now(call, &l->record.state, signer)));
	jw_time(w, "signed_at", s->signed_at);
	jw_string(w, "signature_url", url);
	TRY(put_documents(call, w, l, false));
	jw_end_object(w);
	return OK;
}

/* Time running out changes what is said without an event, so it is part of the tag. */
void view_etag(struct call *call, const struct envelope *e)
{
	const char *tag = arena_format(call->arena, "\"%lld-%d\"", (long long)e->version,
	    (int)envelope_state_at(e, call->req->now));
	http_reply_header(call->reply, "ETag", tag);
	http_reply_header(call->reply, "Cache-Control", "private, no-cache");
}

enum err view_envelope(struct call *call, const struct loaded *l)
{
	struct json_writer w;
	const struct envelope *e = &l->record.state;
	const char *subject;
	char expires[CLOCK_TEXT_SIZE];
	TRY(record_subject(&l->record, l->key, call->arena, &subject));
	clock_format_s(e->expires_at, expires);
	reply_json(call->reply, 200, &w);
	jw_string(&w, "id", e->id);
	jw_string(&w, "subject", subject);
	jw_string(&w, "expiration_date", expires);
	jw_string(&w, "status", envelope_state_name(envelope_state_at(e, call->req->now)));
	jw_time(&w, "created_at", e->created_at);
	if (l->record.company != NULL)
		jw_string(&w, "company_id", l->record.company);
	jw_array(&w, "signers");
	for (size_t i = 0; i < e->signer_count; i++)
		TRY(put_signer(call, &w, l, i));
	jw_end_array(&w);
	TRY(put_documents(call, &w, l, true));
	jw_end_object(&w);
	return OK;
}

enum err view_signer(struct call *call, const struct loaded *l, size_t signer)
{
	struct json_writer w;
	struct signer_profile p;
	TRY(record_profile(&l->record, signer, l->key, call->arena, &p));
	reply_json(call->reply, 200, &w);
	jw_string(&w, "name", p.name);
	jw_string(&w, "email", p.email);
	jw_string(&w, "status", signer_state_name(state_now(call, &l->record.state, signer)));
	jw_time(&w, "signed_at", l->record.state.signers[signer].signed_at);
	jw_end_object(&w);
	return OK;
}

static enum err put_row(struct call *call, struct json_writer *w, const struct envelope_row *row)
{
	uint8_t key[KEY_SIZE];
	const char *subject = NULL;
	char expires[CLOCK_TEXT_SIZE];
	/* The same question as for a whole envelope, so that list and envelope never differ. */
	const struct envelope e = {
	    .state = row->state, .expires_at = row->expires_at, .signed_at = row->signed_at};
	TRY(app_data_key(call->app, &call->organisation, row->row, row->wrapped_key, key));
	enum err err = row_subject(row, key, call->arena, &subject);
	secret_wipe(key, sizeof key);
	TRY(err);
	clock_format_s(row->expires_at, expires);
	jw_object(w, NULL);
	jw_string(w, "id", row->id);
	jw_string(w, "subject", subject);
	jw_string(w, "status", envelope_state_name(envelope_state_at(&e, call->req->now)));
	jw_time(w, "created_at", row->created_at);
	jw_string(w, "expiration_date", expires);
	if (row->company != NULL)
		jw_string(w, "company_id", row->company);
	jw_end_object(w);
	return OK;
}

enum err view_list(
    struct call *call, const struct envelope_row *rows, size_t count, const char *next)
{
	struct json_writer w;
	reply_json(call->reply, 200, &w);
	jw_array(&w, "envelopes");
	for (size_t i = 0; i < count; i++)
		TRY(put_row(call, &w, &rows[i]));
	jw_end_array(&w);
	jw_string(&w, "next_cursor", next);
	jw_end_object(&w);
	return OK;
}
