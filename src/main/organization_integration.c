/*
 * Integrations: a partner's P-521 public key in, the integration key and the platform's public key
 * out. The integration key names the integration and stays when its public key changes.
 */
#include "main/organization.h"

#include "base/clock.h"
#include "sign/key.h"
#include "store/integrations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_DEFAULT_S 300
#define WINDOW_MOST_S 86400

struct integration_run {
	struct organization_run *run;
	struct stored_integration row;
	struct stored_public_key key;
	int64_t older_until;
};

static struct key_owner owner_of(const struct stored_integration *i)
{
	return (struct key_owner){.organisation = i->organisation, .integration = i->row};
}

static enum err pem_print(EVP_PKEY *key)
{
	struct buf pem CLEANUP(buf_free);

	buf_init(&pem, 4096);
	TRY(key_public_pem(key, &pem));
	printf("%s", buf_str(&pem));
	return buf_done(&pem);
}

static enum err spki_print(struct span spki)
{
	EVP_PKEY *key CLEANUP(key_freep) = NULL;

	TRY(key_public_of_der(spki, &key));
	return pem_print(key);
}

/* The one that answers are signed with now. */
enum err organization_platform_key(struct organization_run *run)
{
	struct keyd_public all[KEYD_PUBLIC_MAX];
	size_t n = KEYD_PUBLIC_MAX;
	int64_t now = clock_now();

	TRY(keyd_response_public(run->tool.keyd, all, &n));
	for (size_t i = 0; i < n; i++)
		if (all[i].line == KEYD_RESPONSE_ES512 && all[i].from <= now)
			return spki_print(span_of(all[i].spki, all[i].spki_size));
	return ERR_NOT_FOUND;
}

static enum err mode_take(const char *word, enum integration_mode *out)
{
	if (strcmp(word, "strict") != 0 && strcmp(word, "compat") != 0) {
		complain_text("the mode is strict or compat");
		return ERR_CONFIG;
	}
	*out = strcmp(word, "compat") == 0 ? INTEGRATION_COMPAT : INTEGRATION_STRICT;
	return OK;
}

static enum err window_take(const char *word, int64_t *out)
{
	int64_t n = 0;

	if (strcmp(word, "off") == 0) {
		*out = 0;
		return OK;
	}
	for (const char *c = word; *c != '\0'; c++)
		n = *c >= '0' && *c <= '9' && n <= WINDOW_MOST_S ? n * 10 + (*c - '0')
								 : WINDOW_MOST_S + 1;
	if (n < 1 || n > WINDOW_MOST_S) {
		complain_text(
		    "the window is a number of seconds, at most %d, or off", WINDOW_MOST_S);
		return ERR_CONFIG;
	}
	*out = n;
	return OK;
}

static enum err settings_take(struct stored_integration *i)
{
	const struct organization_options *o = &organization_options;

	if (o->label != NULL)
		snprintf(i->label, sizeof(i->label), "%s", o->label);
	if (o->mode != NULL)
		TRY(mode_take(o->mode, &i->mode));
	if (o->window != NULL)
		TRY(window_take(o->window, &i->window_s));
	return organization_limits(i->routes, sizeof(i->routes), &i->rate);
}

static enum err add_work(struct db *db, void *ctx)
{
	struct integration_run *r = ctx;

	TRY(store_integration_add(db, &r->row));
	r->key.owner = owner_of(&r->row);
	return store_public_key_add(db, &r->key, STORE_OLDER_KEPT);
}

static enum err add(struct organization_run *run)
{
	struct integration_run r = {.run = run};

	r.row = (struct stored_integration){.organisation = run->organisation.row,
	    .environment = (int)run->environment,
	    .label = "command line",
	    .window_s = WINDOW_DEFAULT_S,
	    .created_at = clock_now()};
	TRY(settings_take(&r.row));
	TRY(organization_public_key(run->words[0], 1u << KEY_P521, &r.key));
	TRY(random_uuid(r.row.client_key));
	TRY(store_write(run->tool.store, add_work, &r));
	printf("integration_key: %s\nfingerprint: %s\nplatform_public_key:\n", r.row.client_key,
	    r.key.fingerprint);
	return organization_platform_key(run);
}

