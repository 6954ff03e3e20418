/*
 * People of an organisation and what they may do. One person may be of several organisations;
 * adding somebody who is there already changes the role.
 */
#include "main/organization.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const roles[] = {"administrator", "integrator", "operator", "viewer"};

static bool is_role(const char *word)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i], word) == 0)
			return true;
	return false;
}

static enum err add_check(const struct organization_options *o)
{
	if (o->email == NULL || !text_is_email(span_str(o->email)))
		complain_text("--email ADDRESS is missing or not an address");
	else if (o->name == NULL || o->name[0] == '\0' || !text_is_clean(span_str(o->name)) ||
		 text_length(span_str(o->name)) > LIMIT_NAME_CHARS)
		complain_text("--name NAME is missing or not allowed");
	else if (o->role == NULL || !is_role(o->role))
		complain_text("--role must be administrator, integrator, operator or viewer");
	else
		return OK;
	return ERR_CONFIG;
}

/* Addresses are kept in lower case. */
static const char *lower(struct arena *arena, const char *text)
{
	char *copy = span_dup(arena, span_str(text));

	for (char *c = copy; c != NULL && *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	return copy;
}

static enum err add_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;
	const struct organization_options *o = &organization_options;
	struct stored_user user;
	char id[UUID_TEXT_SIZE];
	const char *email = lower(run->arena, o->email);
	enum err e;

	ENSURE(email != NULL, ERR_MEMORY);
	e = store_user_find_email(db, email, run->arena, &user);
	if (e == ERR_NOT_FOUND) {
		TRY(random_uuid(id));
		user = (struct stored_user){
		    .external_id = id, .email = email, .name = o->name, .created_at = clock_now()};
		e = store_user_add(db, &user);
	}
	TRY(e);
	return store_membership_set(db, run->organisation.row, user.row, o->role, clock_now());
}

static enum err add(struct organization_run *run)
{
	TRY(add_check(&organization_options));
	return store_write(run->tool.store, add_work, run);
}

static enum err list_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;
	struct stored_user some[16];
	const char *role[16];
	int64_t after = 0;
	size_t count;

	do {
		count = 16;
		TRY(store_membership_list(
		    db, run->organisation.row, after, run->arena, some, role, &count));
		for (size_t i = 0; i < count; i++)
			printf("%-13s  %s  %s\n", role[i], some[i].email, some[i].name);
		after = count > 0 ? some[count - 1].row : after;
	} while (count == 16);
	return OK;
}

static enum err list(struct organization_run *run)
{
	return store_read(run->tool.store, list_work, run);
}

int organization_user(int argc, char **argv)
{
	static const struct organization_verb verbs[] = {
	    {"add",
		"[--organization ID] --email ADDRESS --name NAME --role "
		"administrator|integrator|operator|viewer",
		"add a person, or change the role of one who is there", add, true, 0, true},
	    {"list", "[--organization ID]", "list role, address and name", list, true},
	};

	return organization_choose(verbs, 2, "organization user", argc, argv);
}
