/*
 * Reading keys from disk. Everything is read through DIR/keys' descriptor or a path of the
 * operator; a secret that others could read is refused rather than used.
 */
#include "keyd/keyring.h"

#include "base/clock.h"
#include "base/log.h"
#include "keyd/own.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_MAX (64 * 1024)

static enum err file_check(int fd, const char *path, bool is_secret)
{
	struct stat st;

	ENSURE(fstat(fd, &st) == 0 && S_ISREG(st.st_mode), ERR_IO);
	if (is_secret && ((st.st_mode & 077) != 0 || (st.st_uid != geteuid() && st.st_uid != 0))) {
		log_error("a key file is open to others: chmod 600 it and make the data folder's "
			  "owner own it",
		    "file=%s mode=%o", path, (unsigned)(st.st_mode & 07777));
		return ERR_CONFIG;
	}
	return OK;
}

enum err key_file_read(int dir, const char *path, bool is_secret, struct buf *out)
{
	int fd CLEANUP(closep) = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	ENSURE(fd >= 0, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO);
	TRY(file_check(fd, path, is_secret));
	do {
		uint8_t piece[4096];
		got = read(fd, piece, sizeof(piece));
		if (got > 0)
			buf_put(out, piece, (size_t)got);
		secret_wipe(piece, sizeof(piece));
	} while (got > 0);
	ENSURE(got == 0, ERR_IO);
	return buf_done(out);
}

/* A key file never asks a terminal for a passphrase. */
static int no_passphrase(char *out, int room, int is_writing, void *ctx)
{
	return 0;
}

enum err key_pem_read(int dir, const char *path, EVP_PKEY **out)
{
	struct buf text CLEANUP(buf_free);
	BIO *bio CLEANUP(bio_freep) = NULL;

	buf_init(&text, KEY_FILE_MAX);
	TRY(key_file_read(dir, path, true, &text));
	bio = BIO_new_mem_buf(text.data, (int)text.size);
	ENSURE(bio != NULL, ERR_MEMORY);
	*out = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	ERR_clear_error();
	ENSURE(*out != NULL, ERR_CRYPTO);
	return OK;
}

enum err der_append(struct buf *der, X509 *certificate)
{
	unsigned char *bytes = NULL;
	int size = i2d_X509(certificate, &bytes);

	ENSURE(size > 0, ERR_CRYPTO);
	buf_put(der, bytes, (size_t)size);
	OPENSSL_free(bytes);
	return buf_done(der);
}

enum err chain_pem_read(int dir, const char *path, struct buf *der, X509 **leaf)
{
	struct buf text CLEANUP(buf_free);
	BIO *bio CLEANUP(bio_freep) = NULL;

	buf_init(&text, KEY_FILE_MAX);
	TRY(key_file_read(dir, path, false, &text));
	bio = BIO_new_mem_buf(text.data, (int)text.size);
	ENSURE(bio != NULL, ERR_MEMORY);
	*leaf = NULL;
	for (;;) {
		X509 *next CLEANUP(x509_freep) = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (next == NULL)
			break;
		TRY(der_append(der, next));
		if (*leaf == NULL && X509_up_ref(next) == 1)
			*leaf = next;
	}
	ERR_clear_error();
	ENSURE(*leaf != NULL, ERR_CRYPTO);
	return OK;
}

enum err key_id(EVP_PKEY *key, uint8_t id[SHA256_SIZE])
{
	unsigned char *spki = NULL;
	int size = i2d_PUBKEY(key, &spki);
	enum err e;

	ENSURE(size > 0, ERR_CRYPTO);
	e = sha256(span_of(spki, (size_t)size), id);
	OPENSSL_free(spki);
	return e;
}

/* systemd hands credentials as files of a folder only we can read (systemd.exec(5)). */
static enum err root_read(struct keyring *ring)
{
	struct buf bytes CLEANUP(buf_free);
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	enum err e = ERR_NOT_FOUND;

	buf_init(&bytes, KEY_FILE_MAX);
	if (folder != NULL && folder[0] == '/') {
		char path[4096];
		snprintf(path, sizeof(path), "%s/root.key", folder);
		e = key_file_read(AT_FDCWD, path, false, &bytes);
	}
	if (e == ERR_NOT_FOUND)
		e = key_file_read(ring->keys, "root.key", true, &bytes);
	if (e == OK && bytes.size != KEY_SIZE)
		e = ERR_CONFIG;
	if (e != OK) {
		log_error(
		    "the root key keys/root.key cannot be used: restore it from its own backup",
		    "reason=%s bytes=%zu", err_symbol(e), bytes.size);
		return ERR_CONFIG;
	}
	memcpy(ring->root, bytes.data, KEY_SIZE);
	return OK;
}

