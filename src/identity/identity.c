/*
 * See the header.
 */
#include "identity/identity.h"

#include "base/embedded.h"

#include <stdio.h>
#include <string.h>

extern const struct embedded identity_texts[];
extern const size_t identity_texts_count;

static const char *const languages[] = {"pt-BR", "en", "es"};
#define LANGUAGES (sizeof languages / sizeof languages[0])

const char *identity_language(struct span tag, const char *fallback)
{
	for (size_t i = 0; i < LANGUAGES; i++)
		if (tag.size >= 2 &&
		    span_equal_nocase(span_of(tag.data, 2), i == 0 ? "pt" : languages[i]))
			return languages[i];
	return fallback;
}

static struct span text_of(const char *folder, const char *language)
{
	char name[64];
	snprintf(name, sizeof name, "%s/%s.txt", folder, language);
	const struct embedded *e = embedded_find(identity_texts, identity_texts_count, name);
	return e == NULL ? SPAN_EMPTY : span_trim(span_of(e->data, e->size));
}

enum err identity_consent(const char *language, struct consent *out)
{
	out->version = IDENTITY_CONSENT_VERSION;
	out->language = identity_language(span_str(language), "pt-BR");
	out->text = text_of("consent", out->language);
	ENSURE(out->text.size > 0, ERR_INTERNAL);
	return sha256(out->text, out->sha256);
}

enum err identity_consent_find(const uint8_t wanted[SHA256_SIZE], struct consent *out)
{
	for (size_t i = 0; i < LANGUAGES; i++) {
		TRY(identity_consent(languages[i], out));
		if (ct_equal(out->sha256, wanted, SHA256_SIZE))
			return OK;
	}
	return ERR_CONSENT;
}

const char *identity_statement(const char *language, const char *name, struct arena *arena)
{
	struct span text = text_of("statement", identity_language(span_str(language), "pt-BR"));
	struct span before = span_cut(&text, '{');
	span_cut(&text, '}');
	return arena_format(arena, "%.*s%s%.*s", (int)before.size, (const char *)before.data, name,
	    (int)text.size, (const char *)text.data);
}

/* Numbers above the last whole million would favour low codes: drawn again. */
enum err identity_code_new(char out[LIMIT_CODE_DIGITS + 1])
{
	const uint32_t codes = 1000000, limit = UINT32_MAX - UINT32_MAX % codes;
	uint32_t v = 0;
	do {
		TRY(random_bytes(&v, sizeof v));
	} while (v >= limit);
	snprintf(out, LIMIT_CODE_DIGITS + 1, "%06u", v % codes);
	secret_wipe(&v, sizeof v);
	return OK;
}
