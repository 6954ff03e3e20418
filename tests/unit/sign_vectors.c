/* Are the published vectors of the schemes reproduced or verified, and the bad tokens refused? */
#include "unit.h"

#include "base/codec.h"
#include "base/json.h"
#include "sign/key.h"
#include "sign/sign.h"

#include <openssl/pem.h>

#include <stdio.h>

#define FOLDER "tests/vectors/"

static json_t *vectors;
static EVP_PKEY *partner, *server, *rsa;

static EVP_PKEY *load(const char *path, bool is_private)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	EVP_PKEY *key = is_private ? PEM_read_PrivateKey(f, NULL, NULL, NULL)
				   : PEM_read_PUBKEY(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(key);
	return key;
}

static int setup(void **state)
{
	vectors = json_load_file(FOLDER "signing.json", 0, NULL);
	partner = load(FOLDER "partner_es512.pub", false);
	server = load(FOLDER "server_es512.pub", false);
	rsa = load(FOLDER "partner_rsa.pem", true);
	return vectors == NULL;
}

static int teardown(void **state)
{
	json_decref(vectors);
	EVP_PKEY_free(partner);
	EVP_PKEY_free(server);
	EVP_PKEY_free(rsa);
	return 0;
}

static struct span text_of(json_t *object, const char *name)
{
	json_t *v = json_object_get(object, name);
	assert_true(json_is_string(v));
	return span_of(json_string_value(v), json_string_length(v));
}

static json_t *part(const char *scheme, const char *name)
{
	json_t *v = json_object_get(json_object_get(vectors, scheme), name);
	assert_true(json_is_object(v));
	return v;
}

/* The payload of a token that reads and verifies. */
static void open_token(struct span token, EVP_PKEY *key, struct buf *payload)
{
	struct jws t;
	const char *reason;
	assert_int_equal(jws_read(token, &t, &reason), OK);
	assert_int_equal(jws_check(key, &t), OK);
	assert_int_equal(jws_check(key == partner ? server : partner, &t), ERR_SIGNATURE);
	buf_init(payload, 1 << 20);
	assert_int_equal(jws_payload(&t, payload), OK);
}

static void same_json(struct span text, json_t *wanted)
{
	json_t *got = NULL;
	assert_int_equal(json_read(text, &got, NULL), OK);
	assert_true(json_equal(got, wanted));
	json_decref(got);
}

/* The body's token, or nothing where the vector has none. */
static void check_body(json_t *v, EVP_PKEY *key, char md5[MD5_TEXT_SIZE])
{
	struct buf token, claims;
	bool is_empty;
	buf_init(&token, 1 << 20);
	assert_int_equal(wrapped_body_read(text_of(v, "http_body"), &token, &is_empty), OK);
	assert_int_equal(is_empty, json_is_null(json_object_get(v, "claims_body")));
	md5[0] = 0;
	if (!is_empty) {
		open_token(buf_span(&token), key, &claims);
		same_json(buf_span(&claims), json_object_get(v, "claims_body"));
		assert_int_equal(md5_text(buf_span(&token), md5), OK);
		buf_free(&claims);
		struct buf again;
		buf_init(&again, 1 << 20);
		assert_int_equal(wrapped_body_make(buf_span(&token), &again), OK);
		assert_true(span_equal(buf_span(&again), text_of(v, "http_body")));
		buf_free(&again);
	}
	buf_free(&token);
}

static void check_wrapped(json_t *v, EVP_PKEY *key)
{
	struct span head = text_of(v, "authorization"), id = text_of(v, "api_client_key");
	struct buf claims, got_id, lines, made;
	struct wrapped w;
	char md5[MD5_TEXT_SIZE];
	int64_t seconds;
	check_body(v, key, md5);
	span_cut(&head, ':');
	open_token(head, key, &claims);
	buf_init(&got_id, 100);
	buf_init(&lines, 1000);
	buf_init(&made, 2000);
	assert_int_equal(wrapped_claims_read(buf_span(&claims), &got_id, &lines), OK);
	assert_true(span_equal(buf_span(&got_id), id));
	assert_true(span_equal(buf_span(&lines), text_of(v, "string_to_sign")));
	assert_int_equal(wrapped_lines_read(buf_span(&lines), &w), OK);
	assert_true(span_equal(w.method, text_of(v, "method")));
	assert_true(span_equal_str(w.md5, md5));
	assert_true(span_equal(w.content_type, text_of(v, "content_type")));
	assert_true(span_equal(w.url, text_of(v, "url")));
	assert_int_equal(wrapped_date_read(w.date, &seconds), OK);
	assert_int_equal(seconds, 1793620800);
	assert_int_equal(wrapped_lines_make(&w, &made), OK);
	assert_true(span_equal(buf_span(&made), buf_span(&lines)));
	buf_reset(&made);
	assert_int_equal(wrapped_claims_make(id, buf_span(&lines), &made), OK);
	json_t *wanted = json_loadb((char *)claims.data, claims.size, 0, NULL);
	same_json(buf_span(&made), wanted);
	json_decref(wanted);
	buf_free(&claims);
	buf_free(&got_id);
	buf_free(&lines);
	buf_free(&made);
}

