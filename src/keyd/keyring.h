/*
 * What keyd holds: the keys read from DIR/keys and from the operator's files. The root key
 * never changes while keyd runs; the others are read again when front asks.
 */
#ifndef CHIROGRAPH_KEYD_KEYRING_H
#define CHIROGRAPH_KEYD_KEYRING_H

#include "keyd/keyd.h"
#include "keyd/signers.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>

#define KEYRING_TLS_KEPT 4 /* certificates whose connections may still be starting */

struct keyring_tls {
	EVP_PKEY *key;
	uint8_t id[SHA256_SIZE]; /* SHA-256 of its SubjectPublicKeyInfo */
};

struct keyring {
	const struct keyd_config *config;
	int keys; /* descriptor of DIR/keys */
	uint8_t root[KEY_SIZE];
	pthread_rwlock_t lock; /* guards what follows */
	struct signers *signers;
	EVP_PKEY *seal;
	X509 *seal_leaf;
	struct buf seal_chain;                    /* DER, leaf first */
	char seal_fault[FAULT_DETAIL_MAX];        /* why the seal cannot be used; empty: it works */
	struct keyring_tls tls[KEYRING_TLS_KEPT]; /* newest first */
	struct buf tls_chain;
};

/* ERR_CONFIG, with a line in the log, when a key that must be there is not or is open to others. */
enum err CHECKED keyring_load(struct keyring *ring, const struct keyd_config *config);
void keyring_free(struct keyring *ring);
/* The key of that line in use now, referenced for the caller, and what it is called by. */
enum err CHECKED keyring_signer(
    struct keyring *ring, enum keyd_line line, EVP_PKEY **out, char kid[KEYD_KID_SIZE]);
enum err CHECKED keyring_signers_reload(struct keyring *ring);
void keyring_signers_free(struct signers *s); /* NULL is fine */
enum err CHECKED keyring_tls_reload(struct keyring *ring);
void keyring_seal_reload(struct keyring *ring); /* leaves the answer in seal_fault */
void keyring_seal_drop(struct keyring *ring);
/* Before the sandbox: what reading an old PKCS#12 file may need. */
void keyring_seal_prepare(struct keyring *ring);

/* A whole file, refused when others than its owner may read it. dir AT_FDCWD or a folder. */
enum err CHECKED key_file_read(int dir, const char *path, bool is_secret, struct buf *out);
enum err CHECKED key_pem_read(int dir, const char *path, EVP_PKEY **out);
enum err CHECKED chain_pem_read(int dir, const char *path, struct buf *der, X509 **leaf);
enum err CHECKED der_append(struct buf *der, X509 *certificate);
enum err CHECKED key_id(EVP_PKEY *key, uint8_t id[SHA256_SIZE]);

/* AES-256 key wrap (RFC 3394): 32 bytes of key become 40. */
#define WRAP_SIZE 40
enum err CHECKED key_wrap(
    const uint8_t kek[KEY_SIZE], const uint8_t key[KEY_SIZE], uint8_t out[WRAP_SIZE]);
enum err CHECKED key_unwrap(
    const uint8_t kek[KEY_SIZE], struct span wrapped, uint8_t key[KEY_SIZE]);
/* HKDF-SHA-256 of the root key under a label: one key for each use. */
enum err CHECKED key_derive(const uint8_t root[KEY_SIZE], const char *label, uint8_t out[KEY_SIZE]);

/* A digest-and-sign with one of our keys; md NULL for Ed25519. */
struct sign_form {
	const char *digest; /* "SHA256", or NULL */
	bool is_pss;        /* RSA-PSS with a salt as long as the digest */
};
enum err CHECKED key_sign(
    EVP_PKEY *key, const struct sign_form *form, struct span content, struct buf *signature);

/* May these bytes be signed with the sealing key? They must be the DER of a CMS SignedAttributes
 * SET of a PAdES signature made with this leaf: ERR_BAD_REQUEST otherwise, with the reason. */
enum err CHECKED seal_form_check(struct span attributes, X509 *leaf, const char **reason);

/* Only handshakes are signed with the TLS key (RFC 8446 §4.4.3, RFC 8422 §5.4). */
bool handshake_form_check(struct span content);

#endif
