/*
 * Shells of the signer's and the verification page, the page of the root, and the pages for
 * what went wrong. They hold no data of anybody: scripts fetch it, so a page may be sent
 * before the link in its address is looked at.
 */
#include "web/pages.h"

#include "web/assets.h"

#include <string.h>

#define POLICY_PAGE \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " \
	"img-src 'self' data: blob:; font-src 'self'; worker-src 'self'; form-action 'self'; " \
	"frame-ancestors 'none'; base-uri 'none'"
/* A worker has the policy of its own answer. Image decoders of PDF.js are WebAssembly. */
#define POLICY_WORKER "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
#define POLICY_ASSET "default-src 'none'; frame-ancestors 'none'"

#define CODE_MOST 64

static const char incident_mark[] = "{{incident}}";

static void headers_put(struct http_reply *reply, const char *policy)
{
	http_reply_header(reply, "Content-Security-Policy", policy);
	http_reply_header(reply, "X-Content-Type-Options", "nosniff");
	http_reply_header(reply, "Referrer-Policy", "no-referrer");
	http_reply_header(reply, "Cross-Origin-Opener-Policy", "same-origin");
	http_reply_header(reply, "Cross-Origin-Resource-Policy", "same-origin");
}

static void page_headers_put(struct http_reply *reply)
{
	headers_put(reply, POLICY_PAGE);
	http_reply_header(reply, "X-Frame-Options", "DENY");
	http_reply_header(reply, "X-Robots-Tag", "noindex, nofollow");
	http_reply_header(
	    reply, "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()");
	http_reply_header(reply, "Vary", "Accept-Language");
}

static void page_reply(
    const struct http_request *req, const char *name, const char *cache, struct http_reply *reply)
{
	const char *language = web_language(req);
	const struct embedded *page = assets_page(name, language);

	page_headers_put(reply);
	http_reply_header(reply, "Cache-Control", cache);
	http_reply_header(reply, "Content-Language", language);
	if (page == NULL) {
		reply->status = 500;
		return;
	}
	assets_reply(req, page, ".html", reply);
}

void pages_root(void *app, const struct http_request *req, struct http_reply *reply)
{
	page_reply(req, "root", "no-cache", reply);
}

void pages_signer(void *app, const struct http_request *req, struct http_reply *reply)
{
	page_reply(req, "signer", "no-cache, private", reply);
}

void pages_verify(void *app, const struct http_request *req, struct http_reply *reply)
{
	page_reply(req, "verify", "no-cache, private", reply);
}

/* What a hand typed or pasted, the whole printed address too: letters, digits and hyphens. */
static bool code_clean(struct span typed, char out[CODE_MOST + 1])
{
	size_t from = 0, n = 0;

	for (size_t i = 0; i < typed.size; i++)
		if (typed.data[i] == '/')
			from = i + 1;
	for (size_t i = from; i < typed.size; i++) {
		uint8_t c = typed.data[i];
		bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!is_letter && !(c >= '0' && c <= '9') && c != '-')
			continue;
		if (n == CODE_MOST)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return n > 0;
}

void pages_code(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct span typed;
	char code[CODE_MOST + 1];

	if (!http_query(req, "code", &typed) || !code_clean(typed, code)) {
		page_reply(req, "code", "no-cache", reply);
		return;
	}
	page_headers_put(reply);
	http_reply_header(reply, "Cache-Control", "no-store");
	http_reply_header(reply, "Location", arena_format(req->arena, "/v/%s", code));
	reply->status = 303;
}

static const char *policy_for(struct span folder, const char *type)
{
	bool is_script = strncmp(type, "text/javascript", sizeof("text/javascript") - 1) == 0;

	return is_script && span_equal_str(folder, "pdfjs") ? POLICY_WORKER : POLICY_ASSET;
}

void pages_asset(void *app, const struct http_request *req, struct http_reply *reply)
{
	struct span version = req->params[0], folder = req->params[1];
	const char *file = span_dup(req->arena, req->params[2]);
	const struct embedded *asset = assets_find(folder, req->params[2]);

	if (asset == NULL || file == NULL) {
		pages_fault(req, ERR_NOT_FOUND, NULL, reply);
		return;
	}
	headers_put(reply, policy_for(folder, assets_content_type(file)));
	/* A page loaded before an upgrade still gets its later parts, though never for keeps. */
	http_reply_header(reply, "Cache-Control",
	    span_equal_str(version, assets_version()) ? "public, max-age=31536000, immutable"
						      : "no-cache");
	assets_reply(req, asset, file, reply);
}

bool pages_is_page(const struct http_request *req)
{
	struct span accept = http_header(req, "Accept", NULL);
	bool is_ours = span_equal_str(req->path, "/") || span_starts(req->path, "/s/") ||
		       span_equal_str(req->path, "/v") || span_starts(req->path, "/v/");

	return is_ours && accept.size > 0 &&
	       memmem(accept.data, accept.size, "text/html", sizeof("text/html") - 1) != NULL;
}

static const char *fault_page(enum err e)
{
	unsigned status = err_row(e)->status;

	if (status == 503 || status == 429)
		return "503";
	return status >= 500 ? "500" : "404";
}

/* Ids only: what is not a letter, digit or hyphen is left out. */
static void incident_put(struct buf *out, const char *incident)
{
	const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

	for (const char *c = incident == NULL ? "-" : incident; *c != '\0'; c++)
		if (strchr(alphabet, *c) != NULL)
			buf_put_byte(out, (uint8_t)*c);
}

void pages_fault(
    const struct http_request *req, enum err e, const char *incident, struct http_reply *reply)
{
	const char *language = web_language(req);
	const struct embedded *page = assets_page(fault_page(e), language);

	page_headers_put(reply);
	http_reply_header(reply, "Cache-Control", "no-store");
	http_reply_header(reply, "Content-Language", language);
	reply->status = err_row(e)->status;
	if (page == NULL)
		return;
	reply->content_type = assets_content_type(".html");
	const uint8_t *mark =
	    memmem(page->data, page->size, incident_mark, sizeof(incident_mark) - 1);
	if (mark == NULL) {
		buf_put(&reply->body, page->data, page->size);
		return;
	}
	size_t before = (size_t)(mark - page->data), after = before + sizeof(incident_mark) - 1;
	buf_put(&reply->body, page->data, before);
	incident_put(&reply->body, incident);
	buf_put(&reply->body, page->data + after, page->size - after);
}
