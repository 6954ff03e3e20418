/*
 * Every endpoint, a row each: method, path, operation id, schemes, tenant rule, body limit.
 * Rows of the envelope API bind to the key's organisation; pages and files bind to the
 * unguessable link in their path.
 */
#include "main/routes.h"

#include "api/archive.h"
#include "api/call.h"
#include "api/companies.h"
#include "api/documents.h"
#include "api/envelopes.h"
#include "api/feed.h"
#include "api/handshake.h"
#include "api/links.h"
#include "api/photos.h"
#include "api/signers.h"
#include "api/uploads.h"
#include "web/pages.h"
#include "web/platform_keys.h"
#include "web/signer.h"
#include "web/verify.h"

#define LIMIT_BODY_SIGNATURE (512 * LIMIT_KB) /* strokes as JSON */

/* The envelope API. */
#define API(method, path, name, limit, handler) \
	{ \
		method, "/sign" path "/?", name, AUTH_ALL, TENANT_ORGANISATION, FORM_ENVELOPE, \
		    limit, handler \
	}
/* Companies (manual 000). */
#define PARTNER(method, path, name, limit, handler) \
	{ \
		method, path "/?", name, AUTH_ALL, TENANT_ORGANISATION, FORM_PARTNER, limit, \
		    handler \
	}
/* What integrations of manual 001 also call. */
#define INTEGRATION(method, path, name, limit, handler) \
	{ \
		method, path "/?", name, AUTH_ALL, TENANT_ORGANISATION, FORM_INTEGRATION, limit, \
		    handler \
	}
/* Below a link. */
#define LINKED(method, path, name, limit, handler) \
	{ \
		method, path, name, 0, TENANT_LINK, FORM_ENVELOPE, limit, handler \
	}
#define OPEN(method, path, name, handler) \
	{ \
		method, path, name, 0, TENANT_NONE, FORM_ENVELOPE, 0, handler \
	}

static void health(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct json_writer w;
	struct app *a = app;
	reply_json(reply, 200, &w);
	jw_string(&w, "status", atomic_load(&a->is_maintenance) ? "maintenance" : "ok");
	jw_bool(&w, "seal", atomic_load(&a->is_seal_ready));
	jw_end_object(&w);
}

