/*
 * Are pages and their files answered in the right language, coding and policy, and nothing
 * that was not linked in?
 */
#include "unit.h"

#include "base/limits.h"
#include "web/assets.h"
#include "web/pages.h"

#include <stdio.h>

struct exchange {
	struct http_request req;
	struct http_reply reply;
	struct http_header headers[8];
};

static struct exchange *ask(const char *path)
{
	struct exchange *x = mem_alloc(sizeof(*x));

	assert_non_null(x);
	x->req.method = HTTP_GET;
	x->req.path = x->req.target = span_str(path);
	x->req.arena = arena_new(LIMIT_MB);
	x->req.headers = x->headers;
	x->reply.status = 200;
	buf_init(&x->reply.body, LIMIT_BODY_CREATE);
	return x;
}

static void with(struct exchange *x, const char *name, const char *value)
{
	x->headers[x->req.header_count++] = (struct http_header){span_str(name), span_str(value)};
}

static void done(struct exchange *x)
{
	buf_free(&x->reply.body);
	arena_free(x->req.arena);
	mem_free(x, sizeof(*x));
}

static const char *answered(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->reply.header_count; i++)
		if (strcmp(x->reply.headers[i].name, name) == 0)
			return x->reply.headers[i].value;
	return "";
}

static bool body_has(struct exchange *x, const char *text)
{
	return strstr(buf_str(&x->reply.body), text) != NULL;
}

static struct exchange *asset(const char *version, const char *folder, const char *file)
{
	struct exchange *x = ask("/assets/");

	x->req.params[0] = span_str(version);
	x->req.params[1] = span_str(folder);
	x->req.params[2] = span_str(file);
	return x;
}

static void test_language(void **state)
{
	static const char *const cases[][2] = {
	    {"", "pt-BR"},
	    {"en-GB,en;q=0.9", "en"},
	    {"es-AR", "es"},
	    {"pt-PT", "pt-BR"},
	    {"de,fr;q=0.9", "pt-BR"},
	    {"de, en;q=0.3, es;q=0.5", "es"},
	    {"en;q=0, es;q=0.1", "es"},
	    {"en;q=0.800,pt;q=0.8001", "en"},
	    {",,;;q,", "pt-BR"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange *x = ask("/");
		with(x, "Accept-Language", cases[i][0]);
		assert_string_equal(web_language(&x->req), cases[i][1]);
		done(x);
	}
}

static void test_shell(void **state)
{
	struct exchange *x = ask("/s/abc");

	with(x, "accept-language", "es");
	pages_signer(NULL, &x->req, &x->reply);
	assert_int_equal(x->reply.status, 200);
	assert_string_equal(x->reply.content_type, "text/html; charset=utf-8");
	assert_true(body_has(x, "<html lang=\"es\">"));
	assert_true(body_has(x, assets_version()));
	assert_false(body_has(x, "{{"));
	assert_non_null(strstr(answered(x, "Content-Security-Policy"), "default-src 'none'"));
	assert_null(strstr(answered(x, "Content-Security-Policy"), "unsafe"));
	assert_string_equal(answered(x, "Referrer-Policy"), "no-referrer");
	done(x);
}

static void test_every_page_loads_what_is_there(void **state)
{
	static const char *const pages[] = {"signer", "verify", "root", "404", "500", "503"};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		const struct embedded *page = assets_page(pages[i], "en");
		assert_non_null(page);
		const char *at = (const char *)page->data;
		while ((at = strstr(at, "/assets/")) != NULL) {
			struct span rest = span_str(at + sizeof("/assets/") - 1);
			struct span address = span_cut(&rest, '"');
			assert_true(span_equal_str(span_cut(&address, '/'), assets_version()));
			struct span folder = span_cut(&address, '/');
			assert_non_null(assets_find(folder, address));
			at++;
		}
	}
}

