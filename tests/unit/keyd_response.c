/*
 * Does keyd sign answers so that a partner's check passes, however large they are, and nothing that
 * could pass for something else?
 */
#include "keyd_start.h"

#include "keyd/client.h"
#include "sign/key.h"
#include "sign/sign.h"

#include <openssl/evp.h>

#define SPAN_LITERAL(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static struct keyd_process process;
static struct keyd *keyd;
static EVP_PKEY *es512, *ed25519;
static char kid[KEYD_KID_SIZE], kid_es512[KEYD_KID_SIZE];

static int start(void **state)
{
	struct keyd_public all[8];
	size_t n = 8;

	keyd_folder_make(&process);
	keyd_process_start(&process);
	assert_int_equal(keyd_open(keyd_process_dial, &process, &keyd), OK);
	assert_int_equal(keyd_response_public(keyd, all, &n), OK);
	for (size_t i = 0; i < n; i++) {
		struct span spki = span_of(all[i].spki, all[i].spki_size);
		if (all[i].line == KEYD_RESPONSE_ES512)
			assert_int_equal(key_public_of_der(spki, &es512), OK);
		if (all[i].line == KEYD_RESPONSE_ES512)
			memcpy(kid_es512, all[i].kid, sizeof(kid_es512));
		if (all[i].line == KEYD_RESPONSE_ED25519)
			assert_int_equal(key_public_of_der(spki, &ed25519), OK);
		if (all[i].line == KEYD_RESPONSE_ED25519)
			memcpy(kid, all[i].kid, sizeof(kid));
	}
	return es512 != NULL && ed25519 != NULL ? 0 : -1;
}

static int stop(void **state)
{
	EVP_PKEY_free(es512);
	EVP_PKEY_free(ed25519);
	keyd_close(keyd);
	keyd_process_stop(&process, 0);
	keyd_folder_remove(&process);
	return 0;
}

/* The claims of a token that verifies. */
static void token_open(struct span token, struct buf *claims)
{
	const char *reason = "";
	struct jws t;

	buf_init(claims, 64 << 20);
	assert_int_equal(jws_read(token, &t, &reason), OK);
	assert_int_equal(jws_check(es512, &t), OK);
	assert_int_equal(jws_payload(&t, claims), OK);
}

static void a_plain_token_has_its_four_claims(void **state)
{
	struct plain p = {span_str("99914b932bd37a50b983c5e7c90ae93b"),
	    span_str("2026-11-02T12:00:00.123Z"), span_str("POST"), span_str("/a?b=\"\\ã")};
	struct buf token CLEANUP(buf_free), claims CLEANUP(buf_free), wanted CLEANUP(buf_free);
	char used[KEYD_KID_SIZE];

	buf_init(&token, 4096);
	buf_init(&wanted, 4096);
	assert_int_equal(keyd_response_plain(keyd, &p, &token, used), OK);
	assert_string_equal(used, kid_es512);
	token_open(buf_span(&token), &claims);
	assert_int_equal(plain_claims_make(&p, &wanted), OK);
	assert_string_equal(buf_str(&claims), buf_str(&wanted));
}

static void a_plain_token_needs_an_md5(void **state)
{
	static const char *const wrong[] = {"", "0", "99914b932bd37a50b983c5e7c90ae93b0"};

	for (size_t i = 0; i < 3; i++) {
		struct plain p = {
		    span_str(wrong[i]), span_str("x"), span_str("GET"), span_str("/")};
		struct buf token CLEANUP(buf_free);
		buf_init(&token, 4096);
		assert_int_equal(keyd_response_plain(keyd, &p, &token, NULL), ERR_BAD_REQUEST);
	}
}

static const struct keyd_wrapped form = {SPAN_LITERAL("k-1"), SPAN_LITERAL("GET"),
    SPAN_LITERAL("application/json"), SPAN_LITERAL("Mon, 02 Nov 2026 12:00:00 GMT"),
    SPAN_LITERAL("/sign/envelope?page=1")};

static void wrapped_check(struct span body_token, struct span authorization)
{
	struct buf claims CLEANUP(buf_free), key CLEANUP(buf_free), text CLEANUP(buf_free);
	char md5[MD5_TEXT_SIZE];
	struct wrapped lines;

	buf_init(&key, 256);
	buf_init(&text, 4096);
	token_open(authorization, &claims);
	assert_int_equal(wrapped_claims_read(buf_span(&claims), &key, &text), OK);
	assert_string_equal(buf_str(&key), "k-1");
	assert_int_equal(wrapped_lines_read(buf_span(&text), &lines), OK);
	assert_int_equal(md5_text(body_token, md5), OK);
	assert_true(span_equal_str(lines.md5, md5));
	assert_true(span_equal(lines.method, form.method) && span_equal(lines.url, form.url));
	assert_true(span_equal(lines.content_type, form.content_type));
	assert_true(span_equal(lines.date, form.date));
}

/* {"a":"xxx…"} of this size. */
static void body_make(size_t size, struct buf *out)
{
	buf_init(out, size + 16);
	buf_put_str(out, "{\"a\":\"");
	for (size_t i = 8; i < size; i++)
		buf_put_byte(out, 'x');
	buf_put_str(out, "\"}");
	assert_int_equal(buf_done(out), OK);
}

