/*
 * API keys of an organisation: made and shown once, listed by their public part, revoked.
 */
#include "main/organization.h"

#include "base/clock.h"
#include "base/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum auth_scheme scheme;
} schemes[] = {
    {"api-key", AUTH_API_KEY}, {"x-sign", AUTH_X_SIGN}, {"http-signature", AUTH_HTTP_SIGNATURE}};

static const char *scheme_text(int scheme)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if ((int)schemes[i].scheme == scheme)
			return schemes[i].name;
	return "?";
}

static enum err scheme_take(enum auth_scheme *out)
{
	const char *word = organization_options.scheme;

	*out = AUTH_API_KEY;
	for (size_t i = 0; word != NULL && i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strcmp(schemes[i].name, word) == 0) {
			*out = schemes[i].scheme;
			return OK;
		}
	if (word == NULL)
		return OK;
	complain_text("--scheme must be api-key, x-sign or http-signature; for ES512 add an "
		      "integration (chirograph organization integration add)");
	return ERR_CONFIG;
}

/* Who acts through keys of his own: the roles that may change things by program. */
static enum err holder_take(struct organization_run *run, struct stored_key *row)
{
	struct stored_user user;
	const char *role;

	if (organization_options.user == NULL)
		return OK;
	TRY(organization_member(run, organization_options.user, &user, &role));
	if (strcmp(role, "administrator") != 0 && strcmp(role, "integrator") != 0) {
		complain_text("--user %s is %s: keys are for administrators and integrators",
		    organization_options.user, role);
		return ERR_CONFIG;
	}
	row->user = user.row;
	return OK;
}

static enum err key_make_for(struct organization_run *run, struct tenant_key *key)
{
	enum auth_scheme scheme;

	*key = (struct tenant_key){.environment = run->environment,
	    .label =
		organization_options.label != NULL ? organization_options.label : "command line"};
	TRY(scheme_take(&scheme));
	TRY(tenant_key_make(key));
	key->row.scheme = (int)scheme;
	key->row.organisation = run->organisation.row;
	TRY(holder_take(run, &key->row));
	return organization_limits(key->row.routes, sizeof(key->row.routes), &key->row.rate);
}

/* An http-signature key has no secret: its id is the keyid, and nothing opens the row's hash. */
static enum err key_shown(struct tenant_key *key)
{
	struct buf text CLEANUP(buf_free) = {0};

	if (key->row.scheme != AUTH_HTTP_SIGNATURE)
		return OK;
	buf_init(&text, TENANT_KEY_TEXT - 1);
	b64url_encode(&text, span_of(key->row.key_id, key->row.key_id_size));
	snprintf(key->text, sizeof(key->text), "%s", buf_str(&text));
	TRY(buf_done(&text));
	return random_bytes(key->row.secret_hash, sizeof(key->row.secret_hash));
}

static enum err add_work(struct db *db, void *ctx)
{
	return store_key_add(db, ctx);
}

/* The old value dies, in whatever organisation it served, in the commit that brings the new; what
 * the old one stood for by default the new one does too. */
static enum err regenerate_work(struct db *db, void *ctx)
{
	struct stored_key *k = ctx, old;
	enum err e = store_key_of_user(db, k->user, k->environment, k->scheme, &old);

	ENSURE(e == OK || e == ERR_NOT_FOUND, e);
	if (e == OK) {
		k->organisation = old.organisation;
		if (organization_options.routes == NULL)
			memcpy(k->routes, old.routes, sizeof(k->routes));
		if (organization_options.rate == NULL)
			k->rate = old.rate;
	}
	TRY(store_key_revoke_user(db, k->user, k->environment, k->scheme, k->created_at));
	return store_key_add(db, k);
}

static enum err make(struct organization_run *run, store_work work)
{
	struct tenant_key key;
	enum err e = key_make_for(run, &key);

