/*
 * CMS by hand where OpenSSL would add a signing time: PAdES baseline forbids that attribute, so
 * CMS_final is never called. Attributes are content type, message digest and signing
 * certificate (v2), nothing else, sorted as DER wants them: the same digest and leaf always
 * give the same bytes, which is how a seal is checked afterwards.
 */
#include "pdf/seal.h"

#include "base/limits.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#define ATTRIBUTES_MAX 8
#define ATTRIBUTE_BYTES 2048
#define CMS_FLAGS (CMS_DETACHED | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | CMS_CADES)

struct chain {
	X509 *certs[SEAL_CHAIN_MAX];
	size_t count;
};

static void chain_free(struct chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		X509_free(c->certs[i]);
}

static void cms_free(CMS_ContentInfo **cms)
{
	CMS_ContentInfo_free(*cms);
}

static enum err chain_read(struct span der, struct chain *out)
{
	*out = (struct chain){.count = 0};
	ENSURE(der.size > 0, ERR_CRYPTO);
	const unsigned char *at = der.data, *end = der.data + der.size;
	while (at < end) {
		ENSURE(out->count < SEAL_CHAIN_MAX, ERR_CRYPTO);
		X509 *cert = d2i_X509(NULL, &at, end - at);
		ENSURE(cert != NULL, ERR_CRYPTO);
		out->certs[out->count++] = cert;
	}
	return OK;
}

/* RFC 5652 §11.1, §11.2; OpenSSL adds signing-certificate-v2 (RFC 5035) for CMS_CADES. */
static bool add_attributes(CMS_SignerInfo *si, const uint8_t digest[SHA256_SIZE])
{
	return CMS_signed_add1_attr_by_NID(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
		   OBJ_nid2obj(NID_pkcs7_data), -1) == 1 &&
	       CMS_signed_add1_attr_by_NID(
		   si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, digest, SHA256_SIZE) == 1;
}

/* A CMS that lacks only its signature. The public key stands in for the private one, which
 * OpenSSL only compares with the certificate and uses to choose the algorithm. */
static enum err cms_new(
    const struct chain *chain, const uint8_t digest[SHA256_SIZE], CMS_ContentInfo **out)
{
	X509 *leaf = chain->certs[0];
	*out = CMS_sign(NULL, NULL, NULL, NULL, CMS_FLAGS);
	ENSURE(*out != NULL, ERR_CRYPTO);
	CMS_SignerInfo *si =
	    CMS_add1_signer(*out, leaf, X509_get0_pubkey(leaf), EVP_sha256(), CMS_FLAGS);
	ENSURE(si != NULL && add_attributes(si, digest), ERR_CRYPTO);
	for (size_t i = 1; i < chain->count; i++)
		ENSURE(CMS_add1_cert(*out, chain->certs[i]) == 1, ERR_CRYPTO);
	return OK;
}

static CMS_SignerInfo *only_signer(CMS_ContentInfo *cms)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	return sk_CMS_SignerInfo_num(signers) == 1 ? sk_CMS_SignerInfo_value(signers, 0) : NULL;
}

struct attribute {
	uint8_t der[ATTRIBUTE_BYTES];
	size_t size;
};

/* X.690 §11.6: as octet strings, the shorter one padded with zeros */
static int by_der(const void *left, const void *right)
{
	const struct attribute *l = left, *r = right;
	size_t n = l->size < r->size ? l->size : r->size;
	int order = memcmp(l->der, r->der, n);
	return order != 0 ? order : (l->size > r->size) - (l->size < r->size);
}

static void put_length(struct buf *out, size_t size)
{
	if (size >= 256) {
		buf_put_byte(out, 0x82);
		buf_put_byte(out, (uint8_t)(size >> 8));
	} else if (size >= 128) {
		buf_put_byte(out, 0x81);
	}
	buf_put_byte(out, (uint8_t)size);
}

/* OpenSSL keeps the set encoder to itself: each attribute alone, sorted, in one SET OF. */
static enum err attributes_encode(CMS_SignerInfo *si, struct buf *out)
{
	struct attribute list[ATTRIBUTES_MAX];
	size_t total = 0;
	int count = CMS_signed_get_attr_count(si);
	ENSURE(count > 0 && count <= ATTRIBUTES_MAX, ERR_CRYPTO);
	for (int i = 0; i < count; i++) {
		X509_ATTRIBUTE *attribute = CMS_signed_get_attr(si, i);
		int size = i2d_X509_ATTRIBUTE(attribute, NULL);
		ENSURE(size > 0 && size <= ATTRIBUTE_BYTES, ERR_CRYPTO);
		unsigned char *at = list[i].der;
		list[i].size = (size_t)i2d_X509_ATTRIBUTE(attribute, &at);
		total += list[i].size;
	}
	qsort(list, (size_t)count, sizeof list[0], by_der);
	buf_put_byte(out, V_ASN1_SET | V_ASN1_CONSTRUCTED);
	put_length(out, total);
	for (int i = 0; i < count; i++)
		buf_put(out, list[i].der, list[i].size);
	return buf_done(out);
}

