/*
 * What the signer's page knows. Before the CPF was confirmed it says who asks for what, and
 * nothing that only the right person should see.
 */
#include "web/signer.h"

#include "api/call.h"
#include "base/clock.h"
#include "identity/identity.h"

static const char *const step_names[] = {"open", "cpf", "read", "code", "sign", "done"};

/* The step that this browser stands at: the signer's, unless it has to prove itself first. */
static enum signer_step step_here(const struct visit *v)
{
	enum signer_step step = signer_next_step(&v->record.state, v->signer);

	if (step == STEP_READ && !browser_may_read(&v->browser))
		return STEP_CPF;
	if (step == STEP_SIGN && !browser_may_sign(&v->browser, v->req->now))
		return STEP_CODE;
	return step;
}

/* What is asked of this browser though the signer gave it before: "cpf", "code", or NULL. */
static const char *proof_name(const struct visit *v)
{
	enum signer_step step = step_here(v);

	if (visit_is_over(v))
		return NULL;
	if (visit_signer(v)->state == SIGNER_SIGNED && !browser_may_read(&v->browser))
		return step_names[STEP_CPF];
	return step != signer_next_step(&v->record.state, v->signer) ? step_names[step] : NULL;
}

static const char *step_name(const struct visit *v)
{
	const struct signer_progress *s = visit_signer(v);
	enum envelope_state state = envelope_state_at(&v->record.state, v->req->now);
	if (state == ENVELOPE_CANCELED)
		return "canceled";
	if (state == ENVELOPE_EXPIRED)
		return "expired";
	if (s->state == SIGNER_REFUSED)
		return "refused";
	return step_names[step_here(v)];
}

static void put_people(struct visit *v, struct json_writer *w, const char *subject)
{
	const struct envelope *e = &v->record.state;
	const char *support =
	    v->organisation.support_email ? v->organisation.support_email : v->app->support_email;
	jw_object(w, "organization");
	jw_string(w, "name", v->organisation.name);
	jw_string(w, "support_email", support);
	jw_end_object(w);
	jw_object(w, "envelope");
	jw_string(w, "subject", subject);
	jw_string(w, "status", envelope_state_name(envelope_state_at(e, v->req->now)));
	jw_time(w, "expires_at", e->expires_at);
	jw_bool(w, "sandbox", e->environment == 0);
	jw_end_object(w);
	jw_object(w, "signer");
	jw_string(w, "name", v->profile.name);
	jw_string(w, "status", signer_state_name(visit_signer(v)->state));
	jw_string(w, "language", v->language);
	jw_string(w, "delivery", channel_name(visit_signer(v)->delivery));
	jw_end_object(w);
}

static enum err put_documents(struct visit *v, struct json_writer *w)
{
	const struct signer_progress *s = visit_signer(v);
	jw_array(w, "documents");
	for (size_t i = 0; i < v->record.state.document_count; i++) {
		const char *name;
		TRY(record_document_name(&v->record, i, v->key, v->arena, &name));
		jw_object(w, NULL);
		jw_int(w, "index", (int64_t)i);
		jw_string(w, "name", name);
		jw_int(w, "pages", v->record.documents[i].pages);
		if (s->cpf_at != 0) {
			jw_int(w, "bytes", v->record.documents[i].original.size);
			jw_bool(w, "is_read", (s->read_mask >> i & 1) != 0);
		}
		jw_end_object(w);
	}
	jw_end_array(w);
	return OK;
}

static void put_code(struct visit *v, struct json_writer *w)
{
	const struct signer_progress *s = visit_signer(v);
	bool is_sent = s->code_sent_at != 0, is_shown = s->cpf_at != 0 && !visit_is_over(v);
	jw_object(w, "code");
	jw_string(w, "channel", channel_name(s->code_channel));
	jw_string(w, "target", is_shown ? visit_target(v) : NULL);
	jw_time(w, "sent_at", s->code_sent_at);
	jw_time(w, "expires_at", is_sent ? s->code_sent_at + LIMIT_CODE_MS : 0);
	jw_time(w, "resend_at", is_sent ? s->code_sent_at + LIMIT_CODE_RESEND_MS : 0);
	jw_int(w, "tries_left",
	    s->code_tries < LIMIT_CODE_TRIES ? LIMIT_CODE_TRIES - s->code_tries : 0);
	jw_end_object(w);
}

static enum err put_consent(struct visit *v, struct json_writer *w)
{
	struct consent c;
	TRY(identity_consent(v->language, &c));
	jw_object(w, "consent");
	jw_string(w, "version", c.version);
	jw_hex(w, "sha256", span_of(c.sha256, SHA256_SIZE));
	jw_string(w, "language", c.language);
	jw_span(w, "text", c.text);
	jw_end_object(w);
	jw_string(w, "statement", identity_statement(v->language, v->profile.name, v->arena));
	return OK;
}

/* The evidence PDF of a document that could not take pages of its own. */
static void put_dossier_links(struct visit *v, struct json_writer *w, size_t document)
{
	const struct span token = v->req->params[0];
	const char *url = arena_format(
	    v->arena, "/s/%.*s/dossier/%zu", (int)token.size, (const char *)token.data, document);
	bool has_evidence = v->record.documents[document].second.blob != NULL && url != NULL;
	jw_string(w, "url", url);
	jw_string(
	    w, "evidence_url", has_evidence ? arena_format(v->arena, "%s?evidence=1", url) : NULL);
}

static enum err put_dossiers(struct visit *v, struct json_writer *w)
{
	jw_array(w, "dossiers");
	bool is_ready =
	    v->record.state.state == ENVELOPE_COMPLETED && visit_signer(v)->state == SIGNER_SIGNED;
	for (size_t i = 0; is_ready && i < v->record.state.document_count; i++) {
		const char *name;
		TRY(record_document_name(&v->record, i, v->key, v->arena, &name));
		jw_object(w, NULL);
		jw_int(w, "index", (int64_t)i);
		jw_string(w, "name", name);
		put_dossier_links(v, w, i);
		jw_end_object(w);
	}
	jw_end_array(w);
	return OK;
}

enum err visit_state(struct visit *v)
{
	struct json_writer w;
	const char *subject;
	unsigned at = 0, of = 0;
	TRY(record_subject(&v->record, v->key, v->arena, &subject));
	buf_reset(&v->reply->body);
	reply_json(v->reply, 200, &w);
	put_people(v, &w, subject);
	jw_string(&w, "step", step_name(v));
	signer_step_position(step_here(v), &at, &of);
	jw_string(&w, "proof", proof_name(v));
	jw_object(&w, "position");
	jw_int(&w, "at", at);
	jw_int(&w, "of", of);
	jw_end_object(&w);
	TRY(put_documents(v, &w));
	put_code(v, &w);
	TRY(put_consent(v, &w));
	TRY(put_dossiers(v, &w));
	jw_string(&w, "redirect_url", v->organisation.redirect_url);
	jw_time(&w, "now", v->req->now);
	jw_end_object(&w);
	return OK;
}

void signer_state(void *app, const struct http_request *req, struct http_reply *reply)
{
	visit_run(app, req, reply, visit_state);
}
