/*
 * Answers, webhooks and archived requests under the two ES512 schemes.
 */
#include "base/json.h"
#include "lib/check.h"

#include <string.h>

#define CLAIMS_BYTES (64 * LIMIT_KB)

/* Form, then signature, then claims. */
static enum chg_status token_open(
    const struct evidence *e, struct span token, struct buf *claims, struct said *s)
{
	const char *reason = "";
	struct jws t;
	enum err err = jws_read(token, &t, &reason);

	if (err == ERR_TOKEN)
		return say(s, CHG_ERR_FORM, "the token is refused: %s", reason);
	if (err == OK && e->algorithm != SIGN_ES512)
		return say(s, CHG_ERR_KEY, "the key that was told is not for ES512");
	if (err == OK)
		err = jws_check(e->key, &t);
	if (err == ERR_SIGNATURE)
		return say(
		    s, CHG_ERR_SIGNATURE, "the token is not signed by the key that was told");
	if (err == OK)
		err = jws_payload(&t, claims);
	return err == OK ? CHG_OK : say_err(s, err, "the token");
}

static enum chg_status client_key_check(
    const struct evidence *e, struct span sub, bool has_sub, struct said *s)
{
	struct span header = SPAN_EMPTY;

	if (!fields_find(e->fields, "api-client-key", &header, s))
		return say(s, CHG_ERR_UNSIGNED, "there is no API-CLIENT-KEY header");
	if (e->client_key != NULL && !span_equal_str(header, e->client_key))
		return say(s, CHG_ERR_MISMATCH, "API-CLIENT-KEY is another integration's");
	if (has_sub && !span_equal(header, sub))
		return say(s, CHG_ERR_MISMATCH, "the token's sub is not API-CLIENT-KEY");
	return s->status;
}

/* "QIT key:token" */
static enum chg_status wrapped_header(const struct evidence *e, struct span *token, struct said *s)
{
	struct span rest = SPAN_EMPTY, key;

	if (!fields_find(e->fields, "authorization", &rest, s))
		return say(s, CHG_ERR_UNSIGNED, "there is no Authorization header");
	if (!span_starts(rest, "QIT "))
		return say(s, CHG_ERR_FORM, "Authorization does not begin with QIT");
	rest = span_of(rest.data + 4, rest.size - 4);
	key = span_cut(&rest, ':');
	*token = rest;
	return client_key_check(e, key, true, s);
}

static enum chg_status wrapped_lines_check(const struct evidence *e, const struct wrapped *w,
    struct span md5, const struct finding *f, struct said *s)
{
	if (!span_equal(w->method, e->method))
		return say(s, CHG_ERR_MISMATCH, "another method was signed: %.*s",
		    (int)w->method.size, (const char *)w->method.data);
	if (!wrapped_url_equal(w->url, e->target.path))
		return say(s, CHG_ERR_MISMATCH, "another URL was signed: %.*s", (int)w->url.size,
		    (const char *)w->url.data);
	if (!f->is_body_open && !span_equal(w->md5, md5))
		return say(s, CHG_ERR_MISMATCH, "another body was signed: its MD5 differs");
	return CHG_OK;
}

/* The body's token: out of the raw body, or as the bundle keeps it; of both when both are there. */
static enum err wrapped_body(const struct evidence *e, struct buf *token, bool *is_empty)
{
	*is_empty = e->body_token.size == 0;
	if (!e->has_body) {
		buf_put_span(token, e->body_token);
		return buf_done(token);
	}
	enum err err = wrapped_body_read(e->body, token, is_empty);
	bool is_other =
	    err == OK && e->body_token.size > 0 && !span_equal(buf_span(token), e->body_token);

	return is_other ? ERR_DIGEST : err;
}

static enum chg_status wrapped_body_check(const struct evidence *e, struct buf *token,
    char md5[MD5_TEXT_SIZE], struct finding *f, struct said *s)
{
	CLEANUP(buf_free) struct buf claims;
	bool is_empty;
	enum err err;

	buf_init(&claims, BODY_BYTES);
	md5[0] = '\0';
	f->is_body_open = !e->has_body && e->body_token.size == 0 && e->body_sha256 != NULL;
	if (f->is_body_open)
		return CHG_OK;
	if (e->is_file)
		return md5_text(e->body, md5) == OK ? CHG_OK : say_err(s, ERR_CRYPTO, "the file");
	err = wrapped_body(e, token, &is_empty);
	if (err == ERR_DIGEST)
		return say(s, CHG_ERR_MISMATCH, "encoded_body is not the token in the body");
	if (err != OK)
		return say_err(s, err, "the body holds no encoded_body");
	if (is_empty)
		return CHG_OK;
	if (token_open(e, buf_span(token), &claims, s) != CHG_OK)
		return s->status;
	if (f->decoded != NULL)
		buf_put_span(f->decoded, buf_span(&claims));
	err = md5_text(buf_span(token), md5);
	return err == OK ? CHG_OK : say_err(s, err, "the body");
}

