/*
 * Who signs: one-time codes, the consent text and the statement signed. The texts are files
 * (consent/, statement/); the consent's hash is kept with each signature, so a changed text
 * gets a new version and the signer reads it again.
 */
#ifndef CHIROGRAPH_IDENTITY_IDENTITY_H
#define CHIROGRAPH_IDENTITY_IDENTITY_H

#include "base/crypto.h"
#include "base/limits.h"

#define IDENTITY_CONSENT_VERSION "2026-11"

/* "pt-BR", "en" or "es": the tag itself when it is one of them, else by its first letters, else
 * fallback. */
const char *identity_language(struct span tag, const char *fallback);

struct consent {
	const char *version, *language;
	struct span text; /* static */
	uint8_t sha256[SHA256_SIZE];
};
enum err CHECKED identity_consent(const char *language, struct consent *out);
/* The consent whose text has this hash, in whichever language; ERR_CONSENT when there is none. */
enum err CHECKED identity_consent_find(const uint8_t sha256[SHA256_SIZE], struct consent *out);

/* "I, Maria, sign …" in the arena. */
const char *identity_statement(const char *language, const char *name, struct arena *arena);

/* LIMIT_CODE_DIGITS decimal digits, each code equally likely. */
enum err CHECKED identity_code_new(char out[LIMIT_CODE_DIGITS + 1]);

#endif
