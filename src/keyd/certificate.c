/*
 * Building certificates (RFC 5280). The sealing leaf may sign and commit (digitalSignature,
 * nonRepudiation) and nothing else; the authority may sign certificates and nothing else.
 */
#include "keyd/certificate.h"

#include "base/crypto.h"
#include "keyd/own.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <string.h>

static enum err serial_set(X509 *c)
{
	uint8_t bytes[16];
	BIGNUM *number;
	bool done;

	TRY(random_bytes(bytes, sizeof(bytes)));
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, always 16 bytes */
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(c)) != NULL;
	BN_free(number);
	return done ? OK : ERR_CRYPTO;
}

static bool name_add(X509_NAME *name, const char *field, const char *value)
{
	return X509_NAME_add_entry_by_txt(
		   name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) == 1;
}

/* RFC 5280 upper bound: 64 characters; a longer organisation's name is cut at a character. */
static void cut_name(const char *in, char out[128])
{
	size_t size = 0, characters = 0;

	while (in[size] != '\0' && size < 120) {
		if (((unsigned char)in[size] & 0xc0) != 0x80 && ++characters > 64)
			break;
		size++;
	}
	while (in[size] != '\0' && size > 0 && ((unsigned char)in[size] & 0xc0) == 0x80)
		size--;
	memcpy(out, in, size);
	out[size] = '\0';
}

static enum err subject_set(X509 *c, const struct certificate_form *form)
{
	X509_NAME *subject = X509_get_subject_name(c);
	char organisation[128];

	cut_name(form->organisation, organisation);
	if (organisation[0] != '\0')
		ENSURE(name_add(subject, "O", organisation), ERR_CRYPTO);
	ENSURE(name_add(subject, "CN", form->name), ERR_CRYPTO);
	return OK;
}

static enum err extension_add(X509 *c, X509V3_CTX *v3, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_nconf_nid(NULL, v3, nid, value);
	bool done = e != NULL && X509_add_ext(c, e, -1) == 1;

	X509_EXTENSION_free(e);
	return done ? OK : ERR_CRYPTO;
}

static GENERAL_NAME *host_name(const char *host)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);

	if (name == NULL || text == NULL || ASN1_STRING_set(text, host, -1) != 1) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(text);
		ASN1_OCTET_STRING_free(address);
		return NULL;
	}
	if (address != NULL) {
		ASN1_IA5STRING_free(text);
		GENERAL_NAME_set0_value(name, GEN_IPADD, address);
	} else {
		GENERAL_NAME_set0_value(name, GEN_DNS, text);
	}
	return name;
}

static enum err hosts_add(X509 *c, const char *const *hosts)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool done = names != NULL;

	for (size_t i = 0; done && hosts[i] != NULL; i++) {
		GENERAL_NAME *name = host_name(hosts[i]);
		done = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
	}
	done =
	    done && X509_add1_ext_i2d(c, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return done ? OK : ERR_CRYPTO;
}

static enum err usage_add(X509 *c, X509V3_CTX *v3, const struct certificate_form *form)
{
	if (form->is_authority) {
		TRY(extension_add(c, v3, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
		return extension_add(c, v3, NID_key_usage, "critical,keyCertSign,cRLSign");
	}
	TRY(extension_add(c, v3, NID_basic_constraints, "critical,CA:FALSE"));
	if (form->is_seal)
		return extension_add(
		    c, v3, NID_key_usage, "critical,digitalSignature,nonRepudiation");
	TRY(extension_add(c, v3, NID_key_usage, "critical,digitalSignature"));
	TRY(extension_add(c, v3, NID_ext_key_usage, "serverAuth"));
	return hosts_add(c, form->hosts);
}

static enum err extensions_add(X509 *c, X509 *issuer, const struct certificate_form *form)
{
	X509V3_CTX v3;

	X509V3_set_ctx(&v3, issuer, c, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&v3);
	TRY(usage_add(c, &v3, form));
	TRY(extension_add(c, &v3, NID_subject_key_identifier, "hash"));
	return extension_add(c, &v3, NID_authority_key_identifier, "keyid:always");
}

enum err certificate_make(const struct certificate_form *form, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key, X509 **out)
{
	X509 *c CLEANUP(x509_freep) = X509_new();

	ENSURE(c != NULL, ERR_MEMORY);
	ENSURE(X509_set_version(c, X509_VERSION_3) == 1, ERR_CRYPTO);
	TRY(serial_set(c));
	TRY(subject_set(c, form));
	ENSURE(X509_set_issuer_name(c, X509_get_subject_name(issuer != NULL ? issuer : c)) == 1,
	    ERR_CRYPTO);
	ENSURE(X509_gmtime_adj(X509_getm_notBefore(c), -60) != NULL, ERR_CRYPTO);
	ENSURE(X509_time_adj_ex(X509_getm_notAfter(c), form->days, -60, NULL) != NULL, ERR_CRYPTO);
	ENSURE(X509_set_pubkey(c, key) == 1, ERR_CRYPTO);
	TRY(extensions_add(c, issuer != NULL ? issuer : c, form));
	ENSURE(X509_sign(c, issuer_key != NULL ? issuer_key : key, EVP_sha256()) > 0, ERR_CRYPTO);
	*out = c;
	c = NULL;
	return OK;
}
