/*
 * Webhooks. The body depends on the event alone, so every attempt sends the same bytes under the
 * same webhook-id; the time-stamp and the signatures are the attempt's. An answer ends the job
 * in the commit that also logs it, at once, so a receiver sees a second one only when we died
 * in between.
 */
#include "jobs/case.h"

#include "base/clock.h"
#include "base/codec.h"
#include "sign/sign.h"

#include <stdio.h>
#include <string.h>

#define HEADERS 5
#define HEADERS_ES512 2 /* beside them, for partners with an integration */
#define ALLOWED_MAX 64

#define ED25519_SIZE 64

struct call {
	struct post_case c;
	const char *type, *secret;
	struct buf body;
	char id[64];
	const char *headers[HEADERS + HEADERS_ES512 + 1];
	const char *allowed[ALLOWED_MAX + 1];
	struct attempt attempt;
};

/* manual: Webhook, status: that of the event, whatever the envelope became since. */
static const char *status_of(const char *type)
{
	static const char *const ends[] = {"completed", "canceled", "expired"};

	for (size_t i = 0; i < 3; i++) {
		const char *tail = strchr(type, '_');
		if (strncmp(type, "envelope_", 9) == 0 && tail != NULL &&
		    strcmp(tail + 1, ends[i]) == 0)
			return ends[i];
	}
	return "submitted";
}

/* contract: blocks of checks outside the workflow are left out. */
static enum err body_write(struct call *k)
{
	const struct envelope *state = &k->c.record.state;
	json_t *only = json_object_get(k->c.payload, "signer");
	struct json_writer w;

	jw_init(&w, &k->body);
	jw_object(&w, NULL);
	jw_string(&w, "id", state->id);
	jw_string(&w, "status", status_of(k->type));
	jw_string(&w, "webhook_type", k->type);
	jw_array(&w, "signers");
	for (size_t i = 0; i < state->signer_count; i++) {
		if (only != NULL && json_integer_value(only) != (json_int_t)i)
			continue;
		jw_object(&w, NULL);
		jw_string(&w, "id", state->signers[i].id);
		jw_end_object(&w);
	}
	jw_end_array(&w);
	jw_end_object(&w);
	return buf_done(&k->body);
}

/* One per event, the same at every attempt. */
static enum err id_make(struct call *k)
{
	uint8_t hash[SHA256_SIZE];
	char text[256];
	const struct envelope *state = &k->c.record.state;

	snprintf(text, sizeof(text), "%lld/%lld/%lld/%s", (long long)state->organisation,
	    (long long)state->created_at,
	    (long long)json_integer_value(json_object_get(k->c.payload, "sequence")), state->id);
	TRY(sha256(span_str(text), hash));
	memcpy(k->id, "msg_", 4);
	hex_text(k->id + 4, hash, 16);
	return OK;
}

static enum err sign_v1a(struct call *k, int64_t at, struct buf *out)
{
	const struct post *p = k->c.post;
	CLEANUP(buf_free) struct buf content = {0}, signatures = {0};
	const char *time = arena_format(k->c.job->arena, "%lld", (long long)at);

	ENSURE(time != NULL, ERR_MEMORY);
	if (p->sign == NULL)
		return OK;
	buf_init(&content, LIMIT_MB);
	buf_init(&signatures, 4 * LIMIT_KB);
	webhook_content(span_str(k->id), span_str(time), buf_span(&k->body), &content);
	TRY(buf_done(&content));
	TRY(p->sign(p->sign_ctx, buf_span(&content), &signatures));
	for (size_t at_byte = 0; at_byte < signatures.size; at_byte += ED25519_SIZE) {
		buf_put_str(out, " v1a,");
		b64_encode(out, span_of(signatures.data + at_byte, ED25519_SIZE));
	}
	return buf_done(out);
}

static enum err sign_standard(struct call *k, int64_t at, const char **out)
{
	CLEANUP(buf_free) struct buf key = {0};
	CLEANUP(buf_free) struct buf value = {0};

	buf_init(&key, 4 * LIMIT_KB);
	buf_init(&value, 4 * LIMIT_KB);
	TRY(webhook_key(k->secret, &key));
	buf_put_str(&value, "webhook-signature: ");
	TRY(webhook_signature_v1(buf_span(&key), k->id, at, buf_span(&k->body), &value));
	TRY(sign_v1a(k, at, &value));
	*out = span_dup(k->c.job->arena, buf_span(&value));
	return *out == NULL ? ERR_MEMORY : OK;
}

/* Path and query of the receiver's URL. */
static struct span uri_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *rest = host != NULL ? host + 3 + strcspn(host + 3, "/?#") : "";
	struct span uri = span_of(rest, strcspn(rest, "#"));

	return uri.size > 0 && uri.data[0] == '/' ? uri : span_str("/");
}

/* As every answer to an es512-plain request has them. */
static enum err sign_es512(struct call *k, const char **authorization, const char **key)
{
	const struct post *p = k->c.post;
	CLEANUP(buf_free) struct buf token = {0};
	char md5[MD5_TEXT_SIZE], now[32];