/* Around what a frame takes (a token is four thirds of its claims), and far beyond. */
static void wrapped_answers_of_every_size_verify(void **state)
{
	static const size_t sizes[] = {8, 100, 1000, 65536, 119000, 122799, 122830, 122850, 122851,
	    122852, 122900, 124000, 196000, 200000, 1 << 20, 16 << 20};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf body CLEANUP(buf_free), token CLEANUP(buf_free), head CLEANUP(buf_free),
		    claims CLEANUP(buf_free);
		body_make(sizes[i], &body);
		buf_init(&token, 64 << 20);
		buf_init(&head, 64 << 10);
		struct keyd_wrapped_tokens out = {.body = &token, .authorization = &head};
		assert_int_equal(keyd_response_wrapped(keyd, &form, buf_span(&body), &out), OK);
		assert_string_equal(out.kid, kid_es512);
		token_open(buf_span(&token), &claims);
		assert_true(span_equal(buf_span(&claims), buf_span(&body)));
		wrapped_check(buf_span(&token), buf_span(&head));
	}
}

/* input as the body's signing input; large: in a memfd. */
static enum err wrapped_raw(struct span input, bool is_large)
{
	struct call c CLEANUP(call_free);
	int fd = is_large ? wire_memfd(input) : -1;

	call_init(&c, CALL_RESPONSE_WRAPPED);
	for (int i = 0; i < 5; i++)
		wire_put_bytes(&c.w, span_str("x"));
	wire_put_bytes(&c.w, is_large ? SPAN_EMPTY : input);
	wire_put_u32(&c.w, is_large);
	if (is_large)
		wire_put_fd(&c.w, fd);
	enum err e = keyd_call(keyd, &c.w, &c.r);
	if (is_large)
		close(fd);
	return e;
}

#define HEADER "eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCJ9"

/* Neither another header, nor a whole token, nor what no token is. */
static void no_other_input_is_signed_as_a_body(void **state)
{
	static const char *const wrong[] = {"", HEADER, "eyJhbGciOiJub25lIn0.e30", "x.y",
	    HEADER ".", HEADER ".e30.AAAA", HEADER ".e30=", HEADER ".e 30", HEADER ".e30\n",
	    "\"@method\": GET\n\"@signature-params\": ()", "ZXlKaGJHY2lPaUpGVXpVeE1pSjk.e30"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(wrapped_raw(span_str(wrong[i]), false), ERR_BAD_REQUEST);
		assert_int_equal(wrapped_raw(span_str(wrong[i]), true), ERR_BAD_REQUEST);
	}
	assert_int_equal(wrapped_raw(span_str(HEADER ".e30"), false), OK);
	assert_int_equal(wrapped_raw(span_str(HEADER ".e30"), true), OK);
}

static enum err message_raw(const char *key, struct span base, struct buf *signature)
{
	struct keyd_message m = {keyd, key};
	struct signer s = keyd_response_message(&m);

	buf_init(signature, 256);
	return s.sign(s.ctx, base, signature);
}

#define PARAMS "\"@signature-params\": (\"@status\");created=1;keyid=\"k\""

static void a_message_base_is_signed_with_the_key_in_use(void **state)
{
	struct span base = span_str("\"@status\": 200\n" PARAMS);
	struct buf mark CLEANUP(buf_free), none CLEANUP(buf_free);

	assert_int_equal(message_raw(kid, base, &mark), OK);
	assert_int_equal(sign_verify(ed25519, SIGN_ED25519, base, buf_span(&mark)), OK);
	assert_int_equal(message_raw("another", base, &none), ERR_NOT_READY);
	assert_int_equal(none.size, 0);
}

static void nothing_but_a_message_base_is(void **state)
{
	static const char *const wrong[] = {"", "x", PARAMS, (HEADER ".e30"), "\"@status\": 200\n",
	    "\"@status\": 200", ("\"@status\": 200\n" PARAMS "\n"), ("x\n" PARAMS "\nmore"),
	    ("\"@status\": 200\n" PARAMS "\n\"x\": y"), "msg_1.1.{}",
	    (" \"@status\": 200\n" PARAMS)};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buf mark CLEANUP(buf_free);
		assert_int_equal(message_raw(kid, span_str(wrong[i]), &mark), ERR_BAD_REQUEST);
		assert_int_equal(mark.size, 0);
	}
}

static void signing_goes_on_when_keyd_was_killed(void **state)
{
	struct span base = span_str("\"@status\": 200\n" PARAMS);
	struct buf mark CLEANUP(buf_free);

	keyd_process_stop(&process, SIGKILL);
	assert_int_equal(message_raw(kid, base, &mark), OK);
	assert_int_equal(sign_verify(ed25519, SIGN_ED25519, base, buf_span(&mark)), OK);
	assert_int_equal(process.starts, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_plain_token_has_its_four_claims),
	    cmocka_unit_test(a_plain_token_needs_an_md5),
	    cmocka_unit_test(wrapped_answers_of_every_size_verify),
	    cmocka_unit_test(no_other_input_is_signed_as_a_body),
	    cmocka_unit_test(a_message_base_is_signed_with_the_key_in_use),
	    cmocka_unit_test(nothing_but_a_message_base_is),
	    cmocka_unit_test(signing_goes_on_when_keyd_was_killed),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