	if (e == OK)
		e = key_shown(&key);
	if (e == OK)
		e = store_write(run->tool.store, work, &key.row);
	if (e == ERR_CONFLICT && key.row.user != 0) {
		complain_text("this person has a key for that environment and scheme: "
			      "chirograph organization key regenerate makes a new value");
		e = ERR_CONFIG;
	}
	if (e == OK)
		printf("%s\n", key.text);
	secret_wipe(&key, sizeof(key));
	return e;
}

static enum err add(struct organization_run *run)
{
	return make(run, add_work);
}

static enum err regenerate(struct organization_run *run)
{
	if (organization_options.user == NULL) {
		complain_text("--user EMAIL is missing: a key of the organisation itself is "
			      "revoked and added");
		return ERR_CONFIG;
	}
	return make(run, regenerate_work);
}

static void key_print(const struct stored_key *k)
{
	char id[2 * STORE_KEY_ID_MAX + 1], made[CLOCK_TEXT_SIZE];

	hex_text(id, k->key_id, k->key_id_size);
	clock_format_s(k->created_at, made);
	printf("%s  %-10s  %s  %-8s %-14s %s%s%s\n", id,
	    k->environment == ENVIRONMENT_PRODUCTION ? "production" : "sandbox", made,
	    k->revoked_at != 0 ? "revoked" : "live", scheme_text(k->scheme), k->label,
	    k->routes[0] != '\0' ? "  routes: " : "", k->routes);
}

struct key_search {
	struct organization_run *run;
	const char *wanted; /* hex of the id, or NULL: print all */
	int64_t found;
};

static void key_visit(struct key_search *s, const struct stored_key *k)
{
	char id[2 * STORE_KEY_ID_MAX + 1];

	hex_text(id, k->key_id, k->key_id_size);
	if (s->wanted == NULL)
		key_print(k);
	else if (strcmp(id, s->wanted) == 0)
		s->found = k->row;
}

static enum err each_work(struct db *db, void *ctx)
{
	struct key_search *s = ctx;
	struct stored_key some[16];
	int64_t after = 0;
	size_t count;

	do {
		count = 16;
		TRY(store_key_list(db, s->run->organisation.row, after, some, &count));
		for (size_t i = 0; i < count; i++)
			key_visit(s, &some[i]);
		after = count > 0 ? some[count - 1].row : after;
	} while (count == 16);
	return OK;
}

static enum err list(struct organization_run *run)
{
	struct key_search search = {.run = run};

	return store_read(run->tool.store, each_work, &search);
}

static enum err revoke_work(struct db *db, void *ctx)
{
	struct key_search *s = ctx;

	TRY(each_work(db, ctx));
	ENSURE(s->found != 0, ERR_NOT_FOUND);
	return store_key_revoke(db, s->run->organisation.row, s->found, clock_now());
}

static enum err revoke(struct organization_run *run)
{
	struct key_search search = {.run = run, .wanted = organization_options.key};

	if (search.wanted == NULL) {
		complain_text("--key ID is missing: the first column of the list");
		return ERR_CONFIG;
	}
	return store_write(run->tool.store, revoke_work, &search);
}

#define MAKING \
	"[--organization ID] [--environment production|sandbox] [--scheme " \
	"api-key|x-sign|http-signature] [--routes LIST] [--rate N] [--label TEXT] "

int organization_key(int argc, char **argv)
{
	static const struct organization_verb verbs[] = {
	    {"add", MAKING "[--user EMAIL]", "make a key, shown once", add, true},
	    {"regenerate", MAKING "--user EMAIL",
		"make a person's new value; the old one is dead in every organisation", regenerate,
		true, 0, true},
	    {"list", "[--organization ID]", "list the keys", list, true},
	    {"revoke", "[--organization ID] --key ID", "make a key useless at once", revoke, true,
		0, true},
	};
	bool is_all = argc < 2;
	int status;

	if (!is_all && strcmp(argv[1], "public") == 0)
		return organization_public(argc - 1, argv + 1);
	status = organization_choose(verbs, 4, "organization key", argc, argv);
	if (is_all || is_help(argv[1]))
		organization_public(1, argv);
	return status;
}
