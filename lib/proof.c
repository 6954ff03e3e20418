/*
 * The checker of a bundle of signed traffic, years later and without the server: docs/proof.md is
 * its format. A key in the bundle only says which key to look at; whether it is the partner's or
 * the platform's is known to the reader, who tells it with chg_proof_trust.
 */
#include "lib/proof.h"

#include "base/codec.h"

#include <openssl/evp.h>

#include <string.h>

struct chg_proof *chg_proof_new(void)
{
	struct chg_proof *p = mem_alloc(sizeof(*p));

	if (p == NULL)
		return NULL;
	p->arena = arena_new(BODY_BYTES);
	if (p->arena != NULL)
		return p;
	mem_free(p, sizeof(*p));
	return NULL;
}

void chg_proof_free(struct chg_proof *p)
{
	if (p == NULL)
		return;
	arena_free(p->arena);
	mem_free(p, sizeof(*p));
}

void chg_proof_trust(struct chg_proof *p, enum chg_side side, const struct chg_key *k)
{
	size_t *count = &p->trusted_count[side];

	if (*count == PROOF_TRUSTED_MAX)
		say(&p->mistake, CHG_ERR_ARGUMENT, "more than %d trusted keys", PROOF_TRUSTED_MAX);
	else
		p->trusted[side][(*count)++] = k;
}

void chg_proof_add_body(struct chg_proof *p, const void *body, size_t size)
{
	struct proof_body *b = arena_alloc(p->arena, sizeof(*b));
	char *copy = span_dup(p->arena, span_of(body, size));

	if (b == NULL || copy == NULL || sha256(span_of(body, size), b->sha256) != OK) {
		say(&p->mistake, CHG_ERR_MEMORY, "memory ran out, or bodies of more than 256 MB");
		return;
	}
	b->bytes = span_of(copy, size);
	b->next = p->bodies;
	p->bodies = b;
}

static bool is_trusted(const struct chg_proof *p, enum chg_side side, EVP_PKEY *key)
{
	for (size_t i = 0; i < p->trusted_count[side]; i++)
		if (EVP_PKEY_eq(p->trusted[side][i]->pkey, key) == 1)
			return true;
	return false;
}

static enum chg_status key_take(const struct chg_proof *p, enum chg_side side,
    struct proof_part *part, const char *spki, struct said *s)
{
	CLEANUP(buf_free) struct buf der;
	enum err e;

	buf_init(&der, 16 * LIMIT_KB);
	if (spki == NULL)
		return CHG_OK;
	e = b64_decode(&der, span_str(spki));
	if (e == OK)
		e = key_public_of_der(buf_span(&der), &part->key);
	if (e == OK)
		e = key_kind_of(part->key, &part->kind);
	if (e == OK)
		e = key_fingerprint(part->key, part->shown.fingerprint);
	if (e != OK)
		return say(s, CHG_ERR_FORM, "key.spki is not a public key in base64");
	part->shown.kind = (enum chg_key_kind)part->kind;
	part->shown.is_key_trusted = is_trusted(p, side, part->key);
	return CHG_OK;
}

/* RFC 9421 signs with what the key's kind has first, except that RSA may be either. */
static enum sign_algorithm algorithm_of(const struct proof_part *part, enum chg_scheme scheme)
{
	struct span input = SPAN_EMPTY;
	struct said ignored = {.status = CHG_OK};

	switch (part->kind) {
	case KEY_P521: return SIGN_ES512;
	case KEY_ED25519: return SIGN_ED25519;
	case KEY_P256: return SIGN_ES256;
	case KEY_P384: return SIGN_ES384;
	case KEY_RSA: break;
	}
	if (scheme == CHG_HTTP_SIGNATURE &&
	    fields_find(&part->fields, "signature-input", &input, &ignored) &&
	    memmem(input.data, input.size, "alg=\"rsa-v1_5-sha256\"", 21) == NULL)
		return SIGN_RSA_PSS_512;
	return SIGN_RSA_SHA256;
}

