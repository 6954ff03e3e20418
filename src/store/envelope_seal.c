/*
 * Sealing and opening the personal columns of an envelope, and the secrets that find one: link
 * tokens, verification codes, one-time codes. Nothing personal leaves here except into an
 * arena, which wipes when it is freed.
 */
#include "store/envelope_rows.h"

#include "base/codec.h"
#include "base/json.h"
#include "store/vault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COLUMN_LIMIT (1024 * 1024)
#define LINK_BYTES 16      /* 128 bits, 22 characters */
#define CODE_CHARACTERS 20 /* 100 bits of Crockford's base 32 */

static const struct {
	const char *table, *column;
} columns[] = {
    [SEALED_SUBJECT] = {"envelope", "sealed_subject"},
    [SEALED_CODE] = {"envelope", "sealed_code"},
    [SEALED_PROFILE] = {"signer", "sealed_profile"},
    [SEALED_LINK] = {"signer", "sealed_link"},
    [SEALED_DOCUMENT_NAME] = {"document", "sealed_name"},
    [SEALED_DRAWING] = {"drawing", "sealed_drawing"},
    [SEALED_EVENT_FIELDS] = {"event", "sealed_fields"},
    [SEALED_JOB_PAYLOAD] = {"job", "payload"},
};

struct span arena_span(struct arena *a, struct span s)
{
	char *copy = arena_string(a, (const char *)s.data, s.size);

	return span_of(copy, copy == NULL ? 0 : s.size);
}

static enum err arena_take(struct arena *arena, const struct buf *b, struct span *out)
{
	TRY(buf_done(b));
	*out = arena_span(arena, buf_span(b));
	ENSURE(out->data != NULL, ERR_MEMORY);
	return OK;
}

enum err column_seal(const uint8_t key[KEY_SIZE], enum sealed_column column, int64_t position,
    struct span plain, struct arena *arena, struct span *out)
{
	struct buf b CLEANUP(buf_free);
	char row[24];

	buf_init(&b, COLUMN_LIMIT);
	snprintf(row, sizeof(row), "%" PRId64, position);
	TRY(vault_seal(key,
	    (struct vault_place){columns[column].table, columns[column].column, row}, plain, &b));
	return arena_take(arena, &b, out);
}

enum err column_open(const uint8_t key[KEY_SIZE], enum sealed_column column, int64_t position,
    struct span sealed, struct arena *arena, struct span *out)
{
	struct buf b CLEANUP(buf_free);
	char row[24];

	buf_init(&b, COLUMN_LIMIT);
	snprintf(row, sizeof(row), "%" PRId64, position);
	TRY(vault_open(key,
	    (struct vault_place){columns[column].table, columns[column].column, row}, sealed, &b));
	return arena_take(arena, &b, out);
}

static enum err text_open(const uint8_t *key, enum sealed_column column, int64_t position,
    struct span sealed, struct arena *arena, const char **out)
{
	struct span plain;

	*out = NULL;
	if (sealed.size == 0)
		return OK;
	TRY(column_open(key, column, position, sealed, arena, &plain));
	*out = (const char *)plain.data;
	return OK;
}

/* ---- profiles ---- */

struct profile_member {
	const char *name;
	size_t at;
};

#define MEMBER(name) \
	{ \
#name, offsetof(struct signer_profile, name) \
	}
static const struct profile_member profile_members[] = {MEMBER(name), MEMBER(email),
    MEMBER(birthdate), MEMBER(cpf), MEMBER(phone_dial), MEMBER(phone_area), MEMBER(phone_number),
    MEMBER(language)};
#define PROFILE_MEMBERS (sizeof(profile_members) / sizeof(profile_members[0]))

static const char **profile_at(struct signer_profile *p, size_t member)
{
	return (const char **)(void *)((char *)p + profile_members[member].at);
}

enum err profile_json(const struct signer_profile *p, struct buf *out)
{
	struct signer_profile copy = *p;
	struct json_writer w;

	jw_init(&w, out);
	jw_object(&w, NULL);
	for (size_t i = 0; i < PROFILE_MEMBERS; i++) {
		const char *value = *profile_at(&copy, i);

		if (value != NULL)
			jw_string(&w, profile_members[i].name, value);
	}
	jw_end_object(&w);
	return buf_done(out);
}

enum err record_profile(const struct envelope_record *r, size_t signer, const uint8_t key[KEY_SIZE],
    struct arena *arena, struct signer_profile *out)
{
	json_t *json CLEANUP(json_freep) = NULL;
	struct span plain;