static void test_asset_coding_and_cache(void **state)
{
	struct exchange *x = asset(assets_version(), "signer", "main.js");

	with(x, "Accept-Encoding", "br, gzip;q=0.5");
	pages_asset(NULL, &x->req, &x->reply);
	assert_string_equal(answered(x, "Content-Encoding"), "gzip");
	assert_string_equal(x->reply.content_type, "text/javascript; charset=utf-8");
	assert_int_equal(x->reply.body.data[0], 0x1f);
	assert_non_null(strstr(answered(x, "Cache-Control"), "immutable"));

	struct exchange *plain = asset("before-upgrade", "signer", "main.js");
	with(plain, "Accept-Encoding", "gzip;q=0");
	pages_asset(NULL, &plain->req, &plain->reply);
	assert_string_equal(answered(plain, "Content-Encoding"), "");
	assert_string_equal(answered(plain, "Cache-Control"), "no-cache");
	assert_string_not_equal(answered(plain, "ETag"), answered(x, "ETag"));

	struct exchange *again = asset(assets_version(), "signer", "main.js");
	char etag[128];
	snprintf(etag, sizeof(etag), "\"other\", W/%s", answered(plain, "ETag"));
	with(again, "If-None-Match", etag);
	pages_asset(NULL, &again->req, &again->reply);
	assert_int_equal(again->reply.status, 304);
	assert_int_equal(again->reply.body.size, 0);
	done(x);
	done(plain);
	done(again);
}

static void test_only_what_was_linked_in(void **state)
{
	static const char *const wrong[][2] = {
	    {"signer", "nothing.js"},
	    {"..", "version"},
	    {"", "version"},
	    {"signer", ""},
	    {"..", "pages/signer.en.html"},
	    {"signer/..", "shared/dom.js"},
	    {"i18n", "."},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct exchange *x = asset(assets_version(), wrong[i][0], wrong[i][1]);
		pages_asset(NULL, &x->req, &x->reply);
		assert_int_equal(x->reply.status, 404);
		done(x);
	}
	assert_null(assets_find(span_of("signer\0x", 8), span_str("main.js")));
}

static void test_only_the_worker_runs_wasm(void **state)
{
	struct exchange *worker = asset(assets_version(), "pdfjs", "pdf.worker.min.mjs");
	struct exchange *ours = asset(assets_version(), "signer", "main.js");

	pages_asset(NULL, &worker->req, &worker->reply);
	pages_asset(NULL, &ours->req, &ours->reply);
	assert_non_null(strstr(answered(worker, "Content-Security-Policy"), "'wasm-unsafe-eval'"));
	assert_null(strstr(answered(worker, "Content-Security-Policy"), "'unsafe-eval'"));
	assert_null(strstr(answered(ours, "Content-Security-Policy"), "unsafe"));
	done(worker);
	done(ours);
}

static void test_fault_pages(void **state)
{
	static const struct {
		enum err e;
		unsigned status;
		const char *text;
	} cases[] = {
	    {ERR_NOT_FOUND, 404, "This page does not exist"},
	    {ERR_LINK, 404, "This page does not exist"},
	    {ERR_MAINTENANCE, 503, "Back in a moment"},
	    {ERR_RATE, 429, "Back in a moment"},
	    {ERR_STORE, 500, "Something failed on our side"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange *x = ask("/s/x");
		with(x, "Accept-Language", "en");
		pages_fault(&x->req, cases[i].e, "ab-1<script>", &x->reply);
		assert_int_equal(x->reply.status, cases[i].status);
		assert_true(body_has(x, cases[i].text));
		assert_false(body_has(x, "<script"));
		assert_int_equal(body_has(x, "ab-1script"), cases[i].status == 500);
		assert_false(body_has(x, "{{"));
		done(x);
	}
}

static void test_is_page(void **state)
{
	static const struct {
		const char *path, *accept;
		bool is_page;
	} cases[] = {
	    {"/", "text/html,*/*", true},
	    {"/s/x", "text/html", true},
	    {"/v/y", "text/html", true},
	    {"/s/x/state", "application/json", false},
	    {"/sign/envelope", "text/html", false},
	    {"/v/y", "", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange *x = ask(cases[i].path);
		with(x, "Accept", cases[i].accept);
		assert_int_equal(pages_is_page(&x->req), cases[i].is_page);
		done(x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_language),
	    cmocka_unit_test(test_shell),
	    cmocka_unit_test(test_every_page_loads_what_is_there),
	    cmocka_unit_test(test_asset_coding_and_cache),
	    cmocka_unit_test(test_only_what_was_linked_in),
	    cmocka_unit_test(test_only_the_worker_runs_wasm),
	    cmocka_unit_test(test_fault_pages),
	    cmocka_unit_test(test_is_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