static void body_find(const struct chg_proof *p, struct proof_part *part, struct evidence *e)
{
	e->has_body = true;
	if (!part->has_hash)
		return;
	for (const struct proof_body *b = p->bodies; b != NULL; b = b->next) {
		if (!ct_equal(b->sha256, part->sha256, SHA256_SIZE))
			continue;
		e->body = b->bytes;
		return;
	}
	e->has_body = false;
	e->body_sha256 = part->sha256;
}

static bool has_signature(const struct proof_exchange *x, enum chg_side side)
{
	if (x->parts[side].is_missing)
		return false;
	if (side == CHG_REQUEST && x->scheme == CHG_X_SIGN) /* sandbox keys may leave it out */
		return x->parts[side].spki != NULL || fields_has(&x->parts[side].fields, "x-sign");
	if (side == CHG_REQUEST)
		return x->scheme != CHG_API_KEY;
	if (x->scheme == CHG_ES512_WRAPPED || x->scheme == CHG_ES512_PLAIN)
		return true;
	return fields_has(&x->parts[side].fields, "signature");
}

static enum chg_status part_check(const struct proof_exchange *x, enum chg_side side,
    const struct evidence *e, struct finding *f, struct said *s)
{
	if (x->scheme == CHG_ES512_WRAPPED)
		return check_wrapped(e, f, s);
	if (x->scheme == CHG_ES512_PLAIN)
		return check_plain(e, f, s);
	if (x->scheme == CHG_X_SIGN && side == CHG_REQUEST)
		return check_x_sign(e, f, s);
	return check_message(e, f, s);
}

static void part_verify(struct chg_proof *p, struct proof_exchange *x, enum chg_side side)
{
	struct proof_part *part = &x->parts[side];
	struct finding f = {.at = 0};
	struct evidence e = {.key = part->key,
	    .algorithm = algorithm_of(part, x->scheme),
	    .method = x->method,
	    .target = x->target,
	    .fields = &part->fields,
	    .request_fields = &x->parts[CHG_REQUEST].fields,
	    .is_response = side == CHG_RESPONSE,
	    .status = x->status,
	    .body_token = part->body_token,
	    .is_file = part->is_file};

	part->shown.verdict = CHG_PROOF_UNSIGNED;
	if (!has_signature(x, side))
		return;
	part->shown.verdict = CHG_PROOF_BAD;
	if (part->key == NULL) {
		say(&part->said, CHG_ERR_KEY, "the bundle has no key for it");
		return;
	}
	body_find(p, part, &e);
	if (x->scheme == CHG_ES512_WRAPPED && e.body.size == 0) /* its token stands for the body */
		e.has_body = false;
	if (part_check(x, side, &e, &f, &part->said) != CHG_OK)
		return;
	part->shown.verdict = f.is_body_open ? CHG_PROOF_NEEDS_BODY : CHG_PROOF_HOLDS;
	if (f.is_body_open)
		say(&part->said, CHG_ERR_UNSIGNED, "the body with this SHA-256 is needed");
}

/* Worst first: what is wrong, then whose key is unknown, then what is missing. */
static int weight(enum chg_status s)
{
	switch (s) {
	case CHG_OK: return 0;
	case CHG_ERR_UNSIGNED: return 1;
	case CHG_ERR_KEY: return 2;
	default: return 3;
	}
}

static void judge(struct chg_proof *p, size_t number, enum chg_side side)
{
	static const char *const sides[] = {"request", "answer"};
	struct proof_part *part = &p->exchanges[number].parts[side];

	if (part->said.status == CHG_OK && part->shown.verdict == CHG_PROOF_HOLDS &&
	    p->trusted_count[side] > 0 && !part->shown.is_key_trusted)
		say(&part->said, CHG_ERR_KEY, "%s is none of the keys that were told",
		    part->shown.fingerprint);
	part->shown.why = part->said.text;
	if (weight(part->said.status) <= weight(p->said.status))
		return;
	p->said.status = CHG_OK;
	say(&p->said, part->said.status, "exchange %zu, %s: %s", number + 1, sides[side],
	    part->said.text);
}

