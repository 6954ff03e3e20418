/*
 * The role: one thread a connection, one typed request a frame. A frame that does not read as its
 * type ends the whole process (its sender is our own program, so something is badly wrong); a
 * request that is well formed and refused gets its error.
 */
#include "keyd/serve.h"

#include "base/codec.h"
#include "base/log.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVE_CONNECTIONS 64
#define SERVE_STACK (256 * 1024)

struct connection {
	struct serve *serve;
	int sock;
	bool is_taken;
};

struct serve {
	struct keyring ring;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t ended; /* a connection is free again */
	struct connection connections[SERVE_CONNECTIONS];
};

static enum err organisation_key(
    const struct keyring *ring, struct wire_reader *r, uint8_t key[KEY_SIZE])
{
	uint8_t kek[KEY_SIZE];
	enum err e = key_derive(ring->root, "chirograph organisation keys", kek);

	if (e == OK)
		e = key_unwrap(kek, wire_bytes(r), key);
	secret_wipe(kek, sizeof(kek));
	return e;
}

static enum err organisation_key_new(
    struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	uint8_t kek[KEY_SIZE], key[KEY_SIZE], wrapped[WRAP_SIZE];
	enum err e;

	end_request(r);
	e = key_derive(ring->root, "chirograph organisation keys", kek);
	if (e == OK)
		e = random_bytes(key, sizeof(key));
	if (e == OK)
		e = key_wrap(kek, key, wrapped);
	if (e == OK)
		wire_put_bytes(w, span_of(wrapped, sizeof(wrapped)));
	secret_wipe(kek, sizeof(kek));
	secret_wipe(key, sizeof(key));
	return e;
}

static enum err data_key_make(const uint8_t kek[KEY_SIZE], struct wire_writer *w)
{
	uint8_t key[KEY_SIZE], wrapped[WRAP_SIZE];
	enum err e = random_bytes(key, sizeof(key));

	if (e == OK)
		e = key_wrap(kek, key, wrapped);
	if (e == OK) {
		wire_put_bytes(w, span_of(wrapped, sizeof(wrapped)));
		wire_put_bytes(w, span_of(key, sizeof(key)));
	}
	secret_wipe(key, sizeof(key));
	return e;
}

static enum err data_key_new(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	uint8_t kek[KEY_SIZE];
	enum err e = organisation_key(ring, r, kek);
	uint32_t count = wire_u32(r);

	end_request(r);
	if (count == 0 || count > CALL_DATA_KEYS_MAX)
		wire_die("keyd: a number of keys that nobody asks for");
	for (uint32_t i = 0; e == OK && i < count; i++)
		e = data_key_make(kek, w);
	secret_wipe(kek, sizeof(kek));
	return e;
}

static enum err data_key_open(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	uint8_t kek[KEY_SIZE], key[KEY_SIZE];
	enum err e = organisation_key(ring, r, kek);
	struct span wrapped = wire_bytes(r);

	end_request(r);
	if (e == OK)
		e = key_unwrap(kek, wrapped, key);
	if (e == OK)
		wire_put_bytes(w, span_of(key, sizeof(key)));
	secret_wipe(kek, sizeof(kek));
	secret_wipe(key, sizeof(key));
	return e;
}

static enum err derive(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	static const char *const labels[] = {
	    [KEYD_FILE_LINKS] = "chirograph file links",
	    [KEYD_BLIND_INDEX] = "chirograph blind index",
	    [KEYD_IDEMPOTENCY] = "chirograph idempotency",
	};
	uint32_t purpose = wire_u32(r);
	uint8_t key[KEY_SIZE];
	enum err e;

	end_request(r);
	if (purpose >= sizeof(labels) / sizeof(labels[0]) || labels[purpose] == NULL)
		wire_die("keyd: a purpose that does not exist");
	e = key_derive(ring->root, labels[purpose], key);
	if (e == OK)
		wire_put_bytes(w, span_of(key, sizeof(key)));
	secret_wipe(key, sizeof(key));
	return e;
}

static enum err seal_chain(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	enum err e;

	end_request(r);
	pthread_rwlock_rdlock(&ring->lock);
	e = ring->seal_chain.size > 0 ? OK : ERR_NOT_READY;
	wire_put_bytes(w, buf_span(&ring->seal_chain));
	pthread_rwlock_unlock(&ring->lock);
	return e;
}

/* Each use of the sealing key leaves a line: the hash names the signed attributes of one dossier.
 */
static enum err seal_note(struct span attributes)
{
	uint8_t hash[SHA256_SIZE];
	char text[2 * SHA256_SIZE + 1];

	TRY(sha256(attributes, hash));
	hex_text(text, hash, sizeof(hash));
	log_info("sealed", "signed_attributes_sha256=%s", text);
	return OK;
}

static enum err seal_locked(struct keyring *ring, struct span attributes, struct buf *signature)
{
	static const struct sign_form form = {"SHA256", false};
	const char *reason = NULL;
	enum err e;

