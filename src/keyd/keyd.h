/*
 * keyd holds every private key and answers typed requests; nobody else reads a key file.
 * This is the client, used by front (and by the command line, which starts a keyd of its
 * own). Thread-safe: a small pool of connections, made anew when keyd was restarted.
 *
 * Keys at rest: root key -> organisation key -> data key per envelope (AES-256 key wrap,
 * RFC 3394 / NIST SP 800-38F). Wrapped keys live in the database.
 */
#ifndef CHIROGRAPH_KEYD_KEYD_H
#define CHIROGRAPH_KEYD_KEYD_H

#include "base/bytes.h"
#include "base/crypto.h"
#include "sign/sign.h"

#include <openssl/types.h>

struct keyd;

/* dial: gives one end of a fresh socketpair whose other end keyd serves; -1 on failure, to be tried
 * again while a call has patience; KEYD_GONE when nobody will start another keyd. */
#define KEYD_GONE (-2)
enum err CHECKED keyd_open(int (*dial)(void *ctx), void *ctx, struct keyd **out);
void keyd_close(struct keyd *k);

/* Wrapped keys. Sizes: a wrapped key is 40 bytes. */
#define KEYD_WRAPPED_MAX 64
struct wrapped_key {
	uint8_t data[KEYD_WRAPPED_MAX];
	size_t size;
};

enum err CHECKED keyd_organisation_key_new(struct keyd *k, struct wrapped_key *out);
enum err CHECKED keyd_data_key_new(struct keyd *k, const struct wrapped_key *organisation,
    struct wrapped_key *out, uint8_t key[KEY_SIZE]);
enum err CHECKED keyd_data_key_open(struct keyd *k, const struct wrapped_key *organisation,
    const struct wrapped_key *wrapped, uint8_t key[KEY_SIZE]);

/* Keys that front itself may hold, derived from the root key by HKDF with a fixed label. */
enum keyd_purpose {
	KEYD_FILE_LINKS = 1,  /* MAC of the links to files */
	KEYD_BLIND_INDEX = 2, /* keyed index of personal data */
	KEYD_IDEMPOTENCY = 3, /* stored answers */
};
enum err CHECKED keyd_derive(struct keyd *k, enum keyd_purpose purpose, uint8_t key[KEY_SIZE]);

/* The seal. chain: DER certificates one after another, leaf first. */
enum err CHECKED keyd_seal_chain(struct keyd *k, struct buf *chain);
/* Sign the DER of a CMS SignedAttributes SET (tag 0x31); keyd checks its form and hashes it
 * itself. signature: DER ECDSA or PKCS#1 v1.5 RSA, SHA-256. */
enum err CHECKED keyd_seal_sign(
    struct keyd *k, struct span signed_attributes, struct buf *signature);

/* Ed25519 over a Standard Webhooks content string ("id.timestamp.body"): the v1a signatures, 64
 * bytes each, one for every key that a receiver may still hold, newest first. */
#define KEYD_WEBHOOK_SIGNATURES 32
struct keyd_webhook_signatures {
	uint8_t data[KEYD_WEBHOOK_SIGNATURES][64];
	size_t count;
};
enum err CHECKED keyd_webhook_sign(
    struct keyd *k, struct span content, struct keyd_webhook_signatures *out);
enum err CHECKED keyd_webhook_public(struct keyd *k, uint8_t key[32]); /* of the one in use */

/* The public halves of all keys that sign answers and webhooks: in use, announced, and earlier
 * ones. Reads the files again, so that a rotation comes into force: SIGHUP calls it. */
enum keyd_line { KEYD_RESPONSE_ES512 = 0, KEYD_RESPONSE_ED25519 = 1, KEYD_WEBHOOK = 2 };
#define KEYD_KID_SIZE 44 /* base64url of SHA-256(SPKI), NUL */
#define KEYD_PUBLIC_MAX 96
struct keyd_public {
	enum keyd_line line;
	int64_t from;  /* Unix ms from which it signs; 0: since init */
	int64_t until; /* Unix ms up to which it is published; 0: nothing follows it yet */
	char kid[KEYD_KID_SIZE];
	uint8_t spki[192];
	size_t spki_size;
};
/* Newest first in each line; *n: room, then their number. */
enum err CHECKED keyd_response_public(struct keyd *k, struct keyd_public *out, size_t *n);

