/*
 * API keys of an organisation: made and shown once, listed by their public part, revoked.
 */
#include "main/organization.h"

#include "base/clock.h"
#include "base/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err add_work(struct db *db, void *ctx)
{
	return store_key_add(db, ctx);
}

static enum err add(struct organization_run *run)
{
	struct tenant_key key = {.environment = run->environment,
	    .label =
		organization_options.label != NULL ? organization_options.label : "command line"};
	enum err e = tenant_key_make(&key);

	key.row.organisation = run->organisation.row;
	if (e == OK)
		e = store_write(run->tool.store, add_work, &key.row);
	if (e == OK)
		printf("%s\n", key.text);
	secret_wipe(&key, sizeof(key));
	return e;
}

static void key_print(const struct stored_key *k)
{
	char id[2 * STORE_KEY_ID_MAX + 1], made[CLOCK_TEXT_SIZE];

	hex_text(id, k->key_id, k->key_id_size);
	clock_format_s(k->created_at, made);
	printf("%s  %-10s  %s  %-8s %s\n", id,
	    k->environment == ENVIRONMENT_PRODUCTION ? "production" : "sandbox", made,
	    k->revoked_at != 0 ? "revoked" : "live", k->label);
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

int organization_key(int argc, char **argv)
{
	static const struct organization_verb verbs[] = {
	    {"add", "[--organization ID] [--environment production|sandbox] [--label TEXT]",
		"make a key, shown once", add, true},
	    {"list", "[--organization ID]", "list the keys", list, true},
	    {"revoke", "[--organization ID] --key ID", "make a key useless at once", revoke, true},
	};

	return organization_choose(verbs, 3, "organization key", argc, argv);
}