static const char *environment_name(int environment)
{
	return environment == ENVIRONMENT_PRODUCTION ? "production" : "sandbox";
}

static enum err list_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;
	struct stored_integration some[8];
	int64_t after = 0;
	size_t count;

	do {
		count = 8;
		TRY(store_integration_list(db, run->organisation.row, after, some, &count));
		for (size_t i = 0; i < count; i++)
			printf("%s  %-10s  %-7s  %s\n", some[i].client_key,
			    environment_name(some[i].environment),
			    some[i].revoked_at != 0 ? "revoked" : "LIVE", some[i].label);
		after = count > 0 ? some[count - 1].row : after;
	} while (count == 8);
	return OK;
}

static enum err list(struct organization_run *run)
{
	return store_read(run->tool.store, list_work, run);
}

/* Another organisation's is none. */
static enum err find_work(struct db *db, void *ctx)
{
	struct integration_run *r = ctx;

	TRY(store_integration_find(db, span_str(r->run->words[0]), &r->row));
	return r->row.organisation == r->run->organisation.row ? OK : ERR_NOT_FOUND;
}

static enum err find(struct integration_run *r)
{
	enum err e = store_read(r->run->tool.store, find_work, r);

	if (e != ERR_NOT_FOUND)
		return e;
	complain_text("there is no integration %s here (chirograph organization integration list)",
	    r->run->words[0]);
	return ERR_CONFIG;
}

static void settings_print(const struct stored_integration *i)
{
	char made[CLOCK_TEXT_SIZE], verified[CLOCK_TEXT_SIZE] = "never", window[32] = "off";

	clock_format_s(i->created_at, made);
	if (i->last_verified_at != 0)
		clock_format_s(i->last_verified_at, verified);
	if (i->window_s != 0)
		snprintf(window, sizeof(window), "%lld s", (long long)i->window_s);
	printf("integration_key: %s\nstate: %s\nenvironment: %s\nlabel: %s\nmode: %s\nwindow: %s\n"
	       "routes: %s\nrate: %lld\ncreated_at: %s\nlast_verified_request: %s\n",
	    i->client_key, i->revoked_at != 0 ? "revoked" : "LIVE",
	    environment_name(i->environment), i->label,
	    i->mode == INTEGRATION_COMPAT ? "compat" : "strict", window,
	    i->routes[0] != '\0' ? i->routes : "all", (long long)i->rate, made, verified);
}

static enum err keys_work(struct db *db, void *ctx)
{
	struct integration_run *r = ctx;
	struct stored_public_key keys[STORE_PUBLIC_KEYS_VALID];
	struct key_owner owner = owner_of(&r->row);
	size_t n = STORE_PUBLIC_KEYS_VALID;
	int64_t now = clock_now();

	TRY(store_public_key_valid(db, &owner, now, keys, &n));
	for (size_t i = 0; i < n; i++) {
		printf("public_key: ");
		organization_public_print(&keys[i], now);
		TRY(spki_print(span_of(keys[i].spki, keys[i].spki_size)));
	}
	return OK;
}

static enum err show(struct organization_run *run)
{
	struct integration_run r = {.run = run};

	TRY(find(&r));
	settings_print(&r.row);
	TRY(store_read(run->tool.store, keys_work, &r));
	printf("platform_public_key:\n");
	return organization_platform_key(run);
}

static enum err key_work(struct db *db, void *ctx)
{
	struct integration_run *r = ctx;

	r->key.owner = owner_of(&r->row);
	return store_public_key_add(db, &r->key, r->older_until);
}

static enum err key_change(struct organization_run *run)
{
	const struct organization_options *o = &organization_options;
	struct integration_run r = {.run = run};
	enum err e;