/* Answers, and webhooks to ES512 partners, with the keys in use. kid says which that was; it may be
 * NULL. */
/* es512-plain: the token of these claims. */
enum err CHECKED keyd_response_plain(
    struct keyd *k, const struct plain *p, struct buf *token, char kid[KEYD_KID_SIZE]);
/* es512-wrapped: both tokens, in one round trip. claims: the JSON body; the MD5 in the lines is
 * that of its token. */
struct keyd_wrapped {
	struct span integration_key, method, content_type, date, url;
};
struct keyd_wrapped_tokens {
	struct buf *body, *authorization;
	char kid[KEYD_KID_SIZE];
};
enum err CHECKED keyd_response_wrapped(struct keyd *k, const struct keyd_wrapped *form,
    struct span claims, struct keyd_wrapped_tokens *out);
/* For message_make: signs RFC 9421 bases with Ed25519. ERR_NOT_READY: kid is not the key in use.
 * m must outlive the signer. */
struct keyd_message {
	struct keyd *keyd;
	const char *kid;
};
struct signer keyd_response_message(struct keyd_message *m);

/* A TLS 1.2/1.3 server context whose private key stays in keyd (an OpenSSL provider of ours asks
 * it for each handshake). Fresh certificates are read at each call: SIGHUP calls it again. */
enum err CHECKED keyd_tls_context(struct keyd *k, SSL_CTX **out);

/* Reads the sealing key again, signs and verifies with it, looks at the certificate's dates.
 * ERR_NOT_READY with the reason (an English sentence's end) when nothing may be submitted. */
enum err CHECKED keyd_seal_test(struct keyd *k, char reason[FAULT_DETAIL_MAX]);

/* The role: answers on connections handed over the control socket until it closes. Paths may be
 * NULL or empty: then the files that init made in DIR/keys are used. */
struct keyd_config {
	int control;      /* receives one descriptor a frame: a new connection to serve */
	const char *data; /* DIR, for keys/ */
	const char *tls_certificate_file, *tls_key_file;
	const char *seal_pkcs12_file, *seal_pkcs12_password_file;
	const char *seal_certificate_file, *seal_key_file;
	/* Called when all keys are read and before the first byte of a peer: enters the sandbox.
	 * keys is the descriptor of DIR/keys. NULL: none. */
	enum err (*confine)(void *ctx, int keys);
	void *confine_ctx;
};
#define KEYD_EXIT_CONFIG \
	78 /* sysexits' EX_CONFIG: a key is missing or open to others; no restart helps */
int keyd_serve(const struct keyd_config *config); /* process exit status */

/* Make what keys/ lacks (root, TLS, seal CA and certificate, response and webhook keys).
 * Existing files are never touched. Used by init only. */
enum err CHECKED keyd_keys_create(
    const char *data, const char *organisation_name, const char *const *hosts);

/* A new generation of a key that init made. The one before stays published until `until`; private
 * halves that nobody needs any more are removed. keyd takes it up at keyd_response_public,
 * keyd_tls_context and keyd_seal_test. */
enum keyd_class { KEYD_CLASS_RESPONSE, KEYD_CLASS_WEBHOOK, KEYD_CLASS_SEAL, KEYD_CLASS_TLS };
struct keyd_rotation {
	enum keyd_class class;
	int64_t now, from, until; /* Unix ms; from: when it comes into use */
	const char *const *hosts; /* of a TLS certificate */
};
/* ERR_CONFLICT: another rotation was announced for later than from. ERR_TOO_MANY: as many
 * generations as a list may have are still published. */
enum err CHECKED keyd_keys_rotate(const char *data, const struct keyd_rotation *r);

#endif