/* What nobody signed proves nothing, and a platform whose keys are known signs its answers. */
static void judge_unsigned(struct chg_proof *p, size_t number)
{
	struct proof_part *request = &p->exchanges[number].parts[CHG_REQUEST];
	struct proof_part *answer = &p->exchanges[number].parts[CHG_RESPONSE];

	if (answer->shown.verdict != CHG_PROOF_UNSIGNED)
		return;
	if (answer->is_missing)
		say(&answer->said, CHG_ERR_UNSIGNED, "it was not kept");
	else if (p->trusted_count[CHG_RESPONSE] > 0)
		say(&answer->said, CHG_ERR_UNSIGNED, "it is not signed");
	else if (request->shown.verdict == CHG_PROOF_UNSIGNED)
		say(&answer->said, CHG_ERR_UNSIGNED, "neither request nor answer is signed");
}

static void keys_take(struct chg_proof *p, struct proof_exchange *x)
{
	for (int side = CHG_REQUEST; side <= CHG_RESPONSE; side++)
		(void)key_take(p, (enum chg_side)side, &x->parts[side], x->parts[side].spki,
		    &x->parts[side].said);
}

static void keys_free(struct chg_proof *p)
{
	for (size_t i = 0; i < p->count; i++) {
		for (int side = CHG_REQUEST; side <= CHG_RESPONSE; side++) {
			EVP_PKEY_free(p->exchanges[i].parts[side].key);
			p->exchanges[i].parts[side].key = NULL;
		}
	}
}

enum chg_status chg_proof_verify(struct chg_proof *p, const void *json, size_t size)
{
	p->said = p->mistake;
	p->count = 0;
	if (p->said.status != CHG_OK || proof_read(p, span_of(json, size)) != CHG_OK)
		return p->said.status;
	for (size_t i = 0; i < p->count; i++) {
		keys_take(p, &p->exchanges[i]);
		for (int side = CHG_REQUEST; side <= CHG_RESPONSE; side++) {
			if (p->exchanges[i].parts[side].said.status == CHG_OK)
				part_verify(p, &p->exchanges[i], (enum chg_side)side);
			else
				p->exchanges[i].parts[side].shown.verdict = CHG_PROOF_BAD;
		}
		judge_unsigned(p, i);
		judge(p, i, CHG_REQUEST);
		judge(p, i, CHG_RESPONSE);
	}
	keys_free(p);
	return p->said.status;
}

const char *chg_proof_why(const struct chg_proof *p)
{
	return p->said.text;
}

size_t chg_proof_count(const struct chg_proof *p)
{
	return p->count;
}

const char *chg_proof_at(const struct chg_proof *p, size_t i)
{
	return i < p->count ? p->exchanges[i].at : NULL;
}

const char *chg_proof_method(const struct chg_proof *p, size_t i)
{
	return i < p->count ? (const char *)p->exchanges[i].method.data : NULL;
}

const char *chg_proof_url(const struct chg_proof *p, size_t i)
{
	return i < p->count ? p->exchanges[i].url : NULL;
}

const char *chg_proof_scheme(const struct chg_proof *p, size_t i)
{
	return i < p->count ? chg_scheme_name(p->exchanges[i].scheme) : NULL;
}

unsigned chg_proof_http_status(const struct chg_proof *p, size_t i)
{
	return i < p->count ? p->exchanges[i].status : 0;
}

const struct chg_proof_part *chg_proof_part(const struct chg_proof *p, size_t i, enum chg_side side)
{
	return i < p->count ? &p->exchanges[i].parts[side].shown : NULL;
}
