/*
 * Public keys of people and of the organisation itself, for x-sign and http-signature: both
 * environments. What is refused is wiped and nowhere written; only its kind is said.
 */
#include "main/organization.h"

#include "base/clock.h"
#include "sign/key.h"

#include <stdio.h>
#include <string.h>

#define KEY_FILE_MAX (16 * LIMIT_KB)
#define KINDS_OF_PEOPLE (1u << KEY_RSA | 1u << KEY_ED25519 | 1u << KEY_P256 | 1u << KEY_P384)

static void refusal(const char *path, enum err e, const struct fault *fault)
{
	const char *text = err_row(e)->english;
	const char *detail = strstr(text, "{detail}");

	complain_text("%s: %.*s%s", strcmp(path, "-") == 0 ? "standard input" : path,
	    (int)(detail != NULL ? detail - text : (long)strlen(text)), text,
	    detail != NULL ? fault->detail : "");
}

static enum err key_fill(EVP_PKEY *key, enum key_kind kind, struct stored_public_key *out)
{
	struct buf der CLEANUP(buf_free);

	buf_init(&der, sizeof(out->spki));
	TRY(key_public_der(key, &der));
	out->kind = (int)kind;
	out->created_at = clock_now();
	out->spki_size = der.size;
	memcpy(out->spki, der.data, der.size);
	return key_fingerprint(key, out->fingerprint);
}

enum err organization_public_key(const char *path, unsigned wanted, struct stored_public_key *out)
{
	struct buf text CLEANUP(buf_free);
	EVP_PKEY *key CLEANUP(key_freep) = NULL;
	struct fault fault = {0};
	enum key_kind kind;
	enum err e;

	buf_init(&text, KEY_FILE_MAX);
	TRY(organization_file(path, &text));
	e = key_public_read(buf_span(&text), wanted, &key, &kind, &fault);
	if (e != OK) {
		refusal(path, e, &fault);
		return ERR_CONFIG;
	}
	return key_fill(key, kind, out);
}

void organization_public_print(const struct stored_public_key *k, int64_t now)
{
	char made[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE] = "", used[CLOCK_TEXT_SIZE] = "";
	const char *state = "LIVE";

	clock_format_s(k->created_at, made);
	if (k->valid_until != 0)
		clock_format_s(k->valid_until, end);
	if (k->revoked_at != 0)
		state = "revoked";
	else if (k->valid_until != 0 && k->valid_until <= now)
		state = "ended";
	if (k->last_verified_at != 0)
		clock_format_s(k->last_verified_at, used);
	printf("%-7s  %-7s  %s  %s%s%s%s%s\n", state, key_kind_name((enum key_kind)k->kind),
	    k->fingerprint, made, k->valid_until != 0 ? " until " : "", end,
	    used[0] != '\0' ? " last request " : "", used);
}

struct public_run {
	struct organization_run *run;
	struct key_owner owner;
	struct stored_public_key key;
	int64_t older_until;
};

static enum err owner_find(struct public_run *p)
{
	const char *email = organization_options.user, *role;
	struct stored_user user;

	p->owner = (struct key_owner){.organisation = p->run->organisation.row};
	if (email == NULL)
		return OK;
	TRY(organization_member(p->run, email, &user, &role));
	p->owner.user = user.row;
	return OK;
}

static enum err add_work(struct db *db, void *ctx)
{
	struct public_run *p = ctx;

	return store_public_key_add(db, &p->key, p->older_until);
}

static enum err add(struct organization_run *run)
{
	const struct organization_options *o = &organization_options;
	struct public_run p = {.run = run, .older_until = STORE_OLDER_KEPT};
	enum err e;

	TRY(owner_find(&p));
	if (o->overlap != NULL || o->valid_until != NULL)
		TRY(end_take(o->overlap, o->valid_until, clock_now(), 0, &p.older_until));
	TRY(organization_public_key(run->words[0], KINDS_OF_PEOPLE, &p.key));
	p.key.owner = p.owner;
	e = store_write(run->tool.store, add_work, &p);
	if (e == ERR_CONFLICT)
		complain_text("this key is there already");
	if (e == ERR_TOO_MANY)
		complain_text("%d keys are valid already: revoke one, or end the older ones with "
			      "--overlap DAYS or --valid-until DATE",
		    STORE_PUBLIC_KEYS_VALID);
	ENSURE(e == OK, e == ERR_CONFLICT || e == ERR_TOO_MANY ? ERR_CONFIG : e);
	organization_public_print(&p.key, p.key.created_at);
	return OK;
}

static enum err list_work(struct db *db, void *ctx)
{
	struct public_run *p = ctx;
	struct stored_public_key some[8];
	int64_t after = 0;
	size_t count;

	do {
		count = 8;
		TRY(store_public_key_list(db, &p->owner, after, some, &count));
		for (size_t i = 0; i < count; i++)
			organization_public_print(&some[i], clock_now());
		after = count > 0 ? some[count - 1].row : after;
	} while (count == 8);
	return OK;
}

static enum err list(struct organization_run *run)
{
	struct public_run p = {.run = run};

	TRY(owner_find(&p));
	return store_read(run->tool.store, list_work, &p);
}

enum err organization_public_revoke(
    struct db *db, const struct key_owner *owner, const char *fingerprint)
{
	struct stored_public_key one;
	int64_t after = 0;
	size_t count = 1;

	for (;; after = one.row) {
		count = 1;
		TRY(store_public_key_list(db, owner, after, &one, &count));
		ENSURE(count == 1, ERR_NOT_FOUND);
		if (one.revoked_at == 0 && strcmp(one.fingerprint, fingerprint) == 0)
			return store_public_key_revoke(db, owner, one.row, clock_now());
	}
}

static enum err revoke_work(struct db *db, void *ctx)
{
	struct public_run *p = ctx;

	return organization_public_revoke(db, &p->owner, p->run->words[0]);
}

static enum err revoke(struct organization_run *run)
{
	struct public_run p = {.run = run};

	TRY(owner_find(&p));
	return store_write(run->tool.store, revoke_work, &p);
}

int organization_public(int argc, char **argv)
{
	static const struct organization_verb verbs[] = {
	    {"add",
		"FILE|- [--organization ID] [--user EMAIL] [--overlap DAYS] [--valid-until DATE]",
		"keep a public key (RSA of 2048 bits or more, Ed25519, P-256, P-384) for x-sign "
		"and http-signature",
		add, true, 1, true},
	    {"list", "[--organization ID] [--user EMAIL]", "list them with their fingerprints",
		list, true},
	    {"revoke", "FINGERPRINT [--organization ID] [--user EMAIL]",
		"accept no signature of that key any more", revoke, true, 1, true},
	};

	return organization_choose(verbs, 3, "organization key public", argc, argv);
}
