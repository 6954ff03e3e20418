/*
 * Is a scheme told by its headers alone, and does an API key open exactly what it was made for?
 */
#include "auth/auth.h"
#include "base/codec.h"
#include "base/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct auth_key row;
static uint8_t row_id[API_KEY_ID_BYTES];
static bool store_fails;

static enum err load(void *ctx, enum auth_kind kind, struct span id, struct arena *arena,
    struct auth_key *out)
{
	if (store_fails)
		return ERR_STORE;
	if (kind != AUTH_KIND_KEY || !span_equal(id, span_of(row_id, sizeof(row_id))))
		return ERR_NOT_FOUND;
	*out = row;
	return OK;
}

/* A room of its own each time: nothing is at hand from before. */
static enum err check(struct http_request *req, struct principal *who, struct fault *fault)
{
	const struct auth_base base = {"https://api.example.com", -1};
	const struct auth_config config = {
	    .store = {NULL, load}, .bases = &base, .base_count = 1, .seen_limit = 64};
	struct auth_session session;
	struct auth *auth;

	assert_int_equal(auth_open(&config, &auth), OK);
	req->arena = arena_new(1 << 20);
	enum err e = auth_head(auth, req, &session, fault);
	if (e == OK)
		e = auth_body(auth, &session, fault);
	*who = session.principal;
	auth_session_end(&session);
	auth_close(auth);
	arena_free(req->arena);
	return e;
}

static enum err check_lines(const char *const *lines, unsigned schemes, struct principal *who)
{
	struct http_header headers[8];
	struct http_route route = {.schemes = schemes, .pattern = "/x"};
	struct http_request req = {.method = HTTP_GET, .headers = headers, .route = &route};
	struct fault fault = {0};

	for (size_t i = 0; lines[i] != NULL; i += 2)
		headers[req.header_count++] =
		    (struct http_header){span_str(lines[i]), span_str(lines[i + 1])};
	enum err e = check(&req, who, &fault);
	assert_int_equal(e, fault.code == 0 && e == ERR_STORE ? ERR_STORE : fault.code);
	return e;
}

#define CHECK(...) check_lines((const char *const[]){__VA_ARGS__, NULL}, AUTH_ALL, &who)

static struct principal who;

static const char *make_key(enum environment environment, struct buf *text)
{
	buf_init(text, 512);
	assert_int_equal(auth_key_new(environment, text, row_id, row.secret_hash), OK);
	row.row = 7;
	row.organisation = 3;
	row.user = 5;
	row.environment = environment;
	row.schemes = AUTH_API_KEY;
	row.revoked_at = 0;
	return buf_str(text);
}

static void test_key_opens(void **state)
{
	struct buf text;
	const char *key = make_key(ENVIRONMENT_SANDBOX, &text);

	assert_null(strchr(key, '.'));
	assert_int_equal(CHECK("authorization", key), OK);
	assert_int_equal(who.organisation, 3);
	assert_int_equal(who.key, 7);
	assert_int_equal(who.user, 5);
	assert_int_equal(who.environment, ENVIRONMENT_SANDBOX);
	assert_int_equal(who.scheme, AUTH_API_KEY);
	buf_free(&text);
}

static void test_key_json(void **state)
{
	struct buf text, json;

	make_key(ENVIRONMENT_PRODUCTION, &text);
	buf_init(&json, 512);
	assert_int_equal(b64url_decode(&json, buf_span(&text)), OK);
	assert_true(span_starts(buf_span(&json), "{\"key_id\":\""));
	assert_null(strstr(buf_str(&json), "sandbox"));
	buf_free(&json);
	buf_free(&text);
}

static void test_key_refused(void **state)
{
	struct buf text;
	const char *key = make_key(ENVIRONMENT_PRODUCTION, &text);

	row.revoked_at = 1;
	assert_int_equal(CHECK("Authorization", key), ERR_AUTH_KEY);
	row.revoked_at = 0;
	row.environment = ENVIRONMENT_SANDBOX;
	assert_int_equal(CHECK("Authorization", key), ERR_AUTH_KEY);
	row.environment = ENVIRONMENT_PRODUCTION;
	row.schemes = AUTH_X_SIGN;
	assert_int_equal(CHECK("Authorization", key), ERR_AUTH_SCHEME);
	row.schemes = AUTH_API_KEY;
	row.secret_hash[31] ^= 1;
	assert_int_equal(CHECK("Authorization", key), ERR_AUTH_KEY);
	row.secret_hash[31] ^= 1;
	row_id[0] ^= 1;
	assert_int_equal(CHECK("Authorization", key), ERR_AUTH_KEY);
	row_id[0] ^= 1;
	assert_int_equal(CHECK("Authorization", key), OK);
	store_fails = true;
	assert_int_equal(CHECK("Authorization", key), ERR_STORE);
	store_fails = false;
	buf_free(&text);
}