	TRY(find(&r));
	if (r.row.revoked_at != 0) {
		complain_text("this integration is revoked: add a new one");
		return ERR_CONFIG;
	}
	TRY(organization_public_key(run->words[1], 1u << KEY_P521, &r.key));
	TRY(end_take(o->overlap, o->valid_until, r.key.created_at, 0, &r.older_until));
	e = store_write(run->tool.store, key_work, &r);
	if (e == ERR_CONFLICT)
		complain_text("this key is there already");
	if (e == ERR_TOO_MANY)
		complain_text("%d keys are valid already: wait, or change without --overlap",
		    STORE_PUBLIC_KEYS_VALID);
	ENSURE(e == OK, e == ERR_CONFLICT || e == ERR_TOO_MANY ? ERR_CONFIG : e);
	printf("integration_key: %s\nfingerprint: %s\n", r.row.client_key, r.key.fingerprint);
	return OK;
}

static enum err retire_work(struct db *db, void *ctx)
{
	struct integration_run *r = ctx;
	struct key_owner owner = owner_of(&r->row);

	return organization_public_revoke(db, &owner, r->run->words[1]);
}

static enum err retire(struct organization_run *run)
{
	struct integration_run r = {.run = run};

	TRY(find(&r));
	return store_write(run->tool.store, retire_work, &r);
}

static enum err update_work(struct db *db, void *ctx)
{
	struct integration_run *r = ctx;

	return store_integration_update(db, &r->row);
}

static enum err mode(struct organization_run *run)
{
	struct integration_run r = {.run = run};

	TRY(find(&r));
	TRY(mode_take(run->words[1], &r.row.mode));
	return store_write(run->tool.store, update_work, &r);
}

static enum err window(struct organization_run *run)
{
	struct integration_run r = {.run = run};

	TRY(find(&r));
	TRY(window_take(run->words[1], &r.row.window_s));
	return store_write(run->tool.store, update_work, &r);
}

static enum err routes(struct organization_run *run)
{
	struct integration_run r = {.run = run};

	TRY(find(&r));
	organization_options.routes = run->words[1];
	TRY(settings_take(&r.row));
	return store_write(run->tool.store, update_work, &r);
}

static enum err revoke_work(struct db *db, void *ctx)
{
	struct integration_run *r = ctx;

	return store_integration_revoke(db, r->row.organisation, r->row.row, clock_now());
}

static enum err revoke(struct organization_run *run)
{
	struct integration_run r = {.run = run};

	TRY(find(&r));
	return store_write(run->tool.store, revoke_work, &r);
}

#define ONE "UUID [--organization ID]"

static const struct organization_verb verbs[] = {
    {"add",
	"FILE|- [--organization ID] [--environment production|sandbox] [--label TEXT] [--mode "
	"strict|compat] [--window SECONDS|off] [--routes LIST] [--rate N]",
	"keep a partner's P-521 public key; print the integration key and our public key", add,
	true, 1},
    {"list", "[--organization ID]", "list the integrations", list, true},
    {"show", ONE, "print its settings, its public keys and ours", show, true, 1},
    {"key", "UUID FILE|- [--organization ID] [--overlap DAYS] [--valid-until DATE]",
	"change its public key; the old one goes on for the overlap, or ends at once", key_change,
	true, 2, true},
    {"retire", "UUID FINGERPRINT [--organization ID]",
	"accept no signature of that public key any more", retire, true, 2, true},
    {"mode", "UUID strict|compat [--organization ID]", "how exact its signatures must be", mode,
	true, 2, true},
    {"window", "UUID SECONDS|off [--organization ID]", "how far its clock may be off", window, true,
	2, true},
    {"routes", "UUID LIST|all [--organization ID] [--rate N]",
	"what it may call: METHOD /path, commas between", routes, true, 2, true},
    {"revoke", ONE, "make it useless at once", revoke, true, 1, true},
};

int organization_integration(int argc, char **argv)
{
	bool is_all = argc < 2;
	int status;

	if (!is_all && strcmp(argv[1], "address") == 0)
		return organization_address(argc - 1, argv + 1);
	status = organization_choose(
	    verbs, sizeof(verbs) / sizeof(verbs[0]), "organization integration", argc, argv);
	if (is_all || is_help(argv[1]))
		organization_address(1, argv);
	return status;
}
