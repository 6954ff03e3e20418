/*
 * The client: a bounded pool of connections. Every request may be repeated without harm, so a
 * connection that ended (keyd was restarted) is made anew and the request sent again, for a while.
 * What always holds: a call ends within its patience, whatever became of keyd.
 */
#include "keyd/client.h"
#include "keyd/shared.h"
#include "keyd/stash.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_POOL 8
/* Longer than the supervisor's longest pause before it starts a role again. */
#define PATIENCE_MS CALL_TIMEOUT_MS
/* Handshakes run in the loop that serves everybody: they fail early instead, and are tried again
 * by the peer. */
#define PATIENCE_TLS_MS 1000

struct keyd {
	int (*dial)(void *ctx);
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	int idle[CLIENT_POOL];
	unsigned idle_count, out; /* out: connections in use */
	struct stash stash;
	struct shared shared;
};

enum err keyd_open(int (*dial)(void *ctx), void *ctx, struct keyd **out)
{
	struct keyd *k = mem_alloc(sizeof(*k));
	pthread_condattr_t attributes;

	ENSURE(k != NULL, ERR_MEMORY);
	k->dial = dial;
	k->ctx = ctx;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&k->freed, &attributes);
	pthread_condattr_destroy(&attributes);
	stash_init(&k->stash);
	shared_init(&k->shared);
	*out = k;
	return OK;
}

void keyd_close(struct keyd *k)
{
	if (k == NULL)
		return;
	while (k->idle_count > 0)
		close(k->idle[--k->idle_count]);
	pthread_cond_destroy(&k->freed);
	pthread_mutex_destroy(&k->lock);
	stash_wipe(&k->stash);
	shared_end(&k->shared);
	mem_free(k, sizeof(*k));
}

/* True: an idle connection, or -1 and the right to dial one. */
static bool pool_take(struct keyd *k, int64_t deadline, int *sock)
{
	struct timespec until = {(time_t)(deadline / 1000), (long)(deadline % 1000) * 1000000};
	int late = 0;
	bool is_taken;

	*sock = -1;
	pthread_mutex_lock(&k->lock);
	while (k->out == CLIENT_POOL && late == 0)
		late = pthread_cond_timedwait(&k->freed, &k->lock, &until);
	is_taken = k->out < CLIENT_POOL;
	if (is_taken) {
		k->out++;
		if (k->idle_count > 0)
			*sock = k->idle[--k->idle_count];
	}
	pthread_mutex_unlock(&k->lock);
	return is_taken;
}

static void pool_give(struct keyd *k, int sock)
{
	pthread_mutex_lock(&k->lock);
	k->out--;
	if (sock >= 0)
		k->idle[k->idle_count++] = sock;
	pthread_cond_signal(&k->freed);
	pthread_mutex_unlock(&k->lock);
}

static enum err exchange(int sock, struct wire_writer *w, struct wire_reader *r, int64_t deadline)
{
	int64_t left = deadline - clock_monotonic();

	ENSURE(left > 0, ERR_TIMEOUT);
	TRY(wire_send(sock, w, (int)left));
	left = deadline - clock_monotonic();
	ENSURE(left > 0, ERR_TIMEOUT);
	return wire_receive(sock, r, (int)left);
}

static void wait_before(unsigned attempt)
{
	long ms = attempt < 5 ? 10 : 50;
	struct timespec t = {0, ms * 1000000};

	nanosleep(&t, NULL);
}

static enum err exchange_again(
    struct keyd *k, int *sock, struct wire_writer *w, struct wire_reader *r, int64_t deadline)
{
	enum err e = ERR_PEER_GONE;

	for (unsigned attempt = 0; clock_monotonic() < deadline; attempt++) {
		if (attempt > 1)
			wait_before(attempt);
		if (*sock < 0)
			*sock = k->dial(k->ctx);
		if (*sock == KEYD_GONE)
			return ERR_PEER_GONE;
		if (*sock < 0)
			continue;
		e = exchange(*sock, w, r, deadline);
		if (e == OK)
			break;
		close(*sock);
		*sock = -1;
		wire_reader_free(r);
		wire_reader_init(r);
	}
	return e;
}

enum err keyd_result(struct wire_reader *r)
{
	uint32_t result = wire_u32(r);

	ENSURE(!r->failed && result < ERR_COUNT_, ERR_INTERNAL);
	return (enum err)result;
}

