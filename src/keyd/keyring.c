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
#include <openssl/pkcs12.h>
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

static enum err der_append(struct buf *der, X509 *certificate)
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

static const char *fault(struct keyring *ring, const char *text)
{
	snprintf(ring->seal_fault, sizeof(ring->seal_fault), "%s", text);
	return ring->seal_fault;
}

static enum err pkcs12_open(const struct keyd_config *c, PKCS12 *p12, struct keyring *ring)
{
	struct buf password CLEANUP(buf_free);
	STACK_OF(X509) *others = NULL;
	enum err e;
	int parsed;

	buf_init(&password, 4096);
	if (is_set(c->seal_pkcs12_password_file))
		TRY(key_file_read(AT_FDCWD, c->seal_pkcs12_password_file, true, &password));
	while (password.size > 0 && strchr("\r\n", password.data[password.size - 1]) != NULL)
		password.size--;
	parsed = PKCS12_parse(p12, buf_str(&password), &ring->seal, &ring->seal_leaf, &others);
	ERR_clear_error();
	ENSURE(parsed == 1 && ring->seal != NULL && ring->seal_leaf != NULL, ERR_CRYPTO);
	e = der_append(&ring->seal_chain, ring->seal_leaf);
	for (int i = 0; e == OK && i < sk_X509_num(others); i++)
		e = der_append(&ring->seal_chain, sk_X509_value(others, i));
	sk_X509_pop_free(others, X509_free);
	return e;
}

static enum err pkcs12_read(struct keyring *ring)
{
	struct buf bytes CLEANUP(buf_free);
	const unsigned char *at;
	PKCS12 *p12;
	enum err e;

	buf_init(&bytes, KEY_FILE_MAX);
	TRY(key_file_read(AT_FDCWD, ring->config->seal_pkcs12_file, true, &bytes));
	at = bytes.data;
	p12 = d2i_PKCS12(NULL, &at, (long)bytes.size);
	ENSURE(p12 != NULL, ERR_CRYPTO);
	e = pkcs12_open(ring->config, p12, ring);
	PKCS12_free(p12);
	return e;
}

static enum err seal_read(struct keyring *ring)
{
	const struct keyd_config *c = ring->config;

	if (is_set(c->seal_pkcs12_file))
		return pkcs12_read(ring);
	if (is_set(c->seal_certificate_file) || is_set(c->seal_key_file)) {
		TRY(chain_pem_read(
		    AT_FDCWD, c->seal_certificate_file, &ring->seal_chain, &ring->seal_leaf));
		return key_pem_read(AT_FDCWD, c->seal_key_file, &ring->seal);
	}
	TRY(chain_pem_read(ring->keys, "seal.crt", &ring->seal_chain, &ring->seal_leaf));
	return key_pem_read(ring->keys, "seal.key", &ring->seal);
}

static bool key_works(EVP_PKEY *key, X509 *leaf)
{
	static const struct sign_form form = {"SHA256", false};
	struct span content = span_str("chirograph: the sealing key's test");
	struct buf signature CLEANUP(buf_free);
	EVP_MD_CTX *ctx CLEANUP(md_ctx_freep) = EVP_MD_CTX_new();

	buf_init(&signature, 4096);
	if (ctx == NULL || key_sign(key, &form, content, &signature) != OK)
		return false;
	return EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, X509_get0_pubkey(leaf)) == 1 &&
	       EVP_DigestVerify(ctx, signature.data, signature.size, content.data, content.size) ==
		   1;
}

static const char *seal_test(struct keyring *ring)
{
	time_t now = (time_t)(clock_now() / CLOCK_SECOND);
	EVP_PKEY *key = ring->seal;

	if (!EVP_PKEY_is_a(key, "EC") && !EVP_PKEY_is_a(key, "RSA"))
		return "the sealing key must be EC or RSA";
	if (EVP_PKEY_get_bits(key) < (EVP_PKEY_is_a(key, "RSA") ? 2048 : 256))
		return "the sealing key is too short";
	if (X509_cmp_time(X509_get0_notBefore(ring->seal_leaf), &now) >= 0)
		return "the sealing certificate is not valid yet";
	if (X509_cmp_time(X509_get0_notAfter(ring->seal_leaf), &now) <= 0)
		return "the sealing certificate has expired";
	if (!key_works(key, ring->seal_leaf))
		return "the sealing key does not match its certificate";
	return "";
}

static void seal_drop(struct keyring *ring)
{
	EVP_PKEY_free(ring->seal);
	X509_free(ring->seal_leaf);
	ring->seal = NULL;
	ring->seal_leaf = NULL;
	buf_reset(&ring->seal_chain);
}

void keyring_seal_reload(struct keyring *ring)
{
	enum err e;

	pthread_rwlock_wrlock(&ring->lock);
	seal_drop(ring);
	e = seal_read(ring);
	if (e != OK) {
		fault(ring, "the sealing key or its certificate cannot be read");
		seal_drop(ring);
	} else {
		fault(ring, seal_test(ring));
	}
	if (ring->seal_fault[0] != '\0')
		log_error("the sealing key does not work: nothing can be submitted",
		    "reason=\"%s\" error=%s", ring->seal_fault, err_symbol(e));
	pthread_rwlock_unlock(&ring->lock);
}

static enum err tls_read(struct keyring *ring, struct buf *chain, X509 **leaf, EVP_PKEY **key)
{
	const struct keyd_config *c = ring->config;
	bool is_own = !is_set(c->tls_certificate_file);
	int dir = is_own ? ring->keys : AT_FDCWD;

	TRY(chain_pem_read(dir, is_own ? "tls.crt" : c->tls_certificate_file, chain, leaf));
	TRY(key_pem_read(dir, is_own ? "tls.key" : c->tls_key_file, key));
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
	if (key_pem_read(ring->keys, "webhook.key", &ring->webhook) != OK) {
		log_error(
		    "the webhook key keys/webhook.key cannot be used", "folder=%s", config->data);
		return ERR_CONFIG;
	}
	keyring_seal_reload(ring);
	return keyring_tls_reload(ring);
}

void keyring_free(struct keyring *ring)
{
	for (size_t i = 0; i < KEYRING_TLS_KEPT; i++)
		EVP_PKEY_free(ring->tls[i].key);
	seal_drop(ring);
	EVP_PKEY_free(ring->webhook);
	buf_free(&ring->seal_chain);
	buf_free(&ring->tls_chain);
	secret_wipe(ring->root, sizeof(ring->root));
	if (ring->keys >= 0)
		close(ring->keys);
	pthread_rwlock_destroy(&ring->lock);
}
