/*
 * Private keys in files: PKCS#1, SEC1 and PKCS#8, with or without a passphrase. Only command line,
 * library and keyd call this; the server never takes a private key from anybody.
 */
#include "sign/key.h"

#include "base/limits.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <string.h>

#define KEY_TEXT_MAX (64 * LIMIT_KB)
#define PASSPHRASE_MAX 1024
/* OWASP's number for PBKDF2 with HMAC-SHA-256 (2023). */
#define PBKDF2_ROUNDS 600000

struct asked {
	struct span passphrase;
	bool was_asked;
};

static int give_passphrase(char *out, int size, int is_writing, void *ctx)
{
	struct asked *a = ctx;
	a->was_asked = true;
	if (a->passphrase.size == 0 || a->passphrase.size > (size_t)size)
		return -1;
	memcpy(out, a->passphrase.data, a->passphrase.size);
	return (int)a->passphrase.size;
}

static bool has(struct span text, const char *needle)
{
	return text.data != NULL && memmem(text.data, text.size, needle, strlen(needle)) != NULL;
}

static enum err explain(struct span text, struct fault *fault)
{
	const char *advice = "A part of it is missing or damaged.";
	if (has(text, "OPENSSH PRIVATE KEY"))
		advice = "This is OpenSSH's own form. Convert it: ssh-keygen -p -m PEM -f FILE";
	else if (has(text, "PUBLIC KEY"))
		advice = "This is the public half; the private one is needed.";
	else if (!has(text, "PRIVATE KEY"))
		advice = "It has no line -----BEGIN … PRIVATE KEY-----.";
	return fault_set(fault, ERR_KEY_FORM, NULL, "%s", advice);
}

enum err key_private_read(
    struct span pem, struct span passphrase, EVP_PKEY **out, struct fault *fault)
{
	struct asked asked = {passphrase, false};
	enum key_kind kind;
	*out = NULL;
	pem = key_text_trim(pem);
	if (pem.size == 0 || pem.size > KEY_TEXT_MAX)
		return fault_set(fault, ERR_KEY_FORM, NULL, "It is empty or too long.");
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	ENSURE(bio != NULL, ERR_MEMORY);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &asked);
	BIO_free(bio);
	ERR_clear_error();
	if (key == NULL)
		return asked.was_asked ? fault_set(fault, ERR_KEY_PASSPHRASE, NULL, "%s", "")
				       : explain(pem, fault);
	if (key_kind_of(key, &kind) != OK) {
		EVP_PKEY_free(key);
		return fault_set(
		    fault, ERR_KEY_TYPE, NULL, "P-521, P-384, P-256, RSA and Ed25519 can be used.");
	}
	*out = key;
	return OK;
}

/* RFC 5958 EncryptedPrivateKeyInfo: PBES2, PBKDF2, AES-256-CBC. */
static bool write_encrypted(BIO *bio, EVP_PKEY *key, struct span passphrase)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	X509_SIG *sealed = info == NULL
			       ? NULL
			       : PKCS8_encrypt(-1, EVP_aes_256_cbc(), (const char *)passphrase.data,
				     (int)passphrase.size, NULL, 0, PBKDF2_ROUNDS, info);
	bool is_done = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1;
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(info);
	return is_done;
}

static bool write_key(BIO *bio, EVP_PKEY *key, bool is_traditional, struct span passphrase)
{
	bool is_secret = passphrase.size > 0;
	if (is_traditional)
		return PEM_write_bio_PrivateKey_traditional(bio, key,
			   is_secret ? EVP_aes_256_cbc() : NULL,
			   is_secret ? (const unsigned char *)passphrase.data : NULL,
			   (int)passphrase.size, NULL, NULL) == 1;
	if (is_secret)
		return write_encrypted(bio, key, passphrase);
	return PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
}

static enum err take_bio(BIO *bio, bool is_done, struct buf *out)
{
	char *data = NULL;
	long size = is_done ? BIO_get_mem_data(bio, &data) : 0;
	if (size > 0)
		buf_put(out, data, (size_t)size);
	if (data != NULL)
		secret_wipe(data, (size_t)size);
	BIO_free(bio);
	ERR_clear_error();
	ENSURE(size > 0, ERR_CRYPTO);
	return buf_done(out);
}

enum err key_private_pem(
    EVP_PKEY *key, bool is_traditional, struct span passphrase, struct buf *out)
{
	ENSURE(passphrase.size <= PASSPHRASE_MAX, ERR_LIMIT);
	if (EVP_PKEY_is_a(key, "ED25519"))
		is_traditional = false;
	BIO *bio = BIO_new(BIO_s_mem());
	ENSURE(bio != NULL, ERR_MEMORY);
	return take_bio(bio, write_key(bio, key, is_traditional, passphrase), out);
}

enum err key_public_pem(EVP_PKEY *key, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	ENSURE(bio != NULL, ERR_MEMORY);
	return take_bio(bio, PEM_write_bio_PUBKEY(bio, key) == 1, out);
}

enum err key_make(enum key_kind kind, unsigned rsa_bits, EVP_PKEY **out)
{
	*out = NULL;
	switch (kind) {
	case KEY_P521: *out = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"); break;
	case KEY_P384: *out = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"); break;
	case KEY_P256: *out = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); break;
	case KEY_ED25519: *out = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); break;
	case KEY_RSA:
		ENSURE(rsa_bits >= 2048 && rsa_bits <= 8192, ERR_KEY_WEAK);
		*out = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits);
		break;
	}
	return *out != NULL ? OK : ERR_CRYPTO;
}