enum err keyd_call_until(
    struct keyd *k, struct wire_writer *w, struct wire_reader *r, int64_t deadline)
{
	int sock;
	enum err e = ERR_TIMEOUT;

	TRY(buf_done(&w->body));
	if (pool_take(k, deadline, &sock)) {
		e = exchange_again(k, &sock, w, r, deadline);
		pool_give(k, sock);
	}
	if (e != OK)
		log_error("keyd does not answer", "error=%s", err_symbol(e));
	TRY(e);
	return keyd_result(r);
}

enum err keyd_call(struct keyd *k, struct wire_writer *w, struct wire_reader *r)
{
	return keyd_call_until(k, w, r, clock_monotonic() + PATIENCE_MS);
}

struct shared *keyd_shared(struct keyd *k)
{
	return &k->shared;
}

/* One answer field of exactly this size. */
static enum err take_exact(struct wire_reader *r, uint8_t *out, size_t size)
{
	struct span s = wire_bytes(r);

	ENSURE(!r->failed && s.size == size, ERR_INTERNAL);
	memcpy(out, s.data, size);
	return OK;
}

static enum err take_wrapped(struct wire_reader *r, struct wrapped_key *out)
{
	struct span s = wire_bytes(r);

	ENSURE(!r->failed && s.size > 0 && s.size <= KEYD_WRAPPED_MAX, ERR_INTERNAL);
	memcpy(out->data, s.data, s.size);
	out->size = s.size;
	return OK;
}

static enum err take_buf(struct wire_reader *r, struct buf *out)
{
	struct span s = wire_bytes(r);

	ENSURE(wire_end(r), ERR_INTERNAL);
	buf_put_span(out, s);
	return buf_done(out);
}

static struct span wrapped_span(const struct wrapped_key *w)
{
	return span_of(w->data, w->size);
}

enum err keyd_organisation_key_new(struct keyd *k, struct wrapped_key *out)
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_ORGANISATION_KEY_NEW);
	TRY(keyd_call(k, &c.w, &c.r));
	return take_wrapped(&c.r, out);
}

static enum err data_keys_fetch(
    struct keyd *k, const struct wrapped_key *organisation, struct data_key *keys, uint32_t count)
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_DATA_KEY_NEW);
	wire_put_bytes(&c.w, wrapped_span(organisation));
	wire_put_u32(&c.w, count);
	TRY(keyd_call(k, &c.w, &c.r));
	for (uint32_t i = 0; i < count; i++) {
		TRY(take_wrapped(&c.r, &keys[i].wrapped));
		TRY(take_exact(&c.r, keys[i].key, KEY_SIZE));
	}
	ENSURE(wire_end(&c.r), ERR_INTERNAL);
	return OK;
}

/* A caller that has its key goes on with it, whatever became of the others. */
static enum err data_keys_more(struct keyd *k, const struct wrapped_key *organisation,
    const struct stash_taken *taken, struct data_key *one)
{
	struct data_key keys[CALL_DATA_KEYS_MAX];
	enum err e = data_keys_fetch(k, organisation, keys, taken->fetch);
	size_t own = taken->has_key ? 0 : 1;

	if (e == OK && own == 1)
		*one = keys[0];
	if (taken->is_for_all)
		stash_put(&k->stash, organisation, keys + own, e == OK ? taken->fetch - own : 0);
	secret_wipe(keys, sizeof(keys));
	return taken->has_key ? OK : e;
}

enum err keyd_data_key_new(struct keyd *k, const struct wrapped_key *organisation,
    struct wrapped_key *out, uint8_t key[KEY_SIZE])
{
	struct data_key one;
	struct stash_taken taken = stash_take(&k->stash, organisation, &one);
	enum err e = OK;

	if (taken.fetch > 0)
		e = data_keys_more(k, organisation, &taken, &one);
	if (e == OK) {
		*out = one.wrapped;
		memcpy(key, one.key, KEY_SIZE);
	}
	secret_wipe(&one, sizeof(one));
	return e;
}

enum err keyd_data_key_open(struct keyd *k, const struct wrapped_key *organisation,
    const struct wrapped_key *wrapped, uint8_t key[KEY_SIZE])
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_DATA_KEY_OPEN);
	wire_put_bytes(&c.w, wrapped_span(organisation));
	wire_put_bytes(&c.w, wrapped_span(wrapped));
	TRY(keyd_call(k, &c.w, &c.r));
	return take_exact(&c.r, key, KEY_SIZE);
}

