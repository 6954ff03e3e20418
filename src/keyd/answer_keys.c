/*
 * Calls about the keys that sign answers and webhooks. A webhook is signed with every key that a
 * receiver may still hold, newest first, so that a rotation breaks none (Standard Webhooks allows
 * several signatures).
 */
#include "keyd/serve.h"

#include "base/clock.h"
#include "keyd/own.h"

static int64_t now_s(void)
{
	return clock_now() / CLOCK_SECOND;
}

static bool is_for_webhooks(const struct signers_key *k, int64_t now)
{
	return k->is_private && k->when.from <= now && (k->when.until == 0 || k->when.until > now);
}

static enum err webhook_locked(struct keyring *ring, struct span content, struct wire_writer *w)
{
	static const struct sign_form form = {NULL, false};
	const struct signers_line *line = &ring->signers->lines[KEYD_WEBHOOK];
	struct buf one CLEANUP(buf_free), all CLEANUP(buf_free);
	int64_t now = now_s();

	buf_init(&one, 64);
	buf_init(&all, sizeof(struct keyd_webhook_signatures));
	for (size_t i = line->count; i-- > 0;) {
		if (!is_for_webhooks(&line->list[i], now))
			continue;
		TRY(key_sign(line->list[i].key, &form, content, &one));
		buf_put_span(&all, buf_span(&one));
	}
	TRY(buf_done(&all));
	wire_put_bytes(w, buf_span(&all));
	return all.size > 0 ? OK : ERR_NOT_FOUND;
}

enum err call_webhook_sign(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	struct span content = wire_bytes(r);
	enum err e;

	end_request(r);
	pthread_rwlock_rdlock(&ring->lock);
	e = webhook_locked(ring, content, w);
	pthread_rwlock_unlock(&ring->lock);
	return e;
}

enum err call_webhook_public(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	EVP_PKEY *current CLEANUP(pkey_freep) = NULL;
	char kid[KEYD_KID_SIZE];
	uint8_t key[32];
	size_t size = sizeof(key);

	end_request(r);
	TRY(keyring_signer(ring, KEYD_WEBHOOK, &current, kid));
	ENSURE(EVP_PKEY_get_raw_public_key(current, key, &size) == 1, ERR_CRYPTO);
	wire_put_bytes(w, span_of(key, size));
	return OK;
}

static enum err public_put(struct wire_writer *w, enum keyd_line line, const struct signers_key *k)
{
	unsigned char *spki = NULL;
	int size = i2d_PUBKEY(k->key, &spki);

	ENSURE(size > 0, ERR_CRYPTO);
	wire_put_u32(w, (uint32_t)line);
	wire_put_i64(w, k->when.from * CLOCK_SECOND);
	wire_put_i64(w, k->when.until * CLOCK_SECOND);
	wire_put_str(w, k->kid);
	wire_put_bytes(w, span_of(spki, (size_t)size));
	OPENSSL_free(spki);
	return OK;
}

static enum err public_locked(struct keyring *ring, struct wire_writer *w)
{
	uint32_t count = 0;

	for (size_t line = 0; line < SIGNER_LINES; line++)
		count += (uint32_t)ring->signers->lines[line].count;
	wire_put_u32(w, count);
	for (size_t line = 0; line < SIGNER_LINES; line++)
		for (size_t i = ring->signers->lines[line].count; i-- > 0;)
			TRY(public_put(
			    w, (enum keyd_line)line, &ring->signers->lines[line].list[i]));
	return OK;
}

enum err call_response_public(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	enum err e;

	end_request(r);
	TRY(keyring_signers_reload(ring));
	pthread_rwlock_rdlock(&ring->lock);
	e = public_locked(ring, w);
	pthread_rwlock_unlock(&ring->lock);
	return e;
}

enum err keyring_signer(
    struct keyring *ring, enum keyd_line line, EVP_PKEY **out, char kid[KEYD_KID_SIZE])
{
	const struct signers_key *k;
	bool is_found;

	pthread_rwlock_rdlock(&ring->lock);
	k = signers_now(ring->signers, line, now_s());
	is_found = k != NULL && EVP_PKEY_up_ref(k->key) == 1;
	if (is_found) {
		*out = k->key;
		snprintf(kid, KEYD_KID_SIZE, "%s", k->kid);
	}
	pthread_rwlock_unlock(&ring->lock);
	return is_found ? OK : ERR_NOT_FOUND;
}

/* The old set stays when the new one cannot be read. */
enum err keyring_signers_reload(struct keyring *ring)
{
	struct signers *fresh = mem_alloc(sizeof(*fresh)), *old;
	enum err e;

	ENSURE(fresh != NULL, ERR_MEMORY);
	e = signers_read(ring->keys, fresh);
	if (e != OK) {
		mem_free(fresh, sizeof(*fresh));
		return ring->signers != NULL ? OK : e;
	}
	pthread_rwlock_wrlock(&ring->lock);
	old = ring->signers;
	ring->signers = fresh;
	pthread_rwlock_unlock(&ring->lock);
	keyring_signers_free(old);
	return OK;
}

void keyring_signers_free(struct signers *s)
{
	if (s == NULL)
		return;
	signers_free(s);
	mem_free(s, sizeof(*s));
}
