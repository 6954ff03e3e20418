/*
 * An OpenSSL provider with two key types and two signatures, whose private keys are names: to sign
 * is to ask keyd. It lives in a library context of its own, used by nothing but the TLS server.
 *
 * No EXPORT function, on purpose: with one, libcrypto would copy the (public) key into its default
 * provider and try to sign there (do_sigver_init in OpenSSL 3.0). IMPORT and MATCH are there so
 * that libssl can compare the key with its certificate.
 */
#include "keyd/client.h"
#include "keyd/own.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <string.h>

#define PROVIDER "chirograph"
#define PARAM_KEY "chirograph-key" /* octet string: a pointer to struct remote */

struct remote {
	struct keyd *keyd; /* NULL: only a public key, made to be compared */
	EVP_PKEY *public_key;
	uint8_t id[SHA256_SIZE];
};

struct signing {
	struct remote *key;
	struct tls_request request;
};

static void *remote_new(void *provider)
{
	return mem_alloc(sizeof(struct remote));
}

static void remote_free(void *key)
{
	struct remote *remote = key;

	if (remote == NULL)
		return;
	EVP_PKEY_free(remote->public_key);
	mem_free(remote, sizeof(*remote));
}

static int remote_has(const void *key, int selection)
{
	const struct remote *remote = key;

	if (remote == NULL || remote->public_key == NULL)
		return 0;
	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || remote->keyd != NULL;
}

static int remote_match(const void *a, const void *b, int selection)
{
	const struct remote *left = a, *right = b;

	return EVP_PKEY_eq(left->public_key, right->public_key) == 1;
}

static int remote_copy(struct remote *out, const OSSL_PARAM *handle)
{
	struct remote *from = NULL;

	if (handle->data_size != sizeof(from))
		return 0;
	memcpy(&from, handle->data, sizeof(from));
	if (EVP_PKEY_up_ref(from->public_key) != 1)
		return 0;
	*out = *from;
	return 1;
}

static int remote_import(struct remote *out, const char *type, const OSSL_PARAM params[])
{
	const OSSL_PARAM *handle = OSSL_PARAM_locate_const(params, PARAM_KEY);
	EVP_PKEY_CTX *ctx CLEANUP(pkey_ctx_freep) = NULL;

	if (handle != NULL)
		return remote_copy(out, handle);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	return ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	       EVP_PKEY_fromdata(
		   ctx, &out->public_key, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)params) == 1;
}

static int import_ec(void *key, int selection, const OSSL_PARAM params[])
{
	return remote_import(key, "EC", params);
}

static int import_rsa(void *key, int selection, const OSSL_PARAM params[])
{
	return remote_import(key, "RSA", params);
}

static const OSSL_PARAM *import_types(int selection)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_octet_string(PARAM_KEY, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
	    OSSL_PARAM_END,
	};

	return types;
}

static int remote_get_params(void *key, OSSL_PARAM params[])
{
	const struct remote *remote = key;

	return EVP_PKEY_get_params(remote->public_key, params);
}

static const OSSL_PARAM *remote_gettable(void *provider)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
	    OSSL_PARAM_END,
	};

	return types;
}

static const char *ec_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

static const char *rsa_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "RSA" : NULL;
}

static void *signing_new(void *provider, const char *properties)
{
	return mem_alloc(sizeof(struct signing));
}

static void signing_free(void *ctx)
{
	mem_free(ctx, sizeof(struct signing));
}

static void *signing_dup(void *ctx)
{
	struct signing *copy = mem_alloc(sizeof(*copy));

	if (copy != NULL)
		*copy = *(struct signing *)ctx;
	return copy;
}

static int signing_set(void *ctx, const OSSL_PARAM params[])
{
	struct signing *s = ctx;
	const OSSL_PARAM *pad =
	    params == NULL ? NULL : OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	int mode = 0;

	if (pad == NULL)
		return 1;
	if (pad->data_type == OSSL_PARAM_UTF8_STRING)
		s->request.is_pss = strcmp(pad->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else if (OSSL_PARAM_get_int(pad, &mode) == 1)
		s->request.is_pss = mode == RSA_PKCS1_PSS_PADDING;
	return 1;
}

static const OSSL_PARAM *signing_settable(void *ctx, void *provider)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
	    OSSL_PARAM_END,
	};

	return types;
}

static int signing_start(void *ctx, const char *digest, void *key, const OSSL_PARAM params[])
{
	struct signing *s = ctx;

	s->key = key;
	if (s->key == NULL || s->key->keyd == NULL)
		return 0;
	memcpy(s->request.key_id, s->key->id, SHA256_SIZE);
	s->request.is_pss = false;
	snprintf(s->request.digest, sizeof(s->request.digest), "%s", digest == NULL ? "" : digest);
	return signing_set(ctx, params);
}

