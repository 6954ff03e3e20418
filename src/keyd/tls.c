/*
 * The TLS server context. The certificates come from keyd, the private key is a name for keyd's.
 * Session tickets are sealed under keys of this process alone, changed twice a day, and the one
 * before is still read: a stolen ticket key opens at most a day.
 */
#include "keyd/client.h"
#include "keyd/keyring.h"
#include "keyd/own.h"

#include "base/clock.h"
#include "base/log.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>

#define TICKET_LIFE (12 * CLOCK_HOUR)
#define TICKET_NAME_SIZE 16 /* fixed by OpenSSL */

struct ticket_key {
	int64_t made; /* clock_monotonic; 0: none */
	uint8_t name[TICKET_NAME_SIZE], cipher[KEY_SIZE], mac[KEY_SIZE];
};

static struct {
	pthread_mutex_t lock;
	struct ticket_key now, before;
} tickets = {.lock = PTHREAD_MUTEX_INITIALIZER};

static enum err ticket_rotate(int64_t now)
{
	struct ticket_key fresh = {.made = now};

	if (tickets.now.made != 0 && now - tickets.now.made < TICKET_LIFE)
		return OK;
	TRY(random_bytes(fresh.name, sizeof(fresh.name)));
	TRY(random_bytes(fresh.cipher, sizeof(fresh.cipher)));
	TRY(random_bytes(fresh.mac, sizeof(fresh.mac)));
	tickets.before = tickets.now;
	tickets.now = fresh;
	secret_wipe(&fresh, sizeof(fresh));
	return OK;
}

/* The key for a new ticket, or the one that sealed this ticket. */
static bool ticket_find(bool is_new, unsigned char name[TICKET_NAME_SIZE], struct ticket_key *out)
{
	int64_t now = clock_monotonic() + 1;
	bool found;

	pthread_mutex_lock(&tickets.lock);
	found = ticket_rotate(now) == OK;
	*out = tickets.now;
	if (found && !is_new && !ct_equal(name, tickets.now.name, TICKET_NAME_SIZE)) {
		*out = tickets.before;
		found = out->made != 0 && now - out->made < 2 * TICKET_LIFE &&
			ct_equal(name, out->name, TICKET_NAME_SIZE);
	}
	pthread_mutex_unlock(&tickets.lock);
	return found;
}

static bool ticket_apply(const struct ticket_key *key, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, bool is_new)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key->mac, KEY_SIZE),
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, is_new) == 1 &&
	       EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): -1 failed, 0 unknown ticket, 1 use it, 2 use and renew
 * it. */
static int ticket_callback(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int is_new)
{
	struct ticket_key key;
	int answer = 1;

	if (!ticket_find(is_new == 1, name, &key))
		return is_new == 1 ? -1 : 0;
	if (is_new == 1) {
		memcpy(name, key.name, TICKET_NAME_SIZE);
		if (random_bytes(iv, 16) != OK)
			answer = -1;
	} else if (clock_monotonic() + 1 - key.made >= TICKET_LIFE) {
		answer = 2;
	}
	if (answer > 0 && !ticket_apply(&key, iv, cipher, mac, is_new == 1))
		answer = -1;
	secret_wipe(&key, sizeof(key));
	return answer;
}

/* RFC 7301: only http/1.1 is spoken; a client that offers other protocols alone is told so. */
static int alpn_choose(SSL *ssl, const unsigned char **out, unsigned char *out_size,
    const unsigned char *in, unsigned in_size, void *ctx)
{
	static const unsigned char ours[] = "\x08http/1.1";

	if (SSL_select_next_proto((unsigned char **)out, out_size, ours, sizeof(ours) - 1, in,
		in_size) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

static enum err settings(SSL_CTX *ctx)
{
	static const unsigned char name[] = "chirograph";

	ENSURE(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1, ERR_CRYPTO);
	ENSURE(SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1, ERR_CRYPTO);
	ENSURE(SSL_CTX_set_session_id_context(ctx, name, sizeof(name) - 1) == 1, ERR_CRYPTO);
	ENSURE(SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_callback) == 1, ERR_CRYPTO);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets hold the sessions */
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, alpn_choose, NULL);
	return OK;
}

static X509 *next_certificate(
    OSSL_LIB_CTX *libctx, const unsigned char **at, const unsigned char *end)
{
	X509 *certificate = X509_new_ex(libctx, NULL);

	if (certificate != NULL && d2i_X509(&certificate, at, end - *at) == NULL) {
		X509_free(certificate);
		return NULL;
	}
	return certificate;
}

static enum err certificates(SSL_CTX *ctx, OSSL_LIB_CTX *libctx, struct span der)
{
	const unsigned char *at = der.data, *end = der.data + der.size;
	bool is_leaf = true;

	while (at < end) {
		X509 *one CLEANUP(x509_freep) = next_certificate(libctx, &at, end);
		ENSURE(one != NULL, ERR_CRYPTO);
		if (is_leaf)
			ENSURE(SSL_CTX_use_certificate(ctx, one) == 1, ERR_CRYPTO);
		else
			ENSURE(SSL_CTX_add1_chain_cert(ctx, one) == 1, ERR_CRYPTO);
		is_leaf = false;
	}
	return is_leaf ? ERR_CRYPTO : OK;
}

/* The public key, parsed in libcrypto's own context, names the private one. */
static enum err private_key(SSL_CTX *ctx, OSSL_LIB_CTX *libctx, struct keyd *k, struct span der)
{
	const unsigned char *at = der.data;
	X509 *leaf CLEANUP(x509_freep) = d2i_X509(NULL, &at, (long)der.size);
	EVP_PKEY *key CLEANUP(pkey_freep) = NULL;
	uint8_t id[SHA256_SIZE];

	ENSURE(leaf != NULL && X509_get0_pubkey(leaf) != NULL, ERR_CRYPTO);
	TRY(key_id(X509_get0_pubkey(leaf), id));
	TRY(provider_key_new(libctx, k, X509_get0_pubkey(leaf), id, &key));
	ENSURE(SSL_CTX_use_PrivateKey(ctx, key) == 1, ERR_CRYPTO);
	ENSURE(SSL_CTX_check_private_key(ctx) == 1, ERR_CRYPTO);
	return OK;
}

static enum err context_fill(SSL_CTX *ctx, OSSL_LIB_CTX *libctx, struct keyd *k)
{
	struct buf chain CLEANUP(buf_free);

	buf_init(&chain, 65536);
	TRY(settings(ctx));
	TRY(keyd_tls_chain(k, &chain));
	TRY(certificates(ctx, libctx, buf_span(&chain)));
	return private_key(ctx, libctx, k, buf_span(&chain));
}

enum err keyd_tls_context(struct keyd *k, SSL_CTX **out)
{
	OSSL_LIB_CTX *libctx = NULL;
	SSL_CTX *ctx;
	enum err e;

	TRY(provider_context(&libctx));
	ctx = SSL_CTX_new_ex(libctx, NULL, TLS_server_method());
	ENSURE(ctx != NULL, ERR_MEMORY);
	e = context_fill(ctx, libctx, k);
	if (e != OK) {
		char text[256];
		ERR_error_string_n(ERR_peek_last_error(), text, sizeof(text));
		log_error("no TLS context", "error=%s openssl=%s", err_symbol(e), text);
		ERR_clear_error();
		SSL_CTX_free(ctx);
		return e;
	}
	*out = ctx;
	return OK;
}