	ENSURE(ring->seal != NULL && ring->seal_fault[0] == '\0', ERR_NOT_READY);
	e = seal_form_check(attributes, ring->seal_leaf, &reason);
	if (e != OK) {
		log_error("refused to seal", "reason=%s", reason);
		return e;
	}
	TRY(key_sign(ring->seal, &form, attributes, signature));
	return seal_note(attributes);
}

static enum err seal_sign(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	struct buf signature CLEANUP(buf_free);
	struct span attributes = wire_bytes(r);
	enum err e;

	end_request(r);
	buf_init(&signature, 4096);
	pthread_rwlock_rdlock(&ring->lock);
	e = seal_locked(ring, attributes, &signature);
	pthread_rwlock_unlock(&ring->lock);
	wire_put_bytes(w, buf_span(&signature));
	return e;
}

static enum err seal_test(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	end_request(r);
	keyring_seal_reload(ring);
	pthread_rwlock_rdlock(&ring->lock);
	wire_put_str(w, ring->seal_fault);
	pthread_rwlock_unlock(&ring->lock);
	return OK;
}

static enum err tls_chain(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	end_request(r);
	TRY(keyring_tls_reload(ring));
	pthread_rwlock_rdlock(&ring->lock);
	wire_put_bytes(w, buf_span(&ring->tls_chain));
	pthread_rwlock_unlock(&ring->lock);
	return OK;
}

static EVP_PKEY *tls_key_find(struct keyring *ring, struct span id)
{
	EVP_PKEY *found = NULL;

	pthread_rwlock_rdlock(&ring->lock);
	for (size_t i = 0; id.size == SHA256_SIZE && found == NULL && i < KEYRING_TLS_KEPT; i++)
		if (ring->tls[i].key != NULL && ct_equal(ring->tls[i].id, id.data, SHA256_SIZE))
			found = ring->tls[i].key;
	if (found != NULL && EVP_PKEY_up_ref(found) != 1)
		found = NULL;
	pthread_rwlock_unlock(&ring->lock);
	return found;
}

static enum err tls_sign(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	struct buf signature CLEANUP(buf_free);
	struct sign_form form = {NULL, false};
	char digest[32];
	struct span id = wire_bytes(r), content;
	bool fits = wire_text(r, digest, sizeof(digest));
	EVP_PKEY *key;
	enum err e;

	form.is_pss = wire_u32(r) != 0;
	content = wire_bytes(r);
	end_request(r);
	form.digest = digest[0] != '\0' ? digest : NULL;
	buf_init(&signature, 4096);
	ENSURE(fits && handshake_form_check(content), ERR_BAD_REQUEST);
	key = tls_key_find(ring, id);
	ENSURE(key != NULL, ERR_NOT_FOUND);
	e = key_sign(key, &form, content, &signature);
	EVP_PKEY_free(key);
	wire_put_bytes(w, buf_span(&signature));
	return e;
}

typedef enum err (*call_function)(struct keyring *, struct wire_reader *, struct wire_writer *);

static const call_function calls[] = {
    [CALL_ORGANISATION_KEY_NEW] = organisation_key_new,
    [CALL_DATA_KEY_NEW] = data_key_new,
    [CALL_DATA_KEY_OPEN] = data_key_open,
    [CALL_DERIVE] = derive,
    [CALL_SEAL_CHAIN] = seal_chain,
    [CALL_SEAL_SIGN] = seal_sign,
    [CALL_SEAL_TEST] = seal_test,
    [CALL_WEBHOOK_SIGN] = call_webhook_sign,
    [CALL_WEBHOOK_PUBLIC] = call_webhook_public,
    [CALL_TLS_CHAIN] = tls_chain,
    [CALL_TLS_SIGN] = tls_sign,
    [CALL_RESPONSE_PUBLIC] = call_response_public,
    [CALL_RESPONSE_PLAIN] = call_response_plain,
    [CALL_RESPONSE_WRAPPED] = call_response_wrapped,
    [CALL_RESPONSE_MESSAGE] = call_response_message,
};

/* The answer to one request: its result and, when that is OK, its fields. */
static void request_run(
    struct keyring *ring, uint32_t call, struct wire_reader *r, struct wire_writer *answer)
{
	struct wire_writer w CLEANUP(wire_writer_free);
	enum err e;

	if (call >= sizeof(calls) / sizeof(calls[0]) || calls[call] == NULL)
		wire_die("keyd: a call that does not exist");
	wire_writer_init(&w);
	e = calls[call](ring, r, &w);
	if (e != OK)
		log_warn("refused", "call=%u error=%s", call, err_symbol(e));
	wire_put_u32(answer, (uint32_t)e);
	if (e == OK)
		buf_put_span(&answer->body, buf_span(&w.body));
}