static int signing_sign(void *ctx, unsigned char *out, size_t *size, size_t room,
    const unsigned char *content, size_t content_size)
{
	struct signing *s = ctx;
	struct buf signature CLEANUP(buf_free);

	buf_init(&signature, room);
	if (out == NULL) {
		*size = (size_t)EVP_PKEY_get_size(s->key->public_key);
		return 1;
	}
	s->request.content = span_of(content, content_size);
	if (keyd_tls_sign(s->key->keyd, &s->request, &signature) != OK)
		return 0;
	memcpy(out, signature.data, signature.size);
	*size = signature.size;
	return 1;
}

#define ENTRY(id, function) \
	{ \
		id, (void (*)(void))(function) \
	}

#define KEYMGMT(type) \
	static const OSSL_DISPATCH type##_keymgmt[] = { \
	    ENTRY(OSSL_FUNC_KEYMGMT_NEW, remote_new), \
	    ENTRY(OSSL_FUNC_KEYMGMT_FREE, remote_free), \
	    ENTRY(OSSL_FUNC_KEYMGMT_HAS, remote_has), \
	    ENTRY(OSSL_FUNC_KEYMGMT_MATCH, remote_match), \
	    ENTRY(OSSL_FUNC_KEYMGMT_IMPORT, import_##type), \
	    ENTRY(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, import_types), \
	    ENTRY(OSSL_FUNC_KEYMGMT_GET_PARAMS, remote_get_params), \
	    ENTRY(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, remote_gettable), \
	    ENTRY(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, type##_operation), \
	    {0, NULL}, \
	}

KEYMGMT(ec);
KEYMGMT(rsa);

static const OSSL_DISPATCH signature_functions[] = {
    ENTRY(OSSL_FUNC_SIGNATURE_NEWCTX, signing_new),
    ENTRY(OSSL_FUNC_SIGNATURE_FREECTX, signing_free),
    ENTRY(OSSL_FUNC_SIGNATURE_DUPCTX, signing_dup),
    ENTRY(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signing_start),
    ENTRY(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signing_sign),
    ENTRY(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signing_set),
    ENTRY(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signing_settable),
    {0, NULL},
};

static const OSSL_ALGORITHM keymgmts[] = {
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=" PROVIDER, ec_keymgmt, NULL},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=" PROVIDER, rsa_keymgmt, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signatures[] = {
    {"ECDSA", "provider=" PROVIDER, signature_functions, NULL},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=" PROVIDER, signature_functions, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return keymgmts;
	return operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH functions[] = {
	    ENTRY(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
	    {0, NULL},
	};

	*out = functions;
	*provider = (void *)handle;
	return 1;
}

static OSSL_LIB_CTX *context;

static void context_make(void)
{
	OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();

	if (made == NULL)
		return;
	/* Names are offered twice here: everything but our own key stays with the default provider.
	 */
	if (OSSL_PROVIDER_add_builtin(made, PROVIDER, provider_init) == 1 &&
	    OSSL_PROVIDER_load(made, "default") != NULL &&
	    OSSL_PROVIDER_load(made, PROVIDER) != NULL &&
	    EVP_set_default_properties(made, "?provider=default") == 1) {
		context = made;
		return;
	}
	OSSL_LIB_CTX_free(made);
}

enum err provider_context(struct ossl_lib_ctx_st **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	ENSURE(pthread_once(&once, context_make) == 0 && context != NULL, ERR_CRYPTO);
	*out = context;
	return OK;
}

enum err provider_key_new(struct ossl_lib_ctx_st *libctx, struct keyd *k, EVP_PKEY *public_key,
    const uint8_t *id, EVP_PKEY **out)
{
	struct remote remote = {.keyd = k, .public_key = public_key}, *handle = &remote;
	const char *type = EVP_PKEY_is_a(public_key, "RSA") ? "RSA" : "EC";
	EVP_PKEY_CTX *ctx CLEANUP(pkey_ctx_freep) = NULL;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(PARAM_KEY, (void *)&handle, sizeof(handle)),
	    OSSL_PARAM_construct_end(),
	};

	memcpy(remote.id, id, SHA256_SIZE);
	ENSURE(EVP_PKEY_is_a(public_key, type), ERR_CONFIG);
	ctx = EVP_PKEY_CTX_new_from_name(libctx, type, "provider=" PROVIDER);
	ENSURE(ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1, ERR_CRYPTO);
	ENSURE(EVP_PKEY_fromdata(ctx, out, EVP_PKEY_KEYPAIR, params) == 1, ERR_CRYPTO);
	return OK;
}
