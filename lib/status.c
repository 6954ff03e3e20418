/*
 * The library's words for what went wrong. Errors of the rooms below become statuses here, in one
 * place, so that the public header shows none of theirs.
 */
#include "lib/own.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

const char *chg_version(void)
{
	return CHG_VERSION;
}

const char *chg_status_text(enum chg_status s)
{
	switch (s) {
	case CHG_OK: return "fine";
	case CHG_ERR_ARGUMENT: return "something was forgotten or mixed up";
	case CHG_ERR_MEMORY: return "out of memory";
	case CHG_ERR_KEY: return "the key cannot be used";
	case CHG_ERR_PASSPHRASE: return "the passphrase is missing or wrong";
	case CHG_ERR_UNSIGNED: return "there is no signature";
	case CHG_ERR_FORM: return "the signature is malformed";
	case CHG_ERR_SIGNATURE: return "the signature does not verify";
	case CHG_ERR_MISMATCH: return "the signature is of something else";
	case CHG_ERR_TIME: return "the time of the signature lies outside the window";
	case CHG_ERR_CRYPTO: return "a cryptographic operation failed";
	}
	return "unknown status";
}

enum chg_status status_of(enum err e)
{
	switch ((int)e) {
	case OK: return CHG_OK;
	case ERR_MEMORY: return CHG_ERR_MEMORY;
	case ERR_TOKEN:
	case ERR_BASE64:
	case ERR_JSON:
	case ERR_JSON_DUPLICATE:
	case ERR_BODY_MISSING: return CHG_ERR_FORM;
	case ERR_SIGNATURE: return CHG_ERR_SIGNATURE;
	case ERR_DIGEST: return CHG_ERR_MISMATCH;
	case ERR_STALE: return CHG_ERR_TIME;
	case ERR_KEY_FORM:
	case ERR_KEY_TYPE:
	case ERR_KEY_WEAK:
	case ERR_KEY_PRIVATE: return CHG_ERR_KEY;
	case ERR_KEY_PASSPHRASE: return CHG_ERR_PASSPHRASE;
	case ERR_LIMIT: return CHG_ERR_ARGUMENT;
	default: return CHG_ERR_CRYPTO;
	}
}

enum chg_status say(struct said *s, enum chg_status status, const char *format, ...)
{
	va_list args;

	if (s->status != CHG_OK || status == CHG_OK)
		return s->status;
	s->status = status;
	va_start(args, format);
	vsnprintf(s->text, sizeof(s->text), format, args);
	va_end(args);
	return status;
}

enum chg_status say_err(struct said *s, enum err e, const char *what)
{
	return say(s, status_of(e), "%s: %s", what, chg_status_text(status_of(e)));
}

const char *text_keep(struct arena *a, struct said *s, const char *text)
{
	struct span bare = span_trim(span_str(text));
	char *copy;

	if (bare.size == 0)
		return NULL;
	copy = span_dup(a, bare);
	if (copy == NULL)
		say(s, CHG_ERR_MEMORY, "a text is too long, or memory ran out");
	return copy;
}

int64_t now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static const struct {
	enum chg_scheme scheme;
	const char *name;
} schemes[] = {{CHG_API_KEY, "api-key"}, {CHG_ES512_WRAPPED, "es512-wrapped"},
    {CHG_ES512_PLAIN, "es512-plain"}, {CHG_X_SIGN, "x-sign"},
    {CHG_HTTP_SIGNATURE, "http-signature"}};

const char *chg_scheme_name(enum chg_scheme s)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i].scheme == s)
			return schemes[i].name;
	return NULL;
}

bool chg_scheme_of(const char *name, enum chg_scheme *out)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (span_equal_str(span_str(name), schemes[i].name)) {
			*out = schemes[i].scheme;
			return true;
		}
	}
	return false;
}
