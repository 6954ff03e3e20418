/*
 * The ways a message may leave: the organisation's SMTP server, the global one, a gateway, or the
 * outbox. A sandbox envelope's messages never reach a person.
 */
#include "jobs/letterbox.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVIRONMENT_SANDBOX_ROW 0 /* envelope.environment */
#define MAIL_MAX (1u * LIMIT_MB)

/* ---- the organisation's own server ---- */

static enum err setting_text(struct message *m, const char *name, const char **out)
{
	struct post_case *c = &m->c;

	*out = NULL;
	for (size_t i = 0; i < c->setting_count; i++) {
		const struct stored_setting *s = &c->settings[i];
		if (strcmp(s->name, name) != 0 || s->value.size == 0)
			continue;
		if (s->is_sealed)
			return organisation_open(c->post->vault, &c->organisation,
			    setting_place(name), s->value, c->job->arena, out);
		*out = span_dup(c->job->arena, s->value);
		return *out == NULL ? ERR_MEMORY : OK;
	}
	return OK;
}

static enum smtp_security security_of(const char *word)
{
	if (word != NULL && strcmp(word, "tls") == 0)
		return SMTP_TLS;
	if (word != NULL && strcmp(word, "plain") == 0)
		return SMTP_PLAIN;
	return SMTP_STARTTLS;
}

static enum err account_own(struct message *m, struct smtp_account *out)
{
	const char *port, *security;

	TRY(setting_text(m, "smtp.host", &out->host));
	TRY(setting_text(m, "smtp.port", &port));
	TRY(setting_text(m, "smtp.security", &security));
	TRY(setting_text(m, "smtp.user", &out->user));
	TRY(setting_text(m, "smtp.password", &out->password));
	TRY(setting_text(m, "smtp.ca", &out->ca_pem));
	TRY(setting_text(m, "smtp.from", &out->from));
	TRY(setting_text(m, "smtp.from_name", &out->from_name));
	out->port = port == NULL ? 587 : (unsigned)strtoul(port, NULL, 10);
	out->security = security_of(security);
	out->is_guarded = out->host != NULL && !egress_is_named(out->host, m->c.post->mail_allowed);
	return OK;
}

static enum err account_choose(struct message *m, struct smtp_account *out)
{
	*out = (struct smtp_account){0};
	if (m->c.record.state.environment != ENVIRONMENT_SANDBOX_ROW)
		TRY(account_own(m, out));
	if (out->host == NULL)
		*out = m->c.post->mail;
	if (m->c.record.state.environment == ENVIRONMENT_SANDBOX_ROW)
		out->host = NULL;
	if (out->from == NULL || out->from[0] == '\0')
		out->from = out->user != NULL && text_is_email(span_str(out->user))
				? out->user
				: "no-reply@localhost.localdomain";
	return OK;
}

/* ---- the outbox ---- */

/* 20260101T000000000Z-invite-1.7.eml; the job's own time, so that a second try has the same name.
 */
static const char *file_name(struct message *m, const char *extension)
{
	char time[CLOCK_TEXT_SIZE], compact[CLOCK_TEXT_SIZE];
	size_t n = 0;

	clock_format_ms(m->c.job->row.created_at, time);
	for (size_t i = 0; time[i] != '\0'; i++) {
		if (strchr("-:.", time[i]) == NULL)
			compact[n++] = time[i];
	}
	compact[n] = '\0';
	return arena_format(m->c.job->arena, "%s-%s-%s.%lld.%s", compact, m->purpose,
	    m->c.record.state.signers[m->signer].id, (long long)m->c.job->row.row, extension);
}

static enum err outbox_post(struct message *m, const char *extension, struct span content)
{
	const char *name = file_name(m, extension);
	ENSURE(name != NULL, ERR_MEMORY);

	enum err e = outbox_write(m->c.post->data, name, content);
	m->attempt.is_done = e == OK;
	snprintf(m->attempt.detail, sizeof(m->attempt.detail), "%s",
	    e == OK ? "written to the outbox" : "the outbox could not be written");
	/* Nothing is faked: the evidence says that no server took it. */
	m->attempt.target = arena_format(m->c.job->arena, "%s (outbox)", m->attempt.target);
	return m->attempt.target == NULL ? ERR_MEMORY : OK;
}

/* ---- e-mail ---- */

static const char *sender_name(struct message *m, const struct smtp_account *a)
{
	if (a->from_name == NULL || a->from_name[0] == '\0')
		return m->organisation;
	if (a->host != m->c.post->mail.host)
		return a->from_name;
	return arena_format(m->c.job->arena, "%s (%s)", m->organisation, a->from_name);
}

static enum err mail_write(struct message *m, const struct smtp_account *a, struct buf *out)
{
	const char *at = strrchr(a->from, '@');
	struct mail_parts parts = {
	    .from_name = sender_name(m, a),
	    .from = a->from,
	    .to_name = m->profile.name,
	    .to = m->profile.email,
	    .reply_to = m->support,
	    .subject = buf_str(&m->letter.subject),
	    .text = buf_span(&m->letter.text),
	    .html = buf_span(&m->letter.html),
	    .message_id =
		arena_format(m->c.job->arena, "%s%s", m->id, at == NULL ? "@localhost" : at),
	    .now = m->c.now,
	};