enum err seal_attributes(struct span der, const uint8_t digest[SHA256_SIZE], struct buf *out)
{
	struct chain chain CLEANUP(chain_free) = {.count = 0};
	CMS_ContentInfo *cms CLEANUP(cms_free) = NULL;
	TRY(chain_read(der, &chain));
	TRY(cms_new(&chain, digest, &cms));
	CMS_SignerInfo *si = only_signer(cms);
	ENSURE(si != NULL, ERR_CRYPTO);
	return attributes_encode(si, out);
}

static bool signature_is_good(CMS_SignerInfo *si, X509 *leaf)
{
	CMS_SignerInfo_set1_signer_cert(si, leaf);
	bool is_good = CMS_SignerInfo_verify(si) == 1;
	ERR_clear_error();
	return is_good;
}

static enum err cms_encode(CMS_ContentInfo *cms, struct buf *out)
{
	int size = i2d_CMS_ContentInfo(cms, NULL);
	ENSURE(size > 0, ERR_CRYPTO);
	unsigned char *at = buf_extend(out, (size_t)size);
	ENSURE(at != NULL, out->failed);
	ENSURE(i2d_CMS_ContentInfo(cms, &at) == size, ERR_CRYPTO);
	return OK;
}

/* A signature that does not verify is put in all the same: seal_check finds it. */
static enum err cms_signed(const struct chain *chain, const uint8_t digest[SHA256_SIZE],
    struct span signature, struct buf *out)
{
	CMS_ContentInfo *cms CLEANUP(cms_free) = NULL;
	ENSURE(signature.size > 0 && signature.size <= LIMIT_KB, ERR_CRYPTO);
	TRY(cms_new(chain, digest, &cms));
	CMS_SignerInfo *si = only_signer(cms);
	ENSURE(si != NULL, ERR_CRYPTO);
	ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);
	ENSURE(ASN1_STRING_set(value, signature.data, (int)signature.size) == 1, ERR_CRYPTO);
	return cms_encode(cms, out);
}

enum err seal_cms(
    struct span der, const uint8_t digest[SHA256_SIZE], struct span signature, struct buf *out)
{
	struct chain chain CLEANUP(chain_free) = {.count = 0};
	TRY(chain_read(der, &chain));
	TRY(cms_signed(&chain, digest, signature, out));
	/* checked as it will be read: OpenSSL verifies attributes in the order it finds them */
	return seal_check(buf_span(out), der, digest);
}

static bool chain_holds(const struct chain *c)
{
	bool holds = true;
	for (size_t i = 0; i + 1 < c->count; i++)
		holds = holds && X509_verify(c->certs[i], X509_get0_pubkey(c->certs[i + 1])) == 1;
	ERR_clear_error();
	return holds;
}

static bool only_zeros(const unsigned char *at, const unsigned char *end)
{
	while (at < end && *at == 0)
		at++;
	return at == end;
}

/* The file's CMS must be, byte for byte, the one we make for this digest, chain and signature. */
static enum err cms_matches(
    struct span found, CMS_SignerInfo *si, const struct chain *chain, const uint8_t *digest)
{
	struct buf expected CLEANUP(buf_free) = {0};
	const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);
	buf_init(&expected, LIMIT_MB);
	TRY(cms_signed(chain, digest,
	    span_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)), &expected));
	ENSURE(span_equal(buf_span(&expected), found), ERR_CRYPTO);
	return OK;
}

enum err seal_check(struct span der, struct span chain_der, const uint8_t digest[SHA256_SIZE])
{
	struct chain chain CLEANUP(chain_free) = {.count = 0};
	CMS_ContentInfo *cms CLEANUP(cms_free) = NULL;
	const unsigned char *at = der.data;
	TRY(chain_read(chain_der, &chain));
	cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.size);
	ENSURE(cms != NULL && only_zeros(at, der.data + der.size), ERR_CRYPTO);
	CMS_SignerInfo *si = only_signer(cms);
	ENSURE(si != NULL, ERR_CRYPTO);
	struct span found = span_of(der.data, (size_t)(at - der.data));
	TRY(cms_matches(found, si, &chain, digest));
	ENSURE(signature_is_good(si, chain.certs[0]), ERR_CRYPTO);
	ENSURE(chain_holds(&chain), ERR_CRYPTO);
	return OK;
}