static bool is_set(const char *s)
{
	return s != NULL && s[0] != '\0';
}

static enum err tls_read(struct keyring *ring, struct buf *chain, X509 **leaf, EVP_PKEY **key)
{
	const struct keyd_config *c = ring->config;
	char own_certificate[GENERATION_NAME_MAX], own_key[GENERATION_NAME_MAX];
	bool is_own = !is_set(c->tls_certificate_file);
	int dir = is_own ? ring->keys : AT_FDCWD;

	TRY(generation_names(ring->keys, CLASS_TLS, own_certificate, own_key));
	TRY(chain_pem_read(dir, is_own ? own_certificate : c->tls_certificate_file, chain, leaf));
	TRY(key_pem_read(dir, is_own ? own_key : c->tls_key_file, key));
	ENSURE(X509_check_private_key(*leaf, *key) == 1, ERR_CRYPTO);
	return OK;
}

/* The newest key first; the oldest falls out. Takes the reference. */
static void tls_keep(struct keyring *ring, EVP_PKEY *key, const uint8_t id[SHA256_SIZE])
{
	if (ring->tls[0].key != NULL && ct_equal(ring->tls[0].id, id, SHA256_SIZE)) {
		EVP_PKEY_free(key);
		return;
	}
	EVP_PKEY_free(ring->tls[KEYRING_TLS_KEPT - 1].key);
	memmove(&ring->tls[1], &ring->tls[0], sizeof(ring->tls) - sizeof(ring->tls[0]));
	ring->tls[0].key = key;
	memcpy(ring->tls[0].id, id, SHA256_SIZE);
}

static void tls_swap(
    struct keyring *ring, struct buf *chain, EVP_PKEY *key, const uint8_t id[SHA256_SIZE])
{
	pthread_rwlock_wrlock(&ring->lock);
	tls_keep(ring, key, id);
	buf_reset(&ring->tls_chain);
	buf_put_span(&ring->tls_chain, buf_span(chain));
	pthread_rwlock_unlock(&ring->lock);
}

enum err keyring_tls_reload(struct keyring *ring)
{
	struct buf chain CLEANUP(buf_free);
	X509 *leaf CLEANUP(x509_freep) = NULL;
	EVP_PKEY *key = NULL;
	uint8_t id[SHA256_SIZE];
	enum err e;

	buf_init(&chain, KEY_FILE_MAX);
	e = tls_read(ring, &chain, &leaf, &key);
	if (e == OK)
		e = key_id(key, id);
	if (e == OK) {
		tls_swap(ring, &chain, key, id);
		return OK;
	}
	EVP_PKEY_free(key);
	log_error("the TLS certificate and its key cannot be used", "error=%s", err_symbol(e));
	return ring->tls_chain.size > 0 ? OK : ERR_CONFIG;
}

static enum err open_keys(struct keyring *ring)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/keys", ring->config->data);
	ring->keys = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ring->keys >= 0)
		return OK;
	log_error("the folder of keys cannot be opened: run chirograph init", "folder=%s", path);
	return ERR_CONFIG;
}

enum err keyring_load(struct keyring *ring, const struct keyd_config *config)
{
	memset(ring, 0, sizeof(*ring));
	ring->config = config;
	ring->keys = -1;
	buf_init(&ring->seal_chain, KEY_FILE_MAX);
	buf_init(&ring->tls_chain, KEY_FILE_MAX);
	ENSURE(pthread_rwlock_init(&ring->lock, NULL) == 0, ERR_MEMORY);
	TRY(open_keys(ring));
	TRY(root_read(ring));
	TRY(keyring_signers_reload(ring));
	keyring_seal_prepare(ring);
	keyring_seal_reload(ring);
	return keyring_tls_reload(ring);
}

void keyring_free(struct keyring *ring)
{
	for (size_t i = 0; i < KEYRING_TLS_KEPT; i++)
		EVP_PKEY_free(ring->tls[i].key);
	keyring_seal_drop(ring);
	keyring_signers_free(ring->signers);
	buf_free(&ring->seal_chain);
	buf_free(&ring->tls_chain);
	secret_wipe(ring->root, sizeof(ring->root));
	if (ring->keys >= 0)
		close(ring->keys);
	pthread_rwlock_destroy(&ring->lock);
}
