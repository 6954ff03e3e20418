/*
 * Reading the signing keys. What always holds: a set that was read whole replaces the one before,
 * or the one before stays; a generation that cannot be read is left out and said, as long as
 * another can sign.
 */
#include "keyd/signers.h"

#include "keyd/keyring.h"
#include "keyd/own.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

static const struct {
	const char *class, *type, *group;
} forms[SIGNER_LINES] = {
    [KEYD_RESPONSE_ES512] = {CLASS_ES512, "EC", "secp521r1"},
    [KEYD_RESPONSE_ED25519] = {CLASS_ED25519, "ED25519", NULL},
    [KEYD_WEBHOOK] = {CLASS_WEBHOOK, "ED25519", NULL},
};

static enum err public_read(int keys, const char *name, EVP_PKEY **out)
{
	struct buf text CLEANUP(buf_free);
	BIO *bio CLEANUP(bio_freep) = NULL;

	buf_init(&text, 4096);
	TRY(key_file_read(keys, name, false, &text));
	bio = BIO_new_mem_buf(text.data, (int)text.size);
	ENSURE(bio != NULL, ERR_MEMORY);
	*out = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	ERR_clear_error();
	return *out != NULL ? OK : ERR_CRYPTO;
}

static bool has_form(EVP_PKEY *key, enum keyd_line line)
{
	char group[32] = "";
	size_t size = 0;

	if (!EVP_PKEY_is_a(key, forms[line].type))
		return false;
	return forms[line].group == NULL ||
	       (EVP_PKEY_get_group_name(key, group, sizeof(group), &size) == 1 &&
		   strcmp(group, forms[line].group) == 0);
}

static enum err kid_make(EVP_PKEY *key, char out[KEYD_KID_SIZE])
{
	struct buf text CLEANUP(buf_free);
	uint8_t id[SHA256_SIZE];

	buf_init(&text, KEYD_KID_SIZE);
	TRY(key_id(key, id));
	b64url_encode(&text, span_of(id, sizeof(id)));
	snprintf(out, KEYD_KID_SIZE, "%s", buf_str(&text));
	return buf_done(&text);
}

static enum err key_read(
    int keys, enum keyd_line line, const struct generation *g, struct signers_key *out)
{
	char name[GENERATION_NAME_MAX];
	enum err e;

	*out = (struct signers_key){.is_private = true, .when = *g};
	generation_file(forms[line].class, g->number, "key", name);
	e = key_pem_read(keys, name, &out->key);
	if (e == ERR_NOT_FOUND) {
		out->is_private = false;
		generation_file(forms[line].class, g->number, "pub", name);
		e = public_read(keys, name, &out->key);
	}
	if (e == OK && !has_form(out->key, line))
		e = ERR_KEY_TYPE;
	if (e == OK)
		e = kid_make(out->key, out->kid);
	if (e != OK) {
		log_error(
		    "a signing key cannot be used", "file=keys/%s error=%s", name, err_symbol(e));
		EVP_PKEY_free(out->key);
	}
	return e;
}

static enum err line_read(int keys, enum keyd_line line, struct signers *out)
{
	struct signers_line *l = &out->lines[line];
	struct generations g;

	TRY(generations_read(keys, forms[line].class, &g));
	for (size_t i = 0; i < g.count; i++)
		if (key_read(keys, line, &g.list[i], &l->list[l->count]) == OK)
			l->count++;
	if (signers_now(out, line, clock_now() / CLOCK_SECOND) != NULL)
		return OK;
	log_error("no key can sign: run chirograph init, or restore it from a backup",
	    "file=keys/%s.key", forms[line].class);
	return ERR_CONFIG;
}

enum err signers_read(int keys, struct signers *out)
{
	memset(out, 0, sizeof(*out));
	for (int line = 0; line < SIGNER_LINES; line++) {
		enum err e = line_read(keys, (enum keyd_line)line, out);
		if (e != OK) {
			signers_free(out);
			return e;
		}
	}
	return OK;
}

void signers_free(struct signers *s)
{
	for (size_t line = 0; line < SIGNER_LINES; line++)
		for (size_t i = 0; i < s->lines[line].count; i++)
			EVP_PKEY_free(s->lines[line].list[i].key);
	memset(s, 0, sizeof(*s));
}

const struct signers_key *signers_now(const struct signers *s, enum keyd_line line, int64_t now_s)
{
	const struct signers_line *l = &s->lines[line];

	for (size_t i = l->count; i-- > 0;)
		if (l->list[i].is_private && l->list[i].when.from <= now_s)
			return &l->list[i];
	return NULL;
}