	ENSURE(parts.message_id != NULL && parts.from_name != NULL, ERR_MEMORY);
	return mail_compose(&parts, out);
}

static void mail_send(struct message *m, const struct smtp_account *a, struct span content)
{
	struct courier_outcome outcome;
	struct courier_mail mail = {
	    .host = a->host,
	    .port = a->port,
	    .security = a->security,
	    .user = a->user,
	    .password = a->password,
	    .ca_file = a->ca_pem,
	    .from = a->from,
	    .to = m->profile.email,
	    .message = content,
	    .is_guarded = a->is_guarded,
	};

	enum err e = courier_mail(m->c.post->courier, &mail, &outcome);
	attempt_take(&m->attempt, e, &outcome);
}

static enum err mail_post(struct message *m)
{
	CLEANUP(buf_free) struct buf content = {0};
	CLEANUP(buf_free) struct buf masked = {0};
	struct smtp_account account;
	ENSURE(m->profile.email != NULL, ERR_EMAIL);

	buf_init(&content, MAIL_MAX);
	buf_init(&masked, 1024);
	email_mask(m->profile.email, &masked);
	m->attempt.target = span_dup(m->c.job->arena, buf_span(&masked));
	ENSURE(m->attempt.target != NULL, ERR_MEMORY);
	TRY(account_choose(m, &account));
	TRY(mail_write(m, &account, &content));
	if (account.host == NULL || account.host[0] == '\0')
		return outbox_post(m, "eml", buf_span(&content));
	mail_send(m, &account, buf_span(&content));
	return OK;
}

/* ---- SMS, WhatsApp ---- */

static enum err brief_body(struct message *m, struct buf *out)
{
	const struct signer_profile *p = &m->profile;
	const char *to =
	    arena_format(m->c.job->arena, "+%s%s%s", p->phone_dial, p->phone_area, p->phone_number);
	struct json_writer w;

	ENSURE(to != NULL, ERR_MEMORY);
	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_string(&w, "id", m->id);
	jw_string(&w, "channel", channel_name(m->channel));
	jw_string(&w, "to", to);
	jw_span(&w, "text", buf_span(&m->letter.brief));
	jw_end_object(&w);
	return buf_done(out);
}

static enum err brief_send(struct message *m, const struct message_gateway *gateway)
{
	CLEANUP(buf_free) struct buf body = {0};
	const char *headers[3] = {"Content-Type: application/json"};
	struct courier_outcome outcome;

	buf_init(&body, 16 * LIMIT_KB);
	TRY(brief_body(m, &body));
	if (gateway->token != NULL && gateway->token[0] != '\0')
		headers[1] =
		    arena_format(m->c.job->arena, "Authorization: Bearer %s", gateway->token);
	struct courier_post post = {
	    .url = gateway->url,
	    .headers = headers,
	    .body = buf_span(&body),
	    .ca_pem = m->c.post->webhook_ca_pem,
	    .allowed = m->c.post->allowed,
	};
	enum err e = courier_post(m->c.post->courier, &post, &outcome);
	attempt_take(&m->attempt, e, &outcome);
	if (m->attempt.is_done && (m->attempt.status < 200 || m->attempt.status > 299))
		m->attempt.is_done = false;
	return OK;
}

static enum err brief_file(struct message *m)
{
	CLEANUP(buf_free) struct buf content = {0};
	const struct signer_profile *p = &m->profile;

	buf_init(&content, 16 * LIMIT_KB);
	buf_format(&content, "%s +%s%s%s\n\n", channel_name(m->channel), p->phone_dial,
	    p->phone_area, p->phone_number);
	buf_put_span(&content, buf_span(&m->letter.brief));
	buf_put_byte(&content, '\n');
	TRY(buf_done(&content));
	return outbox_post(m, "txt", buf_span(&content));
}

static enum err brief_post(struct message *m)
{
	const struct post *p = m->c.post;
	const struct message_gateway *gateway = m->channel == CHANNEL_SMS ? &p->sms : &p->whatsapp;
	CLEANUP(buf_free) struct buf masked = {0};
	ENSURE(m->profile.phone_number != NULL, ERR_NOT_FOUND);

	buf_init(&masked, 1024);
	phone_mask(m->profile.phone_dial, m->profile.phone_area, m->profile.phone_number, &masked);
	m->attempt.target = span_dup(m->c.job->arena, buf_span(&masked));
	ENSURE(m->attempt.target != NULL, ERR_MEMORY);
	if (gateway->url == NULL || gateway->url[0] == '\0' ||
	    m->c.record.state.environment == ENVIRONMENT_SANDBOX_ROW)
		return brief_file(m);
	return brief_send(m, gateway);
}

enum err letterbox_post(struct message *m)
{
	return m->channel == CHANNEL_EMAIL ? mail_post(m) : brief_post(m);
}
