/* See the header. Failures abort: this is a test's own ground. */
#include "seal_support.h"

#include "base/limits.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	must(e != NULL && X509_add_ext(cert, e, -1) == 1);
	X509_EXTENSION_free(e);
}

/* issuer NULL: signed by itself */
static X509 *certificate(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *c = X509_new();
	X509_NAME *subject = X509_get_subject_name(c);
	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), issuer == NULL ? 1 : 2);
	X509_gmtime_adj(X509_getm_notBefore(c), -3600);
	X509_gmtime_adj(X509_getm_notAfter(c), 365L * 24 * 3600);
	X509_set_pubkey(c, key);
	X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(c, issuer == NULL ? subject : X509_get_subject_name(issuer));
	extension(c, NID_basic_constraints, issuer == NULL ? "critical,CA:TRUE" : "CA:FALSE");
	extension(c, NID_key_usage, issuer == NULL ? "keyCertSign,cRLSign" : "nonRepudiation");
	must(X509_sign(c, issuer == NULL ? key : issuer_key, EVP_sha256()) > 0);
	return c;
}

static void put_certificate(struct buf *out, X509 *c)
{
	int size = i2d_X509(c, NULL);
	must(size > 0);
	unsigned char *at = buf_extend(out, (size_t)size);
	must(at != NULL && i2d_X509(c, &at) == size);
}

void test_seal_new(struct test_seal *s, bool rsa)
{
	EVP_PKEY *authority_key = EVP_EC_gen("P-256");
	s->key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	must(authority_key != NULL && s->key != NULL);
	s->authority = certificate(authority_key, "Test authority", NULL, NULL);
	X509 *leaf = certificate(s->key, "Test seal", s->authority, authority_key);
	buf_init(&s->chain, LIMIT_BODY_DEFAULT);
	put_certificate(&s->chain, leaf);
	put_certificate(&s->chain, s->authority);
	X509_free(leaf);
	EVP_PKEY_free(authority_key);
}

void test_seal_free(struct test_seal *s)
{
	EVP_PKEY_free(s->key);
	X509_free(s->authority);
	buf_free(&s->chain);
}

enum err test_seal_sign(void *seal, struct span attributes, struct buf *signature)
{
	struct test_seal *s = seal;
	unsigned char text[512];
	size_t size = sizeof text;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	must(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, s->key) == 1);
	must(EVP_DigestSign(c, text, &size, attributes.data, attributes.size) == 1);
	EVP_MD_CTX_free(c);
	buf_put(signature, text, size);
	return buf_done(signature);
}

int test_press_spawn(void *ctx)
{
	int pair[2];
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	pid_t child = fork();
	must(child >= 0);
	if (child == 0) {
		close(pair[0]);
#ifndef CHIROGRAPH_SANITIZED
		setrlimit(RLIMIT_AS, &(struct rlimit){LIMIT_PRESS_MEMORY, LIMIT_PRESS_MEMORY});
#endif
		setrlimit(
		    RLIMIT_CPU, &(struct rlimit){LIMIT_PRESS_MS / 1000, LIMIT_PRESS_MS / 1000});
		_exit(press_serve(pair[1]));
	}
	close(pair[1]);
	return pair[0];
}
