/*
 * What may be signed. keyd signs no bytes it does not understand: a sealing request must be the
 * signed attributes of a PAdES signature made with our certificate, a TLS request the bytes of a
 * handshake. A thief of front's power can seal documents while he is there, but gains no general
 * signing oracle.
 */
#include "keyd/keyring.h"

#include <openssl/asn1.h>
#include <openssl/ess.h>
#include <openssl/objects.h>
#include <string.h>

struct seal_form {
	bool has_content_type, has_digest, has_certificate;
	const char *reason;
};

/* The value of an attribute that must hold exactly one. */
static ASN1_TYPE *single_value(X509_ATTRIBUTE *a)
{
	return X509_ATTRIBUTE_count(a) == 1 ? X509_ATTRIBUTE_get0_type(a, 0) : NULL;
}

static bool names_leaf(const ASN1_TYPE *value, X509 *leaf)
{
	const uint8_t *at;
	uint8_t digest[SHA256_SIZE];
	unsigned size = 0;
	const ASN1_STRING *der = value->value.sequence;
	uint8_t *found;

	if (value->type != V_ASN1_SEQUENCE || X509_digest(leaf, EVP_sha256(), digest, &size) != 1)
		return false;
	at = ASN1_STRING_get0_data(der);
	/* RFC 5035 §4: SigningCertificateV2 { ESSCertIDv2 { [hashAlgorithm], certHash, … } }; the
	 * hash stands in the first certificate identifier, which names the signer. */
	found = memmem(at, (size_t)ASN1_STRING_length(der), digest, SHA256_SIZE);
	return found != NULL && found - at <= 48;
}

static void attribute_check(struct seal_form *form, X509_ATTRIBUTE *a, X509 *leaf)
{
	ASN1_TYPE *value = single_value(a);
	bool *seen = NULL;
	bool fits = false;

	if (value == NULL) {
		form->reason = "an attribute without exactly one value";
		return;
	}
	switch (OBJ_obj2nid(X509_ATTRIBUTE_get0_object(a))) {
	case NID_pkcs9_contentType:
		seen = &form->has_content_type;
		fits = value->type == V_ASN1_OBJECT &&
		       OBJ_obj2nid(value->value.object) == NID_pkcs7_data;
		break;
	case NID_pkcs9_messageDigest:
		seen = &form->has_digest;
		fits = value->type == V_ASN1_OCTET_STRING &&
		       ASN1_STRING_length(value->value.octet_string) == SHA256_SIZE;
		break;
	case NID_id_smime_aa_signingCertificateV2:
		seen = &form->has_certificate;
		fits = names_leaf(value, leaf);
		break;
	case NID_pkcs9_signingTime:
		form->reason = "signingTime";
		return; /* ETSI EN 319 142-1 §6.3 */
	default: return;
	}
	if (*seen || !fits)
		form->reason = "an attribute that is doubled or has a wrong value";
	*seen = true;
}

enum err seal_form_check(struct span attributes, X509 *leaf, const char **reason)
{
	struct seal_form form = {false, false, false, NULL};
	const unsigned char *at = attributes.data, *end;
	long size = 0;
	int tag = 0, class = 0;

	*reason = "not one DER SET";
	ENSURE(attributes.size > 0 && attributes.size <= 65536, ERR_BAD_REQUEST);
	ENSURE(attributes.data[0] == 0x31, ERR_BAD_REQUEST);
	ENSURE(
	    ASN1_get_object(&at, &size, &tag, &class, (long)attributes.size) == V_ASN1_CONSTRUCTED,
	    ERR_BAD_REQUEST);
	end = at + size;
	ENSURE(end == attributes.data + attributes.size, ERR_BAD_REQUEST);
	while (at < end && form.reason == NULL) {
		X509_ATTRIBUTE *a = d2i_X509_ATTRIBUTE(NULL, &at, end - at);
		ENSURE(a != NULL, ERR_BAD_REQUEST);
		attribute_check(&form, a, leaf);
		X509_ATTRIBUTE_free(a);
	}
	*reason = form.reason != NULL ? form.reason : "a required attribute is missing";
	ENSURE(form.reason == NULL, ERR_BAD_REQUEST);
	ENSURE(form.has_content_type && form.has_digest && form.has_certificate, ERR_BAD_REQUEST);
	*reason = NULL;
	return OK;
}

/* RFC 8446 §4.4.3: 64 spaces, the context string, a zero byte, the transcript hash. */
static bool is_tls13(struct span content)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";

	if (content.size <= 64 + sizeof(context))
		return false;
	for (size_t i = 0; i < 64; i++)
		if (content.data[i] != 0x20)
			return false;
	return span_equal(
	    span_of(content.data + 64, sizeof(context)), span_of(context, sizeof(context)));
}

/* RFC 8422 §5.4: both randoms, then ECParameters of a named curve, then the point. */
static bool is_tls12(struct span content)
{
	return content.size > 68 && content.size <= 64 + 4 + 133 && content.data[64] == 3 &&
	       content.data[67] == content.size - 68;
}

bool handshake_form_check(struct span content)
{
	return is_tls13(content) || is_tls12(content);
}