const struct http_route app_routes[] = {
    API(HTTP_POST, "/envelope", "createEnvelope", LIMIT_BODY_CREATE, api_envelope_create),
    API(HTTP_GET, "/envelope", "listEnvelopes", LIMIT_BODY_READ, api_envelope_list),
    API(HTTP_GET, "/envelope/:envelope", "getEnvelope", LIMIT_BODY_READ, api_envelope_get),
    API(HTTP_PATCH, "/envelope/:envelope", "changeEnvelope", LIMIT_BODY_DEFAULT,
	api_envelope_patch),
    API(HTTP_POST, "/envelope/:envelope/document", "addDocument", LIMIT_BODY_UPLOAD,
	api_document_add),
    API(HTTP_GET, "/envelope/:envelope/proof", "getProof", LIMIT_BODY_READ, api_proof),
    API(HTTP_GET, "/envelope/:envelope/report", "getReports", LIMIT_BODY_READ, api_envelope_report),
    API(HTTP_GET, "/envelope/:envelope/document/:document/report", "getDocumentReport",
	LIMIT_BODY_READ, api_document_report),
    API(HTTP_POST, "/envelope/:envelope/signer", "addSigner", LIMIT_BODY_DEFAULT, api_signer_add),
    API(HTTP_GET, "/envelope/:envelope/signer/:signer", "getSigner", LIMIT_BODY_READ,
	api_signer_get),
    API(HTTP_GET, "/envelope/:envelope/signer/:signer/face", "getFace", LIMIT_BODY_READ,
	api_face_get),
    API(HTTP_POST, "/envelope/:envelope/signer/:signer/personal_document", "addPersonalDocument",
	LIMIT_BODY_UPLOAD, api_photo_add),
    API(HTTP_GET, "/envelope/:envelope/signer/:signer/personal_document", "getPersonalDocument",
	LIMIT_BODY_READ, api_photo_get),
    PARTNER(HTTP_POST, "/company", "createCompany", LIMIT_BODY_DEFAULT, api_company_create),
    PARTNER(HTTP_GET, "/company/search", "searchCompanies", LIMIT_BODY_READ, api_company_search),
    PARTNER(HTTP_GET, "/company/:company", "getCompany", LIMIT_BODY_READ, api_company_get),
    PARTNER(HTTP_PUT, "/company/:company", "changeCompany", LIMIT_BODY_DEFAULT, api_company_put),
    PARTNER(HTTP_GET, "/company/:company/trustedparty", "listTrustedParties", LIMIT_BODY_READ,
	api_party_list),
    PARTNER(HTTP_POST, "/company/:company/trustedparty", "addTrustedParty", LIMIT_BODY_DEFAULT,
	api_party_add),
    PARTNER(HTTP_DELETE, "/company/:company/trustedparty/:party", "removeTrustedParty",
	LIMIT_BODY_READ, api_party_remove),
    PARTNER(HTTP_GET, "/feed", "feed", LIMIT_BODY_READ, api_feed),
    INTEGRATION(HTTP_POST, "/upload", "uploadDocument", LIMIT_BODY_UPLOAD, api_upload),
    INTEGRATION(HTTP_GET, "/document/:key/url", "getDocumentUrl", LIMIT_BODY_READ, api_upload_url),
    INTEGRATION(HTTP_GET, "/test", "test", LIMIT_BODY_READ, api_test_get),
    INTEGRATION(HTTP_POST, "/test", "testEcho", LIMIT_BODY_DEFAULT, api_test_post),
    INTEGRATION(HTTP_GET, "/test/:integration", "testKey", LIMIT_BODY_READ, api_test_get),
    INTEGRATION(HTTP_POST, "/test/:integration", "testKeyEcho", LIMIT_BODY_DEFAULT, api_test_post),
    LINKED(HTTP_GET, "/f/:file", "getFile", 0, api_file),
    LINKED(HTTP_GET, "/s/:token", "signerPage", 0, pages_signer),
    LINKED(HTTP_GET, "/s/:token/state", "signerState", 0, signer_state),
    LINKED(HTTP_GET, "/s/:token/qr.svg", "signerQr", 0, signer_qr),
    LINKED(HTTP_GET, "/s/:token/document/:document", "signerDocument", 0, signer_document),
    LINKED(HTTP_GET, "/s/:token/dossier/:document", "signerDossier", 0, signer_dossier),
    LINKED(HTTP_POST, "/s/:token/open", "signerOpen", LIMIT_BODY_DEFAULT, signer_open),
    LINKED(HTTP_POST, "/s/:token/cpf", "signerCpf", LIMIT_BODY_DEFAULT, signer_cpf),
    LINKED(HTTP_POST, "/s/:token/read", "signerRead", LIMIT_BODY_DEFAULT, signer_read),
    LINKED(HTTP_POST, "/s/:token/code", "signerCode", LIMIT_BODY_DEFAULT, signer_code_send),
    LINKED(HTTP_POST, "/s/:token/code/check", "signerCodeCheck", LIMIT_BODY_DEFAULT,
	signer_code_check),
    LINKED(HTTP_POST, "/s/:token/sign", "signerSign", LIMIT_BODY_SIGNATURE, signer_sign),
    LINKED(HTTP_POST, "/s/:token/decline", "signerDecline", LIMIT_BODY_DEFAULT, signer_decline),
    LINKED(HTTP_GET, "/v/:code", "verifyPage", 0, pages_verify),
    LINKED(HTTP_GET, "/v/:code/data", "verifyData", 0, verify_data),
    LINKED(HTTP_POST, "/v/:code/check", "verifyFile", LIMIT_BODY_CHECK, verify_check),
    OPEN(HTTP_GET, "/", "rootPage", pages_root),
    OPEN(HTTP_GET, "/v", "verifyForm", pages_code),
    OPEN(HTTP_GET, "/assets/:version/:folder/:file", "asset", pages_asset),
    OPEN(HTTP_GET, "/keys", "platformKeys", platform_keys_get),
    OPEN(HTTP_GET, "/health", "health", health),
};
const size_t app_route_count = sizeof(app_routes) / sizeof(app_routes[0]);

static void page_fault(
    struct app *app, const struct http_request *req, enum err e, struct http_reply *reply)
{
	char id[UUID_TEXT_SIZE] = "";

	if (err_row(e)->status == 500)
		reply_incident(app, req, e, id);
	pages_fault(req, e, id[0] != '\0' ? id : NULL, reply);
}

void app_fault(void *app, const struct http_request *req, enum err e, struct http_reply *reply)
{
	if (e == ERR_BUSY && session_of(req) != NULL)
		session_of(req)->is_unsigned = true; /* it may be the loop that answers */
	if (e == ERR_MAINTENANCE)
		http_reply_header(reply, "Retry-After", "120");
	if (pages_is_page(req))
		page_fault(app, req, e, reply);
	else
		reply_error(app, req, reply, e, NULL);
}

static uint64_t hash_more(uint64_t hash, struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		hash = (hash ^ text.data[i]) * 1099511628211u; /* FNV-1a */
	return hash;
}

/* A large body's key was looked at before: it is its organisation's. Before that a request is its
 * key's, by the headers that name one, or its address's. */
uint64_t app_share(void *app, const struct http_request *req)
{
	static const char *const names[] = {"API-CLIENT-KEY", "x-api-key", "Authorization"};
	const struct session *s = session_of(req);
	uint64_t hash = 14695981039346656037u;
	struct span key = SPAN_EMPTY;

	if (s != NULL && s->is_judged)
		return (uint64_t)s->auth.principal.organisation;
	for (size_t i = 0; i < 3 && key.size == 0 && req->route->schemes != 0; i++)
		key = http_header(req, names[i], NULL);
	return hash_more(hash, key.size > 0 ? key : span_str(req->client));
}

bool app_screen(void *app, struct http_request *req, struct http_reply *reply)
{
	if (req->route->schemes != 0)
		return call_screen(app, req, reply);
	if (req->route->handle == verify_check)
		return verify_screen(app, req, reply);
	return signer_screen(app, req, reply);
}
