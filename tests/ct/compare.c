/*
 * Comparisons of keys, codes and macs, with the secrets marked undefined for memcheck. One case a
 * run, named on the command line; `leak` is the control. See README.md.
 */
#include "auth/auth.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "envelope/envelope.h"

#include <stdio.h>
#include <string.h>

#include <valgrind/memcheck.h>

bool __real_ct_equal(const void *a, const void *b, size_t size);
bool __wrap_ct_equal(const void *a, const void *b, size_t size);

/* The verdict is public: whoever asked is told. */
bool __wrap_ct_equal(const void *a, const void *b, size_t size)
{
	bool is_equal = __real_ct_equal(a, b, size);
	VALGRIND_MAKE_MEM_DEFINED(&is_equal, sizeof is_equal);
	return is_equal;
}

static void hide(void *p, size_t size)
{
	VALGRIND_MAKE_MEM_UNDEFINED(p, size);
}

static void fill(uint8_t *p, size_t size, uint8_t value)
{
	memset(p, value, size);
}

static bool run_equal(void)
{
	static const size_t sizes[] = {1, 16, 20, 32, 64};
	bool is_right = true;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint8_t secret[64], given[64];
		fill(secret, sizeof secret, 7);
		fill(given, sizeof given, 7);
		hide(secret, sizeof secret);
		is_right &= ct_equal(secret, given, sizes[i]);
		given[sizes[i] - 1] = 8;
		is_right &= !ct_equal(secret, given, sizes[i]);
	}
	return is_right;
}

static bool run_hmac(void)
{
	uint8_t key[32], mac[SHA256_SIZE], given[SHA256_SIZE] = {0};
	fill(key, sizeof key, 9);
	hide(key, sizeof key);
	struct span secret = span_of(key, sizeof key), input = span_str("https://x/POST{}");
	bool is_right = hmac_sha256(secret, input, mac) == OK && !ct_equal(mac, given, 32);
	return is_right && hmac_sha1(secret, input, mac) == OK && !ct_equal(mac, given, 20);
}

static bool run_encode(void)
{
	uint8_t secret[32];
	CLEANUP(buf_free) struct buf text, again;
	buf_init(&text, 100);
	buf_init(&again, 100);
	fill(secret, sizeof secret, 3);
	hide(secret, sizeof secret);
	b64url_encode(&text, span_of(secret, sizeof secret));
	b64_encode(&again, span_of(secret, sizeof secret));
	return text.size == 43 && again.size == 44;
}

/* A signer on the step of the code; given is right when its first byte is 5. */
static enum err check_code(uint8_t given)
{
	struct signer_progress signer = {.id = "s", .state = SIGNER_OPENED};
	struct document_progress document = {.id = "d"};
	struct envelope e = {.id = "e",
	    .state = ENVELOPE_SUBMITTED,
	    .signers = &signer,
	    .signer_count = 1,
	    .documents = &document,
	    .document_count = 1,
	    .expires_at = 1000 * CLOCK_DAY};
	struct command c = {.kind = COMMAND_CHECK_CODE, .hash = {given}};
	static struct event_list events;
	struct fault fault = {0};
	signer.sent_at = signer.opened_at = signer.cpf_at = signer.read_at = 1000;
	signer.code_sent_at = 1000;
	signer.read_mask = 1;
	signer.code_hash[0] = 5;
	hide(signer.code_hash, sizeof signer.code_hash);
	enum err error = envelope_decide(&e, &c, 2000, &events, &fault);
	return error == OK ? events.answer : error;
}

static bool run_code(void)
{
	return check_code(5) == OK && check_code(6) == ERR_CODE_WRONG;
}

static struct auth_key stored;

static enum err load(
    void *ctx, enum auth_kind kind, struct span id, struct arena *arena, struct auth_key *out)
{
	*out = stored;
	return OK;
}

static enum err check_with(struct auth *auth, struct span text)
{
	struct http_header header = {span_str("authorization"), text};
	struct http_route route = {.schemes = AUTH_ALL, .pattern = "/x"};
	struct http_request req = {
	    .method = HTTP_GET, .headers = &header, .header_count = 1, .route = &route};
	struct auth_session session;
	struct fault fault = {0};
	enum err e = auth_head(auth, &req, &session, &fault);
	if (e == OK)
		e = auth_body(auth, &session, &fault);
	auth_session_end(&session);
	return e;
}

static enum err check_key(struct span text)
{
	const struct auth_config config = {.store = {NULL, load}, .seen_limit = 64};
	struct auth *auth;
	if (auth_open(&config, &auth) != OK)
		return ERR_INTERNAL;
	enum err e = check_with(auth, text);
	auth_close(auth);
	return e;
}

static bool run_key(void)
{
	uint8_t key_id[API_KEY_ID_BYTES];
	CLEANUP(buf_free) struct buf text;
	buf_init(&text, 512);
	if (auth_key_new(ENVIRONMENT_PRODUCTION, &text, key_id, stored.secret_hash) != OK)
		return false;
	stored.environment = ENVIRONMENT_PRODUCTION;
	stored.schemes = AUTH_API_KEY;
	hide(stored.secret_hash, sizeof stored.secret_hash);
	bool is_right = check_key(buf_span(&text)) == OK;
	VALGRIND_MAKE_MEM_DEFINED(stored.secret_hash, sizeof stored.secret_hash);
	stored.secret_hash[31] ^= 1;
	hide(stored.secret_hash, sizeof stored.secret_hash);
	return is_right && check_key(buf_span(&text)) == ERR_AUTH_KEY;
}

/* What must be reported: a comparison that ends at the first difference. */
static bool run_leak(void)
{
	uint8_t secret[16], given[16];
	fill(secret, sizeof secret, 1);
	fill(given, sizeof given, 1);
	hide(secret, sizeof secret);
	for (size_t i = 0; i < sizeof secret; i++)
		if (((volatile uint8_t *)secret)[i] != given[i])
			return false;
	return true;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		bool (*run)(void);
	} cases[] = {{"equal", run_equal}, {"hmac", run_hmac}, {"encode", run_encode},
	    {"code", run_code}, {"key", run_key}, {"leak", run_leak}};
	for (size_t i = 0; argc == 2 && i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(argv[1], cases[i].name) == 0)
			return cases[i].run() ? 0 : 1;
	return 2;
}
