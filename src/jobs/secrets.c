/*
 * An organisation's own secrets (SMTP password, webhook key): sealed under its data key and bound
 * to where they stand.
 */
#include "jobs/post.h"

struct vault_place setting_place(const char *name)
{
	return (struct vault_place){"setting", "value", name};
}

struct vault_place webhook_place(int environment)
{
	return (struct vault_place){
	    "webhook", "secret", environment == 0 ? "sandbox" : "production"};
}

static enum err key_of(struct vault *v, const struct stored_organisation *o, uint8_t key[KEY_SIZE])
{
	return vault_key(v, o->row, 0, o->wrapped_key, o->data_key, key);
}

enum err organisation_seal(struct vault *v, const struct stored_organisation *o,
    struct vault_place at, struct span plain, struct buf *out)
{
	uint8_t key[KEY_SIZE];

	TRY(key_of(v, o, key));
	enum err e = vault_seal(key, at, plain, out);
	secret_wipe(key, sizeof(key));
	return e;
}

enum err organisation_open(struct vault *v, const struct stored_organisation *o,
    struct vault_place at, struct span sealed, struct arena *arena, const char **out)
{
	CLEANUP(buf_free) struct buf plain = {0};
	uint8_t key[KEY_SIZE];

	buf_init(&plain, 64 * LIMIT_KB);
	TRY(key_of(v, o, key));
	enum err e = vault_open(key, at, sealed, &plain);
	secret_wipe(key, sizeof(key));
	TRY(e);
	*out = span_dup(arena, buf_span(&plain));
	return *out == NULL ? ERR_MEMORY : OK;
}
