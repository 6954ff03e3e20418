/*
 * The checker of webhooks. The caller says which forms must be there; each of them must fit. The
 * legacy form carries no time, so alone it does not tell a delivery from its repetition.
 */
#include "base/codec.h"
#include "lib/check.h"

#include <stdio.h>

#define CONTENT_BYTES (4 * LIMIT_MB)

struct chg_webhook {
	unsigned forms;
	struct arena *told;
	struct said mistake, said;
	const char *url, *secret;
	const struct chg_key *ed25519, *es512;
	int64_t time, window;
	bool has_time;
	struct fields fields;
	struct span body;
};

struct chg_webhook *chg_webhook_new(const char *url, unsigned forms)
{
	struct chg_webhook *c = mem_alloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	c->forms = forms;
	c->window = WINDOW_SECONDS;
	c->told = arena_new(OBJECT_BYTES);
	if (c->told == NULL) {
		mem_free(c, sizeof(*c));
		return NULL;
	}
	c->url = text_keep(c->told, &c->mistake, url);
	return c;
}

void chg_webhook_free(struct chg_webhook *c)
{
	if (c == NULL)
		return;
	arena_free(c->told);
	mem_free(c, sizeof(*c));
}

void chg_webhook_set_secret(struct chg_webhook *c, const char *signature_key)
{
	c->secret = text_keep(c->told, &c->mistake, signature_key);
}

void chg_webhook_set_key(
    struct chg_webhook *c, const struct chg_key *k, enum chg_algorithm algorithm)
{
	if (algorithm == CHG_ED25519 && k != NULL && k->kind == KEY_ED25519)
		c->ed25519 = k;
	else if (algorithm == CHG_ES512 && k != NULL && k->kind == KEY_P521)
		c->es512 = k;
	else
		say(&c->mistake, CHG_ERR_KEY, "webhooks are signed with Ed25519 or ES512");
}

void chg_webhook_set_time(struct chg_webhook *c, int64_t unix_seconds)
{
	c->time = unix_seconds;
	c->has_time = true;
}

void chg_webhook_set_window(struct chg_webhook *c, int64_t seconds)
{
	c->window = seconds;
}

void chg_webhook_add_header(struct chg_webhook *c, const char *name, const char *value)
{
	fields_add(&c->fields, c->told, &c->mistake, span_str(name), span_str(value));
}

void chg_webhook_add_line(struct chg_webhook *c, const void *line, size_t size)
{
	fields_add_line(&c->fields, c->told, &c->mistake, span_of(line, size));
}

void chg_webhook_set_body(struct chg_webhook *c, const void *body, size_t size)
{
	c->body = span_of(body, body != NULL ? size : 0);
}

static enum chg_status seconds_read(struct span text, int64_t *out, struct said *s)
{
	int64_t value = 0;

	for (size_t i = 0; i < text.size && i < 12; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return say(s, CHG_ERR_FORM, "webhook-timestamp is not a number");
		value = value * 10 + (text.data[i] - '0');
	}
	*out = value;
	if (text.size == 0 || text.size > 12)
		return say(s, CHG_ERR_FORM, "webhook-timestamp is not a number");
	return CHG_OK;
}

/* manual: Webhook, Signature. */
static enum chg_status legacy_check(struct chg_webhook *c)
{
	CLEANUP(buf_free) struct buf content;
	struct span sent = SPAN_EMPTY;
	uint8_t mac[20];
	char text[41];
	enum err e;

	buf_init(&content, CONTENT_BYTES);
	if (!fields_find(&c->fields, "signature", &sent, &c->said))
		return say(&c->said, CHG_ERR_UNSIGNED, "there is no Signature header");
	webhook_content_legacy(c->url, c->body, &content);
	e = buf_done(&content);
	if (e == OK)
		e = hmac_sha1(span_str(c->secret), buf_span(&content), mac);
	if (e != OK)
		return say_err(&c->said, e, "Signature");
	hex_text(text, mac, sizeof(mac));
	if (sent.size != 40 || !ct_equal(sent.data, text, 40))
		return say(&c->said, CHG_ERR_SIGNATURE,
		    "Signature does not fit URL, body and signature key");
	return CHG_OK;
}

/* Standard Webhooks: id.timestamp.body */
static enum chg_status content_make(struct chg_webhook *c, struct buf *out, struct span *marks)
{
	struct span id = SPAN_EMPTY, time = SPAN_EMPTY;
	int64_t at = 0;

	if (!fields_find(&c->fields, "webhook-id", &id, &c->said) ||
	    !fields_find(&c->fields, "webhook-timestamp", &time, &c->said) ||
	    !fields_find(&c->fields, "webhook-signature", marks, &c->said))
		return say(&c->said, CHG_ERR_UNSIGNED,
		    "webhook-id, webhook-timestamp and webhook-signature are not all there");
	if (seconds_read(time, &at, &c->said) != CHG_OK)
		return c->said.status;
	webhook_content(id, time, c->body, out);
	if (buf_done(out) != OK)
		return say_err(&c->said, out->failed, "the body");
	return check_time(at, c->has_time ? c->time : now_seconds(), c->window, &c->said);
}