	memset(out, 0, sizeof(*out));
	ENSURE(signer < r->state.signer_count, ERR_NOT_FOUND);
	TRY(column_open(
	    key, SEALED_PROFILE, (int64_t)signer, r->signers[signer].profile, arena, &plain));
	TRY(json_read(plain, &json, NULL));
	for (size_t i = 0; i < PROFILE_MEMBERS; i++) {
		json_t *value = json_object_get(json, profile_members[i].name);

		if (!json_is_string(value))
			continue;
		*profile_at(out, i) =
		    arena_string(arena, json_string_value(value), json_string_length(value));
		ENSURE(*profile_at(out, i) != NULL, ERR_MEMORY);
	}
	return OK;
}

/* ---- single columns ---- */

enum err record_subject(const struct envelope_record *r, const uint8_t key[KEY_SIZE],
    struct arena *arena, const char **out)
{
	return text_open(key, SEALED_SUBJECT, 0, r->subject, arena, out);
}

enum err row_subject(const struct envelope_row *r, const uint8_t key[KEY_SIZE], struct arena *arena,
    const char **out)
{
	return text_open(key, SEALED_SUBJECT, 0, r->subject, arena, out);
}

enum err record_code(const struct envelope_record *r, const uint8_t key[KEY_SIZE],
    struct arena *arena, const char **out)
{
	return text_open(key, SEALED_CODE, 0, r->code, arena, out);
}

enum err record_link(const struct envelope_record *r, size_t signer, const uint8_t key[KEY_SIZE],
    struct arena *arena, const char **out)
{
	ENSURE(signer < r->state.signer_count, ERR_NOT_FOUND);
	return text_open(key, SEALED_LINK, (int64_t)signer, r->signers[signer].link, arena, out);
}

enum err record_document_name(const struct envelope_record *r, size_t document,
    const uint8_t key[KEY_SIZE], struct arena *arena, const char **out)
{
	ENSURE(document < r->state.document_count, ERR_NOT_FOUND);
	return text_open(
	    key, SEALED_DOCUMENT_NAME, (int64_t)document, r->documents[document].name, arena, out);
}

enum err record_drawing(const struct drawing_record *d, const uint8_t key[KEY_SIZE],
    struct arena *arena, struct drawing_new *out)
{
	struct span plain;

	memset(out, 0, sizeof(*out));
	TRY(column_open(key, SEALED_DRAWING, (int64_t)d->signer, d->sealed, arena, &plain));
	ENSURE(plain.size > 0, ERR_DECRYPT);
	if (plain.data[0] == 'd')
		out->strokes = span_of(plain.data + 1, plain.size - 1);
	else
		out->typed = span_of(plain.data + 1, plain.size - 1);
	return OK;
}

/* ---- secrets ---- */

enum err store_token_hash(struct span token, uint8_t out[SHA256_SIZE])
{
	return sha256(token, out);
}

enum err store_code_hash(
    const uint8_t key[KEY_SIZE], size_t signer, struct span code, uint8_t out[SHA256_SIZE])
{
	struct buf b CLEANUP(buf_free);

	buf_init(&b, 256);
	buf_format(&b, "one-time code %zu ", signer);
	buf_put_span(&b, code);
	TRY(buf_done(&b));
	return hmac_sha256(span_of(key, KEY_SIZE), buf_span(&b), out);
}

enum err link_new(
    const uint8_t key[KEY_SIZE], size_t signer, struct arena *arena, struct secret_new *out)
{
	struct buf b CLEANUP(buf_free);
	uint8_t random[LINK_BYTES];

	buf_init(&b, 64);
	TRY(random_bytes(random, sizeof(random)));
	b64url_encode(&b, span_of(random, sizeof(random)));
	TRY(buf_done(&b));
	TRY(store_token_hash(buf_span(&b), out->hash));
	return column_seal(key, SEALED_LINK, (int64_t)signer, buf_span(&b), arena, &out->sealed);
}

enum err code_new(const uint8_t key[KEY_SIZE], struct arena *arena, struct secret_new *out)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t code[CODE_CHARACTERS];

	TRY(random_bytes(code, sizeof(code)));
	for (size_t i = 0; i < sizeof(code); i++)
		code[i] = (uint8_t)alphabet[code[i] & 31];
	TRY(store_token_hash(span_of(code, sizeof(code)), out->hash));
	return column_seal(key, SEALED_CODE, 0, span_of(code, sizeof(code)), arena, &out->sealed);
}