enum err keyd_derive(struct keyd *k, enum keyd_purpose purpose, uint8_t key[KEY_SIZE])
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_DERIVE);
	wire_put_u32(&c.w, (uint32_t)purpose);
	TRY(keyd_call(k, &c.w, &c.r));
	return take_exact(&c.r, key, KEY_SIZE);
}

enum err keyd_seal_chain(struct keyd *k, struct buf *chain)
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_SEAL_CHAIN);
	TRY(keyd_call(k, &c.w, &c.r));
	return take_buf(&c.r, chain);
}

enum err keyd_seal_sign(struct keyd *k, struct span signed_attributes, struct buf *signature)
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_SEAL_SIGN);
	wire_put_bytes(&c.w, signed_attributes);
	TRY(keyd_call(k, &c.w, &c.r));
	return take_buf(&c.r, signature);
}

enum err keyd_seal_test(struct keyd *k, char reason[FAULT_DETAIL_MAX])
{
	struct call c CLEANUP(call_free);

	reason[0] = '\0';
	call_init(&c, CALL_SEAL_TEST);
	TRY(keyd_call(k, &c.w, &c.r));
	ENSURE(wire_text(&c.r, reason, FAULT_DETAIL_MAX), ERR_INTERNAL);
	return reason[0] == '\0' ? OK : ERR_NOT_READY;
}

enum err keyd_webhook_sign(struct keyd *k, struct span content, struct keyd_webhook_signatures *out)
{
	struct call c CLEANUP(call_free);
	struct span all;

	call_init(&c, CALL_WEBHOOK_SIGN);
	wire_put_bytes(&c.w, content);
	TRY(keyd_call(k, &c.w, &c.r));
	all = wire_bytes(&c.r);
	ENSURE(wire_end(&c.r) && all.size > 0 && all.size % 64 == 0, ERR_INTERNAL);
	ENSURE(all.size <= sizeof(out->data), ERR_INTERNAL);
	memcpy(out->data, all.data, all.size);
	out->count = all.size / 64;
	return OK;
}

static enum err take_public(struct wire_reader *r, struct keyd_public *out)
{
	struct span spki;
	uint32_t line = wire_u32(r);

	ENSURE(line <= KEYD_WEBHOOK, ERR_INTERNAL);
	out->line = (enum keyd_line)line;
	out->from = wire_i64(r);
	out->until = wire_i64(r);
	ENSURE(wire_text(r, out->kid, sizeof(out->kid)), ERR_INTERNAL);
	spki = wire_bytes(r);
	ENSURE(!r->failed && spki.size > 0 && spki.size <= sizeof(out->spki), ERR_INTERNAL);
	memcpy(out->spki, spki.data, spki.size);
	out->spki_size = spki.size;
	return OK;
}

enum err keyd_response_public(struct keyd *k, struct keyd_public *out, size_t *n)
{
	struct call c CLEANUP(call_free);
	size_t room = *n;
	uint32_t count;

	*n = 0;
	call_init(&c, CALL_RESPONSE_PUBLIC);
	TRY(keyd_call(k, &c.w, &c.r));
	count = wire_u32(&c.r);
	ENSURE(count <= room, ERR_INTERNAL);
	for (uint32_t i = 0; i < count; i++)
		TRY(take_public(&c.r, &out[i]));
	ENSURE(wire_end(&c.r), ERR_INTERNAL);
	*n = count;
	return OK;
}

enum err keyd_webhook_public(struct keyd *k, uint8_t key[32])
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_WEBHOOK_PUBLIC);
	TRY(keyd_call(k, &c.w, &c.r));
	return take_exact(&c.r, key, 32);
}

enum err keyd_tls_chain(struct keyd *k, struct buf *chain)
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_TLS_CHAIN);
	TRY(keyd_call(k, &c.w, &c.r));
	return take_buf(&c.r, chain);
}

enum err keyd_tls_sign(struct keyd *k, const struct tls_request *q, struct buf *signature)
{
	struct call c CLEANUP(call_free);

	call_init(&c, CALL_TLS_SIGN);
	wire_put_bytes(&c.w, span_of(q->key_id, SHA256_SIZE));
	wire_put_str(&c.w, q->digest);
	wire_put_u32(&c.w, q->is_pss);
	wire_put_bytes(&c.w, q->content);
	TRY(keyd_call_until(k, &c.w, &c.r, clock_monotonic() + PATIENCE_TLS_MS));
	return take_buf(&c.r, signature);
}