static enum chg_status wrapped_claims_check(const struct evidence *e, struct span claims,
    struct span md5, struct finding *f, struct said *s)
{
	CLEANUP(buf_free) struct buf sub, lines;
	struct wrapped w;

	buf_init(&sub, CLAIMS_BYTES);
	buf_init(&lines, CLAIMS_BYTES);
	if (wrapped_claims_read(claims, &sub, &lines) != OK ||
	    wrapped_lines_read(buf_span(&lines), &w) != OK ||
	    wrapped_date_read(w.date, &f->at) != OK)
		return say(s, CHG_ERR_FORM, "the token's claims are not sub and the five lines");
	if (client_key_check(e, buf_span(&sub), true, s) != CHG_OK)
		return s->status;
	return wrapped_lines_check(e, &w, md5, f, s);
}

enum chg_status check_wrapped(const struct evidence *e, struct finding *f, struct said *s)
{
	CLEANUP(buf_free) struct buf claims, body;
	char md5[MD5_TEXT_SIZE];
	struct span token;

	buf_init(&claims, CLAIMS_BYTES);
	buf_init(&body, BODY_BYTES);
	if (wrapped_header(e, &token, s) != CHG_OK || token_open(e, token, &claims, s) != CHG_OK ||
	    wrapped_body_check(e, &body, md5, f, s) != CHG_OK)
		return s->status;
	return wrapped_claims_check(e, buf_span(&claims), span_str(md5), f, s);
}

static enum chg_status plain_claims_check(
    const struct evidence *e, const struct plain *p, struct finding *f, struct said *s)
{
	int64_t ms = 0;

	if (plain_time_read(p->timestamp, &ms) != OK)
		return say(s, CHG_ERR_FORM, "the token's timestamp is not ISO 8601 in UTC");
	f->at = ms / 1000;
	if (!span_equal(p->method, e->method))
		return say(s, CHG_ERR_MISMATCH, "another method was signed: %.*s",
		    (int)p->method.size, (const char *)p->method.data);
	if (!wrapped_url_equal(p->uri, e->target.path))
		return say(s, CHG_ERR_MISMATCH, "another URI was signed: %.*s", (int)p->uri.size,
		    (const char *)p->uri.data);
	if (!e->has_body) {
		f->is_body_open = true;
		return CHG_OK;
	}
	if (!plain_md5_fits(p->payload_md5, e->body, p->payload_md5.data != NULL))
		return say(s, CHG_ERR_MISMATCH, "another body was signed: its MD5 differs");
	return CHG_OK;
}

static void arena_drop(struct arena **a)
{
	arena_free(*a);
}

enum chg_status check_plain(const struct evidence *e, struct finding *f, struct said *s)
{
	CLEANUP(buf_free) struct buf claims;
	CLEANUP(arena_drop) struct arena *arena = arena_new(CLAIMS_BYTES);
	struct span token = SPAN_EMPTY;
	struct plain p = {.method = SPAN_EMPTY};
	enum err err;

	buf_init(&claims, CLAIMS_BYTES);
	if (arena == NULL)
		return say(s, CHG_ERR_MEMORY, "memory ran out");
	if (!fields_find(e->fields, "authorization", &token, s))
		return say(s, CHG_ERR_UNSIGNED, "there is no Authorization header");
	if (client_key_check(e, SPAN_EMPTY, false, s) != CHG_OK ||
	    token_open(e, token, &claims, s) != CHG_OK)
		return s->status;
	err = plain_claims_read(buf_span(&claims), arena, &p);
	if (err != OK)
		return say(s, status_of(err), "the token's claims are not those of es512-plain");
	return plain_claims_check(e, &p, f, s);
}

enum chg_status check_time(int64_t at, int64_t now, int64_t window, struct said *s)
{
	int64_t away = at > now ? at - now : now - at;

	if (window == 0 || away <= window)
		return CHG_OK;
	return say(s, CHG_ERR_TIME, "it was signed %lld seconds %s the time here", (long long)away,
	    at > now ? "after" : "before");
}
