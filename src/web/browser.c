/*
 * See the header.
 */
#include "web/browser.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/limits.h"
#include "store/envelopes.h"

#include <stdio.h>
#include <string.h>

/* RFC 6265 §4.2.1: pairs with "; " between. Empty when there is none of this name. */
static struct span cookie_find(const struct http_request *req, const char *name)
{
	struct span rest = http_header(req, "Cookie", NULL);

	while (rest.size > 0) {
		struct span value = span_trim(span_cut(&rest, ';'));
		struct span own = span_cut(&value, '=');
		if (span_equal_str(own, name))
			return value;
	}
	return SPAN_EMPTY;
}

enum err browser_load(struct browser *b, struct db *db, const struct http_request *req,
    const uint8_t link[SHA256_SIZE], int64_t organisation, int64_t signer)
{
	char own[2 * 8 + 1];
	struct span value;

	memset(b, 0, sizeof(*b));
	hex_text(own, link, 8);
	snprintf(b->name, sizeof(b->name), "__Host-signer-%s", own);
	value = cookie_find(req, b->name);
	if (value.size == 0 || value.size >= sizeof(b->value))
		return OK;
	TRY(store_token_hash(value, b->kept.hash));
	enum err e = store_session_find(db, organisation, signer, req->now, &b->kept);
	if (e == ERR_NOT_FOUND) {
		memset(&b->kept, 0, sizeof(b->kept));
		return OK;
	}
	memcpy(b->value, value.data, value.size);
	return e;
}

bool browser_may_read(const struct browser *b)
{
	return b->kept.may_read;
}

bool browser_may_sign(const struct browser *b, int64_t now)
{
	return b->kept.sign_until > now;
}

static enum err browser_new(struct browser *b)
{
	uint8_t random[BROWSER_BYTES];
	struct buf text CLEANUP(buf_free);

	buf_init(&text, sizeof(b->value));
	TRY(random_bytes(random, sizeof(random)));
	b64url_encode(&text, span_of(random, sizeof(random)));
	secret_wipe(random, sizeof(random));
	TRY(buf_done(&text));
	ENSURE(text.size < sizeof(b->value), ERR_LIMIT);
	memcpy(b->value, text.data, text.size);
	return store_token_hash(buf_span(&text), b->kept.hash);
}

static bool is_granted_by(enum command_kind kind)
{
	return kind == COMMAND_CHECK_CPF || kind == COMMAND_SEND_CODE || kind == COMMAND_CHECK_CODE;
}

enum err browser_step(struct browser *b, enum command_kind kind, int64_t now)
{
	if (b->value[0] == '\0') {
		if (!is_granted_by(kind))
			return OK;
		TRY(browser_new(b));
	}
	if (kind == COMMAND_CHECK_CPF || kind == COMMAND_CHECK_CODE)
		b->kept.may_read = true;
	if (kind == COMMAND_CHECK_CODE || browser_may_sign(b, now))
		b->kept.sign_until = now + LIMIT_SESSION_SIGN_MS;
	b->kept.lapses_at = now + LIMIT_SESSION_MS;
	return OK;
}

enum err browser_keep(const struct browser *b, struct db *db, int64_t organisation, int64_t signer)
{
	if (b->value[0] == '\0')
		return OK;
	return store_session_put(db, organisation, signer, &b->kept);
}

enum err browser_reply(const struct browser *b, struct arena *arena, struct http_reply *reply)
{
	if (b->value[0] == '\0')
		return OK;
	const char *cookie =
	    arena_format(arena, "%s=%s; Path=/; Max-Age=%lld; Secure; HttpOnly; SameSite=Strict",
		b->name, b->value, (long long)(LIMIT_SESSION_MS / CLOCK_SECOND));
	ENSURE(cookie != NULL, ERR_MEMORY);
	http_reply_header(reply, "Set-Cookie", cookie);
	return OK;
}
