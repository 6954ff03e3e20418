/*
 * The JSON of a bundle. What is not understood is ignored, what is needed and missing is refused
 * with the place where it is missing.
 */
#include "lib/proof.h"

#include "base/codec.h"
#include "base/json.h"

#include <string.h>

struct reader {
	struct chg_proof *proof;
	size_t number; /* of the exchange, from 1 */
	const char *place;
};

static const char *text_at(struct reader *r, const json_t *object, const char *name, bool is_needed)
{
	const json_t *value = json_object_get(object, name);
	const char *copy;

	if (value == NULL || json_is_null(value)) {
		if (is_needed)
			say(&r->proof->said, CHG_ERR_FORM, "exchange %zu: %s%s is missing",
			    r->number, r->place, name);
		return NULL;
	}
	if (!json_is_string(value)) {
		say(&r->proof->said, CHG_ERR_FORM, "exchange %zu: %s%s is not a text", r->number,
		    r->place, name);
		return NULL;
	}
	copy = arena_string(r->proof->arena, json_string_value(value), json_string_length(value));
	if (copy == NULL)
		say(&r->proof->said, CHG_ERR_MEMORY, "memory ran out");
	return copy;
}

static void headers_read(struct reader *r, const json_t *part, struct fields *fields)
{
	json_t *headers = json_object_get(part, "headers");
	const char *name;
	json_t *value;

	json_object_foreach(headers, name, value)
	{
		if (json_is_string(value))
			fields_add(fields, r->proof->arena, &r->proof->said, span_str(name),
			    span_of(json_string_value(value), json_string_length(value)));
		else
			say(&r->proof->said, CHG_ERR_FORM,
			    "exchange %zu: %sheaders.%s is not a text", r->number, r->place, name);
	}
}

static void hash_read(struct reader *r, const json_t *part, struct proof_part *out)
{
	static const uint8_t of_nothing[SHA256_SIZE] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c,
	    0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64,
	    0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
	const char *hash = text_at(r, part, "file_sha256", false);

	out->is_file = hash != NULL;
	if (hash == NULL)
		hash = text_at(r, part, "body_sha256", false);
	out->has_hash = hash != NULL;
	if (hash != NULL && hex_decode(span_str(hash), out->sha256, SHA256_SIZE) != OK)
		say(&r->proof->said, CHG_ERR_FORM, "exchange %zu: %s%s is not SHA-256 in hex",
		    r->number, r->place, out->is_file ? "file_sha256" : "body_sha256");
	if (hash != NULL && ct_equal(out->sha256, of_nothing, SHA256_SIZE))
		out->has_hash = false;
	out->shown.body_sha256 = hash;
}

static void part_read(struct reader *r, const json_t *part, struct proof_part *out)
{
	out->shown.why = "";
	out->is_missing = json_is_null(part) && out->is_answer;
	if (out->is_missing)
		return;
	if (!json_is_object(part)) {
		say(&r->proof->said, CHG_ERR_FORM, "exchange %zu: %s is no object", r->number,
		    r->place);
		return;
	}
	headers_read(r, part, &out->fields);
	out->body_token = span_str(text_at(r, part, "encoded_body", false));
	hash_read(r, part, out);
	if (json_is_object(json_object_get(part, "key")))
		out->spki = text_at(r, json_object_get(part, "key"), "spki", true);
}

/* A body that the bundle brings along is the one that its hash names, or the bundle lies. */
static void body_read(struct reader *r, const json_t *part, const struct proof_part *out)
{
	CLEANUP(buf_free) struct buf bytes;
	const json_t *body = json_object_get(part, "body");
	uint8_t sum[SHA256_SIZE];

	buf_init(&bytes, BODY_BYTES);
	if (!json_is_string(body))
		return;
	if (b64_decode(&bytes, span_of(json_string_value(body), json_string_length(body))) != OK)
		say(&r->proof->said, CHG_ERR_FORM, "exchange %zu: %sbody is not base64", r->number,
		    r->place);
	else if (!out->is_file && (sha256(buf_span(&bytes), sum) != OK || !out->has_hash ||
				      !ct_equal(sum, out->sha256, sizeof(sum))))
		say(&r->proof->said, CHG_ERR_MISMATCH,
		    "exchange %zu: %sbody is not what body_sha256 names", r->number, r->place);
	else
		chg_proof_add_body(r->proof, bytes.data, bytes.size);
}

static void exchange_read(struct reader *r, const json_t *x, struct proof_exchange *out)
{
	static const char *const names[] = {"request", "response"};
	static const char *const places[] = {"request.", "response."};
	struct said *said = &r->proof->said;
	const char *scheme;

	r->place = "";
	out->at = text_at(r, x, "at", true);
	out->method = span_str(text_at(r, x, "method", true));
	out->url = text_at(r, x, "url", true);
	scheme = text_at(r, x, "scheme", true);
	if (said->status != CHG_OK)
		return;
	if (!chg_scheme_of(scheme, &out->scheme))
		say(said, CHG_ERR_FORM, "exchange %zu: scheme %s is unknown", r->number, scheme);
	target_read(out->url, r->proof->arena, &out->target, said);
	for (int side = CHG_REQUEST; side <= CHG_RESPONSE; side++) {
		r->place = places[side];
		out->parts[side].is_answer = side == CHG_RESPONSE;
		part_read(r, json_object_get(x, names[side]), &out->parts[side]);
		body_read(r, json_object_get(x, names[side]), &out->parts[side]);
	}
	out->status =
	    (unsigned)json_integer_value(json_object_get(json_object_get(x, "response"), "status"));
}

static enum chg_status exchanges_read(struct chg_proof *p, const json_t *list)
{
	struct reader r = {.proof = p};
	size_t i, count = json_array_size(list);
	const json_t *x;

	if (!json_is_array(list) || count == 0 || count > PROOF_EXCHANGES_MAX)
		return say(&p->said, CHG_ERR_FORM, "exchanges is not a list of 1 to %d",
		    PROOF_EXCHANGES_MAX);
	p->exchanges = arena_alloc(p->arena, count * sizeof(*p->exchanges));
	if (p->exchanges == NULL)
		return say(&p->said, CHG_ERR_MEMORY, "memory ran out");
	json_array_foreach(list, i, x)
	{
		r.number = i + 1;
		exchange_read(&r, x, &p->exchanges[i]);
		if (p->said.status != CHG_OK)
			return p->said.status;
	}
	p->count = count;
	return CHG_OK;
}

enum chg_status proof_read(struct chg_proof *p, struct span json)
{
	CLEANUP(json_freep) json_t *bundle = NULL;
	struct fault fault = {.code = OK};
	enum err e = json_read(json, &bundle, &fault);

	if (e == ERR_MEMORY)
		return say(&p->said, CHG_ERR_MEMORY, "memory ran out");
	if (e != OK)
		return say(&p->said, CHG_ERR_FORM, "the bundle is not JSON. %s", fault.detail);
	return exchanges_read(
	    p, json_is_array(bundle) ? bundle : json_object_get(bundle, "exchanges"));
}