static void test_wrapped(void **state)
{
	check_wrapped(part("es512_wrapped", "post"), partner);
	check_wrapped(part("es512_wrapped", "get"), partner);
	check_wrapped(part("es512_wrapped", "get_query"), partner);
	check_wrapped(part("es512_wrapped", "response_to_post"), server);
}

static void check_plain(json_t *v, EVP_PKEY *key)
{
	struct arena *arena = arena_new(1 << 16);
	struct buf claims, made;
	struct plain p;
	int64_t ms;
	char text[32];
	buf_init(&made, 2000);
	open_token(text_of(v, "authorization"), key, &claims);
	same_json(buf_span(&claims), json_object_get(v, "claims"));
	assert_int_equal(plain_claims_read(buf_span(&claims), arena, &p), OK);
	assert_true(plain_md5_fits(p.payload_md5, text_of(v, "http_body"), true));
	assert_false(plain_md5_fits(p.payload_md5, span_str("x"), true));
	assert_true(span_equal(p.method, text_of(v, "method")));
	assert_true(span_equal(p.uri, text_of(v, "url")));
	assert_int_equal(plain_time_read(p.timestamp, &ms), OK);
	assert_int_equal(ms, 1793620800000);
	plain_time_write(ms, text);
	assert_true(span_equal_str(p.timestamp, text));
	assert_int_equal(plain_claims_make(&p, &made), OK);
	assert_true(span_equal(buf_span(&made), buf_span(&claims)));
	buf_free(&claims);
	buf_free(&made);
	arena_free(arena);
}

static void test_plain(void **state)
{
	check_plain(part("es512_plain", "post"), partner);
	check_plain(part("es512_plain", "post_compact"), partner);
	check_plain(part("es512_plain", "get"), partner);
	check_plain(part("es512_plain", "webhook_from_server"), server);
}

static void check_xsign(json_t *v)
{
	struct span prefix = text_of(v, "prefix"), url = text_of(v, "url");
	struct span body = text_of(v, "body"), wanted = text_of(v, "x_sign");
	struct buf input, mark, text;
	struct signer s;
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	buf_init(&input, 4096);
	buf_init(&mark, SIGN_SIGNATURE_MAX);
	buf_init(&text, 4096);
	assert_int_equal(xsign_digest(prefix, url, body, digest), OK);
	hex_text(hex, digest, sizeof digest);
	assert_true(span_equal_str(text_of(v, "sha256"), hex));
	assert_int_equal(xsign_input(prefix, url, body, &input), OK);
	assert_int_equal(signer_of_key(rsa, SIGN_RSA_SHA256, &s), OK);
	assert_int_equal(s.sign(s.ctx, buf_span(&input), &mark), OK);
	b64url_encode(&text, buf_span(&mark));
	assert_true(span_equal(buf_span(&text), wanted));
	buf_reset(&mark);
	buf_put_str(&text, "==");
	assert_int_equal(xsign_read(buf_span(&text), &mark), OK);
	assert_int_equal(sign_verify(rsa, SIGN_RSA_SHA256, buf_span(&input), buf_span(&mark)), OK);
	buf_free(&input);
	buf_free(&mark);
	buf_free(&text);
}

static void test_xsign(void **state)
{
	static const char *const names[] = {"get", "get_query", "post", "nonce", "websocket"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		check_xsign(part("x_sign", names[i]));
}

/* No key is at hand, so nothing can have been computed with one. */
static void test_refused_by_form(void **state)
{
	const char *name;
	json_t *token;
	size_t count = 0;
	json_object_foreach(json_object_get(vectors, "must_be_refused"), name, token)
	{
		struct jws t;
		const char *reason = NULL;
		assert_int_equal(
		    jws_read(span_str(json_string_value(token)), &t, &reason), ERR_TOKEN);
		assert_non_null(reason);
		count++;
	}
	assert_int_equal(count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wrapped),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_xsign),
	    cmocka_unit_test(test_refused_by_form),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