	if (p->sign_es512 == NULL || k->c.integration[0] == '\0')
		return OK;
	buf_init(&token, 64 * LIMIT_KB);
	TRY(md5_text(buf_span(&k->body), md5));
	plain_time_write(k->c.now, now);
	struct plain claims = {
	    span_str(md5), span_str(now), span_str("POST"), uri_of(k->c.webhook.url)};
	TRY(p->sign_es512(p->sign_ctx, &claims, &token));
	*authorization = arena_format(k->c.job->arena, "Authorization: %s", buf_str(&token));
	*key = arena_format(k->c.job->arena, "API-CLIENT-KEY: %s", k->c.integration);
	return *authorization != NULL && *key != NULL ? OK : ERR_MEMORY;
}

static enum err headers_make(struct call *k)
{
	struct arena *arena = k->c.job->arena;
	int64_t at = k->c.now / CLOCK_SECOND;
	char legacy[41];

	TRY(webhook_signature_legacy(
	    span_str(k->secret), k->c.webhook.url, buf_span(&k->body), legacy));
	k->headers[0] = "Content-Type: application/json";
	k->headers[1] = arena_format(arena, "Signature: %s", legacy);
	k->headers[2] = arena_format(arena, "webhook-id: %s", k->id);
	k->headers[3] = arena_format(arena, "webhook-timestamp: %lld", (long long)at);
	TRY(sign_standard(k, at, &k->headers[4]));
	for (size_t i = 0; i < HEADERS; i++)
		ENSURE(k->headers[i] != NULL, ERR_MEMORY);
	return sign_es512(k, &k->headers[HEADERS], &k->headers[HEADERS + 1]);
}

/* The operator's list and the webhook's own. */
static enum err allowed_make(struct call *k)
{
	struct span rest = span_str(k->c.webhook.allowed);
	size_t n = 0;

	for (size_t i = 0; k->c.post->allowed != NULL && k->c.post->allowed[i] != NULL; i++) {
		if (n < ALLOWED_MAX)
			k->allowed[n++] = k->c.post->allowed[i];
	}
	while (rest.size > 0 && n < ALLOWED_MAX) {
		struct span name = span_cut(&rest, ' ');
		if (name.size == 0)
			continue;
		k->allowed[n] = span_dup(k->c.job->arena, name);
		ENSURE(k->allowed[n++] != NULL, ERR_MEMORY);
	}
	return OK;
}

/* Scheme and host: a path or query may hold a token of the receiver's. */
static const char *target_of(struct call *k)
{
	const char *url = k->c.webhook.url, *host = strstr(url, "://");
	size_t size = host == NULL ? 0 : (size_t)(host - url) + 3 + strcspn(host + 3, "/?#");

	return arena_format(k->c.job->arena, "%.*s/…", (int)size, url);
}

static enum err call_prepare(struct call *k)
{
	k->type = json_string_value(json_object_get(k->c.payload, "type"));
	ENSURE(k->type != NULL, ERR_JSON);
	buf_init(&k->body, 256 * LIMIT_KB);
	TRY(organisation_open(k->c.post->vault, &k->c.organisation,
	    webhook_place(k->c.webhook.environment), k->c.webhook.secret, k->c.job->arena,
	    &k->secret));
	TRY(body_write(k));
	TRY(id_make(k));
	TRY(allowed_make(k));
	k->attempt.target = target_of(k);
	ENSURE(k->attempt.target != NULL, ERR_MEMORY);
	return headers_make(k);
}

/* manual: success is 200 in the legacy profile; elsewhere any 2xx (Standard Webhooks). */
static bool is_success(const struct call *k)
{
	unsigned status = k->attempt.status;

	if (strcmp(k->c.webhook.profile, "legacy") == 0)
		return status == 200;
	return status >= 200 && status < 300;
}

static enum err call_log(struct db *db, void *ctx)
{
	struct call *k = ctx;

	return attempt_log(db, &k->c, &k->attempt);
}

static enum job_result call_send(struct call *k)
{
	struct courier_outcome outcome;
	struct courier_post post = {
	    .url = k->c.webhook.url,
	    .headers = k->headers,
	    .body = buf_span(&k->body),
	    .ca_pem = k->c.post->webhook_ca_pem,
	    .allowed = k->allowed,
	};

	enum err e = courier_post(k->c.post->courier, &post, &outcome);
	attempt_take(&k->attempt, e, &outcome);
	if (k->attempt.is_done && !is_success(k))
		k->attempt.is_done = false;
	enum job_result result =
	    job_because(k->c.job, attempt_result(&k->attempt), "%s", k->attempt.detail);
	return job_finished(k->c.job, result, call_log, k);
}

enum job_result webhook_job_run(void *ctx, struct job *job)
{
	struct call k = {0};
	enum job_result result;
	enum err e = case_open(&k.c, ctx, job);

	if (e == OK && !k.c.has_webhook) {
		result = job_because(job, JOB_DONE, "the webhook was removed");
	} else {
		if (e == OK)
			e = call_prepare(&k);
		result = e == OK ? call_send(&k) : case_failed(&k.c, e);
	}
	buf_free(&k.body);
	case_close(&k.c);
	return result;
}
