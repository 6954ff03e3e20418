/*
 * The sealing key: read from what init made, from the operator's PKCS#12 file or from his PEM
 * files, and tried at once. Whatever is wrong becomes one sentence that says which file it is; the
 * server goes on without a seal, and reads again at SIGHUP and each hour. The chain is kept leaf
 * first, each certificate followed by the one that issued it, however the file was put together.
 */
#include "keyd/keyring.h"

#include "base/clock.h"
#include "base/log.h"
#include "keyd/own.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define PKCS12_MAX (64 * 1024)
#define CHAIN_MAX 8

/* What is being read, to be named when it does not work. */
struct reading {
	struct keyring *ring;
	const char *file;
	const char *why; /* NULL: the error says it */
	char certificate[GENERATION_NAME_MAX], key[GENERATION_NAME_MAX]; /* file may be one */
};

static bool is_set(const char *s)
{
	return s != NULL && s[0] != '\0';
}

static void because(struct keyring *ring, const char *file, const char *why)
{
	snprintf(ring->seal_fault, sizeof(ring->seal_fault), "%s%s%s", file,
	    file[0] != '\0' ? ": " : "", why);
}

static const char *why_of(enum err e)
{
	switch (e) {
	case ERR_NOT_FOUND: return "there is no such file";
	case ERR_CONFIG: return "others than the data folder's owner may read it: chmod 600";
	case ERR_IO: return "it cannot be read by the data folder's owner";
	case ERR_LIMIT: return "it is larger than any key file";
	default: return "it holds no usable key or certificate";
	}
}

static X509 *issuer_in(STACK_OF(X509) * others, X509 *of)
{
	if (X509_NAME_cmp(X509_get_subject_name(of), X509_get_issuer_name(of)) == 0)
		return NULL; /* the root */
	for (int i = 0; i < sk_X509_num(others); i++)
		if (X509_check_issued(sk_X509_value(others, i), of) == X509_V_OK)
			return sk_X509_value(others, i);
	return NULL;
}

static enum err chain_keep(struct keyring *ring, STACK_OF(X509) * others)
{
	X509 *at = ring->seal_leaf;

	for (int i = 0; at != NULL && i < CHAIN_MAX; i++) {
		TRY(der_append(&ring->seal_chain, at));
		at = issuer_in(others, at);
	}
	return OK;
}

/* Which part of PKCS12_parse failed: the file's MAC knows the password before anything else. */
static const char *pkcs12_why(PKCS12 *p12, const char *password)
{
	unsigned long code = ERR_peek_error();

	if (ERR_GET_REASON(code) == PKCS12_R_MAC_VERIFY_FAILURE ||
	    (PKCS12_mac_present(p12) == 1 && PKCS12_verify_mac(p12, password, -1) != 1))
		return "the password does not open it (seal.pkcs12_password_file)";
	for (; code != 0; code = ERR_get_error())
		if (ERR_GET_REASON(code) == ERR_R_UNSUPPORTED ||
		    ERR_GET_REASON(code) == EVP_R_UNSUPPORTED_ALGORITHM)
			return "it uses an old cipher that this OpenSSL does not have: export it "
			       "again with openssl pkcs12 -legacy -in OLD | openssl pkcs12 -export";
	return "it holds no key with its certificate";
}

static enum err password_read(struct reading *r, struct buf *password)
{
	const char *file = r->ring->config->seal_pkcs12_password_file;

	if (!is_set(file))
		return OK;
	r->file = file;
	TRY(key_file_read(AT_FDCWD, file, true, password));
	while (password->size > 0 && strchr("\r\n", password->data[password->size - 1]) != NULL)
		password->size--;
	return OK;
}

static enum err pkcs12_open(struct reading *r, PKCS12 *p12, struct buf *password)
{
	struct keyring *ring = r->ring;
	STACK_OF(X509) *others = NULL;
	enum err e = OK;

	ERR_clear_error();
	if (PKCS12_parse(p12, buf_str(password), &ring->seal, &ring->seal_leaf, &others) != 1 ||
	    ring->seal == NULL || ring->seal_leaf == NULL) {
		r->why = pkcs12_why(p12, buf_str(password));
		e = ERR_CRYPTO;
	}
	ERR_clear_error();
	if (e == OK)
		e = chain_keep(ring, others);
	sk_X509_pop_free(others, X509_free);
	return e;
}

static enum err pkcs12_read(struct reading *r)
{
	struct buf bytes CLEANUP(buf_free), password CLEANUP(buf_free);
	const unsigned char *at;
	PKCS12 *p12;
	enum err e;

	buf_init(&bytes, PKCS12_MAX);
	buf_init(&password, 4096);
	TRY(password_read(r, &password));
	r->file = r->ring->config->seal_pkcs12_file;
	TRY(key_file_read(AT_FDCWD, r->file, true, &bytes));
	at = bytes.data;
	p12 = d2i_PKCS12(NULL, &at, (long)bytes.size);
	if (p12 == NULL)
		r->why = "it is not a PKCS#12 file";
	ENSURE(p12 != NULL, ERR_CRYPTO);
	e = pkcs12_open(r, p12, &password);
	PKCS12_free(p12);
	return e;
}