static void test_key_malformed(void **state)
{
	/* {"key_id":"AAAAAAAAAAAAAA","key":1}, {"key_id":1}, [], "Bearer" and noise */
	static const char *const keys[] = {
	    "eyJrZXlfaWQiOiJBQUFBQUFBQUFBQUFBQSIsImtleSI6MX0",
	    "eyJrZXlfaWQiOjF9",
	    "W10",
	    "Bearer eyJrZXlfaWQiOjF9",
	    "Basic YTpi",
	    "x",
	    "====",
	    "eyJrZXlfaWQiOjF9.eyJ",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(CHECK("Authorization", keys[i]), ERR_AUTH_KEY);
}

static void test_route(void **state)
{
	struct buf text;
	const char *lines[] = {"Authorization", make_key(ENVIRONMENT_PRODUCTION, &text), NULL};

	assert_int_equal(check_lines(lines, AUTH_X_SIGN, &who), ERR_AUTH_ROUTE);
	assert_int_equal(check_lines(lines, AUTH_X_SIGN | AUTH_API_KEY, &who), OK);
	buf_free(&text);
}

static void test_told_by_headers(void **state)
{
	assert_int_equal(CHECK("Accept", "*/*"), ERR_AUTH_MISSING);
	assert_int_equal(CHECK("Authorization", ""), ERR_AUTH_MISSING);
	assert_int_equal(CHECK("x-nonce", "1"), ERR_AUTH_MISSING);
	assert_int_equal(CHECK("Authorization", "eyJ.eyJ.AA"), ERR_CLIENT_KEY_MISSING);
	assert_int_equal(CHECK("Authorization", "QIT k:eyJ.eyJ.AA"), ERR_CLIENT_KEY_MISSING);
	assert_int_equal(CHECK("API-CLIENT-KEY", "k"), ERR_CLIENT_KEY);
	assert_int_equal(CHECK("Authorization", "eyJ.e.A", "API-CLIENT-KEY", "k"), ERR_CLIENT_KEY);
	assert_int_equal(CHECK("Authorization", "QIT k:a", "API-CLIENT-KEY", "k"), ERR_CLIENT_KEY);
	assert_int_equal(CHECK("x-api-key", "k", "x-sign", "s"), ERR_AUTH_KEY);
	assert_int_equal(CHECK("Signature-Input", "k", "Signature", "s"), ERR_TOKEN);
}

static void test_two_schemes(void **state)
{
	assert_int_equal(CHECK("Authorization", "eyJ", "x-sign", "s"), ERR_AUTH_DOUBLE);
	assert_int_equal(CHECK("Authorization", "eyJ", "x-api-key", "s"), ERR_AUTH_DOUBLE);
	assert_int_equal(CHECK("Authorization", "eyJ", "Signature-Input", "s"), ERR_AUTH_DOUBLE);
	assert_int_equal(CHECK("x-api-key", "eyJ", "Signature", "s"), ERR_AUTH_DOUBLE);
	assert_int_equal(CHECK("API-CLIENT-KEY", "k", "x-sign", "s"), ERR_AUTH_DOUBLE);
	assert_int_equal(CHECK("Authorization", "eyJ", "API-CLIENT-KEY", "k"), ERR_AUTH_DOUBLE);
	assert_int_equal(CHECK("Authorization", "e.J", "API-CLIENT-KEY", "k"), ERR_CLIENT_KEY);
	assert_int_equal(CHECK("Authorization", "a", "authorization", "b"), ERR_AUTH_DOUBLE);
	assert_int_equal(CHECK("x-api-key", "a", "x-nonce", "", "X-Nonce", "2"), ERR_AUTH_DOUBLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_key_opens),
	    cmocka_unit_test(test_key_json),
	    cmocka_unit_test(test_key_refused),
	    cmocka_unit_test(test_key_malformed),
	    cmocka_unit_test(test_route),
	    cmocka_unit_test(test_told_by_headers),
	    cmocka_unit_test(test_two_schemes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