/* Read where it lies, in the frame. */
static void several_run_one(struct keyring *ring, struct span request, struct wire_writer *w)
{
	struct wire_reader r = {.body = {.data = (void *)request.data, .size = request.size}};
	struct wire_writer answer CLEANUP(wire_writer_free);

	wire_writer_init(&answer);
	request_run(ring, wire_u32(&r), &r, &answer);
	wire_put_bytes(w, buf_span(&answer.body));
	if (buf_done(&answer.body) != OK)
		wire_die("keyd: no memory for an answer");
}

/* A request among several cannot be several again: that number is in no row. */
static void several_run(struct keyring *ring, struct wire_reader *r, struct wire_writer *answer)
{
	unsigned count = 0;

	wire_put_u32(answer, OK);
	while (!wire_end(r)) {
		struct span request = wire_bytes(r);
		if (r->failed || ++count > CALL_SEVERAL_MAX)
			wire_die("keyd: not several requests");
		several_run_one(ring, request, answer);
	}
}

static void frame_answer(struct keyring *ring, struct wire_reader *r, struct wire_writer *w)
{
	uint32_t call = wire_u32(r);

	if (call == CALL_SEVERAL)
		several_run(ring, r, w);
	else
		request_run(ring, call, r, w);
}

static enum err serve_one(struct keyring *ring, int sock)
{
	struct wire_reader r CLEANUP(wire_reader_free);
	struct wire_writer w CLEANUP(wire_writer_free);

	wire_reader_init(&r);
	wire_writer_init(&w);
	TRY(wire_receive(sock, &r, -1));
	frame_answer(ring, &r, &w);
	return wire_send(sock, &w, CALL_TIMEOUT_MS);
}

static struct connection *connection_take(struct serve *serve, int sock)
{
	struct connection *found = NULL;

	pthread_mutex_lock(&serve->lock);
	for (size_t i = 0; i < SERVE_CONNECTIONS && found == NULL; i++)
		if (!serve->connections[i].is_taken)
			found = &serve->connections[i];
	if (found != NULL)
		*found = (struct connection){serve, sock, true};
	pthread_mutex_unlock(&serve->lock);
	return found;
}

static void connection_free(struct connection *c)
{
	struct serve *serve = c->serve;

	pthread_mutex_lock(&serve->lock);
	close(c->sock);
	c->is_taken = false;
	pthread_cond_signal(&serve->ended);
	pthread_mutex_unlock(&serve->lock);
}

static void *connection_run(void *ctx)
{
	struct connection *c = ctx;
	enum err e;

	do {
		e = serve_one(&c->serve->ring, c->sock);
	} while (e == OK);
	OPENSSL_thread_stop();
	connection_free(c);
	return NULL;
}

static enum err thread_start(struct connection *c)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int failed;

	ENSURE(pthread_attr_init(&attributes) == 0, ERR_MEMORY);
	pthread_attr_setstacksize(&attributes, SERVE_STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	failed = pthread_create(&thread, &attributes, connection_run, c);
	pthread_attr_destroy(&attributes);
	return failed == 0 ? OK : ERR_MEMORY;
}

static void connection_start(struct serve *serve, int sock)
{
	struct connection *c = connection_take(serve, sock);

	if (c == NULL)
		close(sock);
	else if (thread_start(c) != OK)
		connection_free(c);
}

/*
 * What was asked is still answered, no more is read. Nothing of OpenSSL may run beside its clean-up
 * at exit, so the process waits for its threads; CALL_TIMEOUT_MS bounds a peer that does not read.
 */
static void connections_end(struct serve *serve)
{
	pthread_mutex_lock(&serve->lock);
	for (size_t i = 0; i < SERVE_CONNECTIONS; i++)
		if (serve->connections[i].is_taken)
			shutdown(serve->connections[i].sock, SHUT_RD);
	for (size_t i = 0; i < SERVE_CONNECTIONS; i++)
		while (serve->connections[i].is_taken)
			pthread_cond_wait(&serve->ended, &serve->lock);
	pthread_mutex_unlock(&serve->lock);
}

/* Each frame of the control socket is nothing but a new connection. */
static enum err control_run(struct serve *serve, int control)
{
	for (;;) {
		struct wire_reader r CLEANUP(wire_reader_free);
		int sock;

		wire_reader_init(&r);
		TRY(wire_receive(control, &r, -1));
		sock = wire_fd(&r);
		if (sock < 0 || !wire_end(&r))
			wire_die("keyd: a control frame without its descriptor");
		connection_start(serve, sock);
	}
}

int keyd_serve(const struct keyd_config *config)
{
	static struct serve serve = {
	    .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
	enum err e = keyring_load(&serve.ring, config);

	if (e != OK)
		return KEYD_EXIT_CONFIG;
	if (config->confine != NULL && config->confine(config->confine_ctx, serve.ring.keys) != OK)
		return 1;
	e = control_run(&serve, config->control);
	connections_end(&serve);
	keyring_free(&serve.ring);
	return e == ERR_PEER_GONE ? 0 : 1;
}
