/* Are the examples of RFC 9421 and RFC 9530 reproduced, and everything ambiguous refused? */
#include "unit.h"

#include "base/json.h"
#include "sign/key.h"
#include "sign/sign.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <stdio.h>

#define FOLDER "tests/vectors/"

static struct span text_of(json_t *object, const char *name)
{
	json_t *v = json_object_get(object, name);
	return span_of(json_string_value(v), json_string_length(v));
}

static struct message message_of(json_t *v, struct message_header headers[10])
{
	json_t *list = json_object_get(v, "headers"), *pair;
	json_int_t status = json_integer_value(json_object_get(v, "status"));
	size_t i;
	json_array_foreach(list, i, pair)
	{
		headers[i].name = span_str(json_string_value(json_array_get(pair, 0)));
		headers[i].value = span_str(json_string_value(json_array_get(pair, 1)));
	}
	return (struct message){.is_response = status != 0,
	    .status = (unsigned)status,
	    .method = text_of(v, "method"),
	    .scheme = text_of(v, "scheme"),
	    .authority = text_of(v, "authority"),
	    .target = text_of(v, "target"),
	    .headers = headers,
	    .header_count = json_array_size(list)};
}

static EVP_PKEY *key_of(json_t *v)
{
	char path[128];
	snprintf(path, sizeof path, FOLDER "keys/%s", json_string_value(json_object_get(v, "key")));
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	EVP_PKEY *key = PEM_read_PUBKEY(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(key);
	return key;
}

static void check_vector(json_t *v)
{
	struct message_header headers[10];
	struct message m = message_of(json_object_get(v, "message"), headers);
	struct message_signature s;
	const char *reason;
	enum key_kind kind;
	CLEANUP(buf_free) struct buf base;
	CLEANUP(key_freep) EVP_PKEY *key = key_of(v);
	buf_init(&base, 10000);
	assert_int_equal(
	    message_read(text_of(v, "input"), text_of(v, "signature"), NULL, &s, &reason), OK);
	assert_int_equal(message_base(&m, &s, &base), OK);
	assert_string_equal(buf_str(&base), json_string_value(json_object_get(v, "base")));
	assert_int_equal(s.created, 1618884473);
	assert_int_equal(key_kind_of(key, &kind), OK);
	enum sign_algorithm a = key_message_algorithm(kind, s.alg);
	assert_string_equal(sign_algorithm_name(a), json_string_value(json_object_get(v, "alg")));
	struct span mark = span_of(s.signature, s.signature_size);
	assert_int_equal(sign_verify(key, a, buf_span(&base), mark), OK);
	buf_put_byte(&base, '\n');
	assert_int_equal(sign_verify(key, a, buf_span(&base), mark), ERR_SIGNATURE);
}

static void test_rfc9421(void **state)
{
	json_t *file = json_load_file(FOLDER "rfc9421.json", 0, NULL), *v;
	size_t i;
	assert_non_null(file);
	assert_int_equal(json_array_size(json_object_get(file, "vectors")), 7);
	json_array_foreach(json_object_get(file, "vectors"), i, v) check_vector(v);
	json_decref(file);
}

#define GOOD "\"@method\" \"@path\""

static void refuses(const char *input, const char *word)
{
	struct message_signature s;
	const char *reason = NULL;
	enum err e = message_read(span_str(input), span_str("a=:AAAA:"), NULL, &s, &reason);
	if (e != ERR_TOKEN || strstr(reason, word) == NULL)
		fail_msg("%s: %s, %s", input, err_symbol(e), reason);
}

static void test_input_refused(void **state)
{
	refuses("", "label");
	refuses("a", "label");
	refuses("a=", "not a list");
	refuses("A=()", "label");
	refuses("a=(\"@method\"", "one space");
	refuses("a=(\"@method\"  \"@path\")", "malformed");
	refuses("a=( \"@method\")", "malformed");
	refuses("a=(\"@method\" )", "malformed");
	refuses("a=(\"@method\" \"@method\")", "twice");
	refuses("a=(\"@query-param\";name=\"a\" \"@query-param\";name=\"a\")", "twice");
	refuses("a=(\"@methods\")", "neither");
	refuses("a=(\"@signature-params\")", "neither");
	refuses("a=(\"Date\")", "lower case");
	refuses("a=(\"\")", "neither");
	refuses("a=(date)", "malformed");
	refuses("a=(\"date\";sf)", "not supported");
	refuses("a=(\"date\";bs)", "not supported");
	refuses("a=(\"date\";tr)", "not supported");
	refuses("a=(\"date\";key=\"x\")", "not supported");
	refuses("a=(\"date\";name=\"x\")", "not supported");
	refuses("a=(\"date\";req;req)", "twice");
	refuses("a=(\"@query-param\")", "no name");
	refuses("a=(\"@query-param\";name=x)", "malformed");
	refuses("a=();created=-1", "malformed");
	refuses("a=();created=1.5", "malformed");
	refuses("a=();created=01", "malformed");
	refuses("a=();created=1234567890123456", "malformed");
	refuses("a=();created=\"1\"", "malformed");
	refuses("a=();created", "malformed");
	refuses("a=();created=1;created=1", "twice");
	refuses("a=(); created=1", "malformed");
	refuses("a=();keyid=k", "malformed");
	refuses("a=();keyid=\"\"", "malformed");
	refuses("a=();keyid=\"\x01\"", "malformed");
	refuses("a=();x=?1", "malformed");
	refuses("a=();created=1,", "label");
	refuses("a=();created=1 x", "behind");
	refuses("a=(), b=()", "more than one");
	refuses("a=(), a=()", "more than one");
}

static void test_labels(void **state)
{
	struct message_signature s;
	const char *reason;
	struct span two = span_str("a=(\"@method\");created=1, b=(\"@path\");created=2;x=?0;y;z=t");
	struct span marks = span_str("a=:AAAA:, b=:BBBB:");
	assert_int_equal(message_read(two, marks, "b", &s, &reason), OK);
	assert_int_equal(s.created, 2);
	assert_true(message_covers(&s, "@path", false));
	assert_false(message_covers(&s, "@path", true));
	assert_false(message_covers(&s, "@method", false));
	assert_true(span_equal_str(s.params, "(\"@path\");created=2;x=?0;y;z=t"));
	assert_memory_equal(s.signature, "\x04\x10\x41", 3);
	assert_int_equal(message_read(two, marks, "c", &s, &reason), ERR_TOKEN);
	assert_int_equal(message_read(two, marks, NULL, &s, &reason), ERR_TOKEN);
	assert_int_equal(message_read(two, span_str("a=:AAAA:"), "b", &s, &reason), ERR_TOKEN);
	assert_int_equal(
	    message_read(two, span_str("b=:AAAA:, b=:AAAA:"), "b", &s, &reason), ERR_TOKEN);
	assert_int_equal(message_read(two, span_str("b=:A!AA:"), "b", &s, &reason), ERR_TOKEN);
	assert_int_equal(message_read(two, span_str("b=::"), "b", &s, &reason), ERR_TOKEN);
	assert_int_equal(message_read(two, span_str("b=AAAA"), "b", &s, &reason), ERR_TOKEN);
}

static const struct message_header request_headers[] = {
    {{(const uint8_t *)"Content-Digest", 14}, {(const uint8_t *)"sha-256=:x:", 11}},
    {{(const uint8_t *)"X-Two", 5}, {(const uint8_t *)" one\t", 5}},
    {{(const uint8_t *)"x-two", 5}, {(const uint8_t *)"two", 3}},
    {{(const uint8_t *)"x-bad", 5}, {(const uint8_t *)"a\nb", 3}},
    {{(const uint8_t *)"x-empty", 7}, {(const uint8_t *)"", 0}}};

static struct message request_message(void)
{
	return (struct message){.method = span_str("POST"),
	    .scheme = span_str("https"),
	    .authority = span_str("example.com"),
	    .target = span_str("/a%20b?q=x+y&u=%c3%a9&two=1&two=2&e"),
	    .headers = request_headers,
	    .header_count = 5};
}

static void base_is(const struct message *m, const char *component, const char *wanted)
{
	char input[200];
	struct message_signature s;
	const char *reason;
	CLEANUP(buf_free) struct buf base;
	buf_init(&base, 1000);
	snprintf(input, sizeof input, "a=(%s);created=1", component);
	assert_int_equal(
	    message_read(span_str(input), span_str("a=:AAAA:"), NULL, &s, &reason), OK);
	enum err e = message_base(m, &s, &base);
	if (wanted == NULL) {
		assert_int_equal(e, ERR_TOKEN);
		return;
	}
	char line[300];
	assert_int_equal(e, OK);
	snprintf(line, sizeof line, "%s: %s\n\"@signature-params\": (%s);created=1", component,
	    wanted, component);
	assert_string_equal(buf_str(&base), line);
}

static void test_components(void **state)
{
	struct message m = request_message();
	base_is(&m, "\"@method\"", "POST");
	base_is(&m, "\"@scheme\"", "https");
	base_is(&m, "\"@target-uri\"", "https://example.com/a%20b?q=x+y&u=%c3%a9&two=1&two=2&e");
	base_is(&m, "\"@request-target\"", "/a%20b?q=x+y&u=%c3%a9&two=1&two=2&e");
	base_is(&m, "\"@path\"", "/a%20b");
	base_is(&m, "\"@query\"", "?q=x+y&u=%c3%a9&two=1&two=2&e");
	base_is(&m, "\"@query-param\";name=\"q\"", "x%20y");
	base_is(&m, "\"@query-param\";name=\"u\"", "%C3%A9");
	base_is(&m, "\"@query-param\";name=\"e\"", "");
	base_is(&m, "\"@query-param\";name=\"two\"", NULL);
	base_is(&m, "\"@query-param\";name=\"none\"", NULL);
	base_is(&m, "\"x-two\"", "one, two");
	base_is(&m, "\"x-empty\"", "");
	base_is(&m, "\"x-bad\"", NULL);
	base_is(&m, "\"x-none\"", NULL);
	base_is(&m, "\"@status\"", NULL);
	base_is(&m, "\"@method\";req", NULL);
	base_is(&m, "\"x-two\";req", NULL);
	m.target = span_str("/plain");
	base_is(&m, "\"@query\"", "?");
	m.target = span_str("?x");
	base_is(&m, "\"@path\"", "/");
}

static void test_response_components(void **state)
{
	struct message m = request_message();
	m.is_response = true;
	m.status = 201;
	m.request_headers = m.headers;
	m.request_header_count = m.header_count;
	m.headers = NULL;
	m.header_count = 0;
	base_is(&m, "\"@status\"", "201");
	base_is(&m, "\"@status\";req", NULL);
	base_is(&m, "\"@method\"", NULL);
	base_is(&m, "\"@method\";req", "POST");
	base_is(&m, "\"@query-param\";req;name=\"q\"", "x%20y");
	base_is(&m, "\"@query-param\";name=\"q\";req", "x%20y");
	base_is(&m, "\"content-digest\";req", "sha-256=:x:");
	base_is(&m, "\"content-digest\"", NULL);
}

static void there_and_back(enum key_kind kind, enum sign_algorithm a)
{
	static const struct message_component covered[] = {{"@method", false, "", {0}},
	    {"@target-uri", false, "", {0}}, {"content-digest", false, "", {0}},
	    {"@query-param", false, "q", {0}}};
	struct message_make how = {.label = "sig",
	    .keyid = "a\"b\\c",
	    .nonce = "n",
	    .tag = "t",
	    .components = covered,
	    .component_count = 4,
	    .created = 1700000000,
	    .expires = 1700000300};
	struct message m = request_message();
	struct signer signer;
	struct message_signature s;
	const char *reason;
	CLEANUP(key_freep) EVP_PKEY *key = NULL;
	CLEANUP(buf_free) struct buf input, mark, base;
	buf_init(&input, 2000);
	buf_init(&mark, 2000);
	buf_init(&base, 2000);
	assert_int_equal(key_make(kind, 2048, &key), OK);
	assert_int_equal(signer_of_key(key, a, &signer), OK);
	assert_int_equal(message_make(&signer, &m, &how, &input, &mark), OK);
	assert_int_equal(message_read(buf_span(&input), buf_span(&mark), NULL, &s, &reason), OK);
	assert_string_equal(s.keyid, how.keyid);
	assert_string_equal(s.nonce, "n");
	assert_string_equal(s.tag, "t");
	assert_int_equal(s.expires, how.expires);
	assert_int_equal(key_message_algorithm(kind, s.alg), a);
	assert_int_equal(message_base(&m, &s, &base), OK);
	struct span got = span_of(s.signature, s.signature_size);
	assert_int_equal(sign_verify(key, a, buf_span(&base), got), OK);
	base.data[12] ^= 1;
	assert_int_equal(sign_verify(key, a, buf_span(&base), got), ERR_SIGNATURE);
	how.label = "Sig";
	assert_int_equal(message_make(&signer, &m, &how, &input, &mark), ERR_TOKEN);
	how.label = "sig";
	how.keyid = "\n";
	assert_int_equal(message_make(&signer, &m, &how, &input, &mark), ERR_TOKEN);
}

static void test_make(void **state)
{
	struct signer signer;
	CLEANUP(key_freep) EVP_PKEY *key = NULL;
	there_and_back(KEY_ED25519, SIGN_ED25519);
	there_and_back(KEY_P256, SIGN_ES256);
	there_and_back(KEY_P384, SIGN_ES384);
	there_and_back(KEY_RSA, SIGN_RSA_PSS_512);
	there_and_back(KEY_RSA, SIGN_RSA_SHA256);
	assert_int_equal(key_make(KEY_P256, 0, &key), OK);
	assert_int_equal(signer_of_key(key, SIGN_ES512, &signer), ERR_KEY_TYPE);
	assert_int_equal(key_message_algorithm(KEY_P256, "ed25519"), SIGN_NONE);
	assert_int_equal(key_message_algorithm(KEY_P521, ""), SIGN_NONE);
}

/* RFC 9530 appendix B and D; B.5 prints a padding too many, which is refused. */
static void test_digest(void **state)
{
	static const struct {
		const char *digest, *body;
		enum err wanted;
	} cases[] = {
	    {"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", "{\"hello\": \"world\"}\n",
		OK},
	    {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "", OK},
	    {"sha-256=:jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ=:", "\"world\"}\n", OK},
	    {"sha-256=:mEkdbO7Srd9LIOegftO0aBX+VPTVz7/CSHes2Z27gc4=:",
		"{\"title\": \"New Title\"}\n", OK},
	    {"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwE"
	     "mTHWXvJwew==:",
		"{\"hello\": \"world\"}", OK},
	    {"unixsum=:AAAA:, sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "", OK},
	    {"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg==:", "{\"hello\": \"world\"}\n",
		ERR_DIGEST},
	    {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "x", ERR_DIGEST},
	    {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:, sha-512=:AAAA:", "",
		ERR_DIGEST},
	    {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:, "
	     "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
		"", ERR_DIGEST},
	    {"unixsum=:AAAA:", "", ERR_DIGEST},
	    {"", "", ERR_DIGEST},
	    {"sha-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "", ERR_DIGEST},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(digest_check(span_str(cases[i].digest), span_str(cases[i].body)),
		    cases[i].wanted);
}

static void test_digest_make(void **state)
{
	CLEANUP(buf_free) struct buf out;
	buf_init(&out, 100);
	assert_int_equal(digest_make(span_str("{\"hello\": \"world\"}\n"), &out), OK);
	assert_string_equal(
	    buf_str(&out), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc9421),
	    cmocka_unit_test(test_input_refused),
	    cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_components),
	    cmocka_unit_test(test_response_components),
	    cmocka_unit_test(test_make),
	    cmocka_unit_test(test_digest),
	    cmocka_unit_test(test_digest_make),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
