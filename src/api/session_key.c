/*
 * From the store's rows to a key as the auth room wants it, with the organisation it belongs to:
 * read together, kept together, for half a second.
 */
#include "api/session.h"

#include "store/addresses.h"
#include "store/integrations.h"
#include "store/keys.h"
#include "store/public_keys.h"
#include "store/replay.h"

#include "base/clock.h"

#include <string.h>

struct load {
	enum auth_kind kind;
	struct span id;
	struct arena *arena;
	struct auth_key *out;
	struct stored_organisation *organisation;
};

static enum err public_keys_load(struct load *l, struct db *db, const struct key_owner *owner)
{
	struct stored_public_key *rows = arena_alloc(l->arena, AUTH_PUBLIC_KEYS * sizeof(*rows));
	size_t n = AUTH_PUBLIC_KEYS;

	ENSURE(rows != NULL, ERR_MEMORY);
	TRY(store_public_key_valid(db, owner, clock_now(), rows, &n));
	for (size_t i = 0; i < n && i < AUTH_PUBLIC_KEYS; i++)
		l->out->public_keys[i] = (struct auth_public_key){.row = rows[i].row,
		    .kind = (enum key_kind)rows[i].kind,
		    .spki = span_of(rows[i].spki, rows[i].spki_size),
		    .fingerprint = rows[i].fingerprint,
		    .valid_until = rows[i].valid_until};
	l->out->public_key_count = n;
	return OK;
}

/* A person who may no longer act by program takes no key along. */
static enum err holder_check(struct load *l, struct db *db, int64_t organisation, int64_t user)
{
	const char *role;

	if (user == 0)
		return OK;
	TRY(store_membership_get(db, organisation, user, l->arena, &role));
	return strcmp(role, "administrator") == 0 || strcmp(role, "integrator") == 0
		   ? OK
		   : ERR_NOT_FOUND;
}

static enum err key_load(struct load *l, struct db *db)
{
	struct stored_key k;

	TRY(store_key_find(db, l->id, &k));
	TRY(holder_check(l, db, k.organisation, k.user));
	*l->out = (struct auth_key){.row = k.row,
	    .organisation = k.organisation,
	    .user = k.user,
	    .environment = (enum environment)k.environment,
	    .schemes = (unsigned)k.scheme,
	    .revoked_at = k.revoked_at,
	    .routes = arena_string(l->arena, k.routes, strlen(k.routes)),
	    .rate = k.rate};
	memcpy(l->out->secret_hash, k.secret_hash, sizeof(k.secret_hash));
	if (k.scheme == AUTH_API_KEY)
		return OK;
	struct key_owner owner = {.organisation = k.organisation, .user = k.user};
	TRY(store_nonce_last(db, k.organisation, -k.row, &l->out->floor));
	TRY(store_nonce_last(db, k.organisation, k.row, &l->out->last_nonce));
	return public_keys_load(l, db, &owner);
}

/* Any row, even one that still waits, closes all other addresses. */
static enum err networks_load(struct load *l, struct db *db, int64_t organisation, int64_t row)
{
	struct stored_address all[STORE_ADDRESSES_MAX];
	size_t n = STORE_ADDRESSES_MAX, used = 0;
	int64_t now = clock_now();

	TRY(store_address_list(db, organisation, row, all, &n));
	if (n == 0)
		return OK;
	const char **list = arena_alloc(l->arena, (n + 1) * sizeof(*list));
	ENSURE(list != NULL, ERR_MEMORY);
	for (size_t i = 0; i < n; i++)
		if (all[i].active_at <= now)
			list[used++] =
			    arena_string(l->arena, all[i].network, strlen(all[i].network));
	l->out->networks = list;
	return OK;
}

static enum err integration_load(struct load *l, struct db *db)
{
	struct stored_integration i;

	TRY(store_integration_find(db, l->id, &i));
	TRY(holder_check(l, db, i.organisation, i.user));
	*l->out = (struct auth_key){.row = i.row,
	    .organisation = i.organisation,
	    .user = i.user,
	    .environment = (enum environment)i.environment,
	    .schemes = AUTH_ES512,
	    .revoked_at = i.revoked_at,
	    .routes = arena_string(l->arena, i.routes, strlen(i.routes)),
	    .rate = i.rate,
	    .client_key = arena_string(l->arena, i.client_key, strlen(i.client_key)),
	    .is_compat = i.mode == INTEGRATION_COMPAT,
	    .window_s = i.window_s};
	struct key_owner owner = {.organisation = i.organisation, .integration = i.row};
	TRY(networks_load(l, db, i.organisation, i.row));
	return public_keys_load(l, db, &owner);
}

static enum err load_work(struct db *db, void *ctx)
{
	struct load *l = ctx;

	TRY(l->kind == AUTH_KIND_KEY ? key_load(l, db) : integration_load(l, db));
	TRY(store_organisation_get(db, l->out->organisation, l->arena, l->organisation));
	l->out->tenant = l->organisation;
	return OK;
}

enum err session_load_key(
    void *app, enum auth_kind kind, struct span id, struct arena *arena, struct auth_key *out)
{
	struct app *a = app;
	struct load l = {.kind = kind, .id = id, .arena = arena, .out = out};

	l.organisation = arena_alloc(arena, sizeof(*l.organisation));
	ENSURE(l.organisation != NULL, ERR_MEMORY);
	return store_read(a->store, load_work, &l);
}