static enum err others_read(struct span der, STACK_OF(X509) * others)
{
	const unsigned char *at = der.data, *end = der.data + der.size;

	while (at < end) {
		X509 *one = d2i_X509(NULL, &at, end - at);
		ENSURE(one != NULL, ERR_CRYPTO);
		if (sk_X509_push(others, one) <= 0) {
			X509_free(one);
			return ERR_MEMORY;
		}
	}
	return OK;
}

/* The first certificate is the leaf, unless another is the key's. */
static enum err leaf_choose(struct keyring *ring, STACK_OF(X509) * all)
{
	for (int i = 0; i < sk_X509_num(all); i++) {
		X509 *one = sk_X509_value(all, i);
		if (X509_check_private_key(one, ring->seal) != 1)
			continue;
		ENSURE(X509_up_ref(one) == 1, ERR_MEMORY);
		X509_free(ring->seal_leaf);
		ring->seal_leaf = one;
		break;
	}
	ERR_clear_error();
	return chain_keep(ring, all);
}

static enum err pem_read(struct reading *r, int dir, const char *certificates, const char *key)
{
	struct keyring *ring = r->ring;
	STACK_OF(X509) *all = sk_X509_new_null();
	struct buf der CLEANUP(buf_free);
	enum err e;

	buf_init(&der, PKCS12_MAX);
	ENSURE(all != NULL, ERR_MEMORY);
	r->file = certificates;
	e = chain_pem_read(dir, certificates, &der, &ring->seal_leaf);
	if (e == OK) {
		r->file = key;
		e = key_pem_read(dir, key, &ring->seal);
	}
	if (e == OK)
		e = others_read(buf_span(&der), all);
	if (e == OK)
		e = leaf_choose(ring, all);
	sk_X509_pop_free(all, X509_free);
	return e;
}

static enum err seal_read(struct reading *r)
{
	const struct keyd_config *c = r->ring->config;

	if (is_set(c->seal_pkcs12_file))
		return pkcs12_read(r);
	if (is_set(c->seal_certificate_file))
		return pem_read(r, AT_FDCWD, c->seal_certificate_file, c->seal_key_file);
	r->file = GENERATIONS_FILE;
	TRY(generation_names(r->ring->keys, CLASS_SEAL, r->certificate, r->key));
	return pem_read(r, r->ring->keys, r->certificate, r->key);
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

/* RFC 5280 §4.2.1.3: a key usage, when there is one, must allow signatures. */
static const char *certificate_test(X509 *leaf)
{
	time_t now = (time_t)(clock_now() / CLOCK_SECOND);

	if (X509_cmp_time(X509_get0_notBefore(leaf), &now) >= 0)
		return "the sealing certificate is not valid yet";
	if (X509_cmp_time(X509_get0_notAfter(leaf), &now) <= 0)
		return "the sealing certificate has expired";
	if ((X509_get_key_usage(leaf) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		return "the sealing certificate's key usage does not allow signatures "
		       "(digitalSignature)";
	return "";
}

static const char *seal_test(struct keyring *ring)
{
	EVP_PKEY *key = ring->seal;

	if (!EVP_PKEY_is_a(key, "EC") && !EVP_PKEY_is_a(key, "RSA"))
		return "the sealing key must be EC or RSA";
	if (EVP_PKEY_get_bits(key) < (EVP_PKEY_is_a(key, "RSA") ? 2048 : 256))
		return "the sealing key is too short";
	if (!key_works(key, ring->seal_leaf))
		return "the sealing key does not match its certificate";
	return certificate_test(ring->seal_leaf);
}

void keyring_seal_drop(struct keyring *ring)
{
	EVP_PKEY_free(ring->seal);
	X509_free(ring->seal_leaf);
	ring->seal = NULL;
	ring->seal_leaf = NULL;
	buf_reset(&ring->seal_chain);
}

void keyring_seal_reload(struct keyring *ring)
{
	struct reading r = {.ring = ring, .file = ""};
	enum err e;

	pthread_rwlock_wrlock(&ring->lock);
	keyring_seal_drop(ring);
	e = seal_read(&r);
	if (e != OK) {
		because(ring, r.file, r.why != NULL ? r.why : why_of(e));
		keyring_seal_drop(ring);
	} else {
		because(ring, "", seal_test(ring));
	}
	if (ring->seal_fault[0] != '\0')
		log_error("the sealing key does not work: nothing can be submitted",
		    "reason=%s error=%s", ring->seal_fault, err_symbol(e));
	pthread_rwlock_unlock(&ring->lock);
}

/* RC2 and 3DES of old PKCS#12 files live in a module that cannot be loaded inside the sandbox.
 * Naming one provider ends the silent default, so both are named. */
void keyring_seal_prepare(struct keyring *ring)
{
	if (!is_set(ring->config->seal_pkcs12_file))
		return;
	if (OSSL_PROVIDER_load(NULL, "default") == NULL ||
	    OSSL_PROVIDER_load(NULL, "legacy") == NULL)
		log_debug("no legacy ciphers for old PKCS#12 files", "file=%s",
		    ring->config->seal_pkcs12_file);
	ERR_clear_error();
}