static bool v1_fits(const struct chg_webhook *c, struct span content, struct span mark)
{
	CLEANUP(buf_free) struct buf key;
	uint8_t mac[SHA256_SIZE];

	buf_init(&key, 4 * LIMIT_KB);
	return mark.size == sizeof(mac) && webhook_key(c->secret, &key) == OK &&
	       hmac_sha256(buf_span(&key), content, mac) == OK &&
	       ct_equal(mark.data, mac, sizeof(mac));
}

static bool v1a_fits(const struct chg_webhook *c, struct span content, struct span mark)
{
	return sign_verify(c->ed25519->pkey, SIGN_ED25519, content, mark) == OK;
}

/* One of the marks "v1,… v1a,…" with this prefix must fit: several are there while keys change. */
static bool any_fits(const struct chg_webhook *c, struct span marks, const char *prefix,
    struct span content, bool (*fits)(const struct chg_webhook *, struct span, struct span))
{
	while (marks.size > 0) {
		CLEANUP(buf_free) struct buf mark;
		struct span one = span_cut(&marks, ' ');
		struct span kind = span_cut(&one, ',');
		buf_init(&mark, 512);
		if (span_equal_str(kind, prefix) && b64_decode(&mark, one) == OK &&
		    fits(c, content, buf_span(&mark)))
			return true;
	}
	return false;
}

static enum chg_status standard_check(struct chg_webhook *c)
{
	CLEANUP(buf_free) struct buf content;
	struct span marks = SPAN_EMPTY;

	buf_init(&content, CONTENT_BYTES);
	if (content_make(c, &content, &marks) != CHG_OK)
		return c->said.status;
	if ((c->forms & CHG_WEBHOOK_V1) != 0 &&
	    !any_fits(c, marks, "v1", buf_span(&content), v1_fits))
		return say(&c->said, CHG_ERR_SIGNATURE,
		    "webhook-signature has no v1 that fits the signature key");
	if ((c->forms & CHG_WEBHOOK_V1A) != 0 &&
	    !any_fits(c, marks, "v1a", buf_span(&content), v1a_fits))
		return say(&c->said, CHG_ERR_SIGNATURE,
		    "webhook-signature has no v1a of the key that was told");
	return CHG_OK;
}

static enum chg_status es512_check(struct chg_webhook *c)
{
	struct finding f = {.at = 0};
	struct evidence e = {.key = c->es512->pkey,
	    .algorithm = SIGN_ES512,
	    .method = span_str("POST"),
	    .fields = &c->fields,
	    .body = c->body,
	    .has_body = true};

	if (target_read(c->url, c->told, &e.target, &c->said) != CHG_OK ||
	    check_plain(&e, &f, &c->said) != CHG_OK)
		return c->said.status;
	return check_time(f.at, c->has_time ? c->time : now_seconds(), c->window, &c->said);
}

static enum chg_status told_enough(struct chg_webhook *c)
{
	if ((c->forms & 15) == 0 || c->forms > 15)
		return say(&c->said, CHG_ERR_ARGUMENT, "no known form of signature was told");
	if (c->url == NULL)
		return say(&c->said, CHG_ERR_ARGUMENT, "the URL that was registered is missing");
	if ((c->forms & (CHG_WEBHOOK_LEGACY | CHG_WEBHOOK_V1)) != 0 && c->secret == NULL)
		return say(&c->said, CHG_ERR_ARGUMENT, "the signature key is missing");
	if ((c->forms & CHG_WEBHOOK_V1A) != 0 && c->ed25519 == NULL)
		return say(&c->said, CHG_ERR_ARGUMENT, "v1a needs the platform's Ed25519 key");
	if ((c->forms & CHG_WEBHOOK_ES512) != 0 && c->es512 == NULL)
		return say(&c->said, CHG_ERR_ARGUMENT, "es512 needs the platform's P-521 key");
	return CHG_OK;
}

enum chg_status chg_webhook_verify(struct chg_webhook *c)
{
	c->said = c->mistake;
	if (c->said.status != CHG_OK || told_enough(c) != CHG_OK)
		return c->said.status;
	if ((c->forms & CHG_WEBHOOK_LEGACY) != 0 && legacy_check(c) != CHG_OK)
		return c->said.status;
	if ((c->forms & (CHG_WEBHOOK_V1 | CHG_WEBHOOK_V1A)) != 0 && standard_check(c) != CHG_OK)
		return c->said.status;
	if ((c->forms & CHG_WEBHOOK_ES512) != 0)
		return es512_check(c);
	return c->said.status;
}

const char *chg_webhook_why(const struct chg_webhook *c)
{
	return c->said.text;
}
