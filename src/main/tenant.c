/*
 * An organisation comes with its wrapped key, a data key of its own secrets, an administrator and
 * one API key for each environment, all in one commit: there is never half an organisation.
 */
#include "main/tenant.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADMINISTRATOR_EMAIL "administrator@localhost"

enum err tenant_key_make(struct tenant_key *key)
{
	struct buf text CLEANUP(buf_free);

	buf_init(&text, TENANT_KEY_TEXT - 1);
	key->row = (struct stored_key){.environment = (int)key->environment,
	    .scheme = AUTH_API_KEY,
	    .key_id_size = API_KEY_ID_BYTES,
	    .created_at = clock_now()};
	snprintf(key->row.label, sizeof(key->row.label), "%s", key->label);
	TRY(auth_key_new(key->environment, &text, key->row.key_id, key->row.secret_hash));
	snprintf(key->text, sizeof(key->text), "%s", buf_str(&text));
	return buf_done(&text);
}

enum err tenant_make(struct tool *t, const char *name, struct tenant_new *out)
{
	const struct config *c = &t->config;
	uint8_t key[KEY_SIZE];

	*out = (struct tenant_new){.name = name};
	out->production =
	    (struct tenant_key){.environment = ENVIRONMENT_PRODUCTION, .label = "production"};
	out->sandbox = (struct tenant_key){.environment = ENVIRONMENT_SANDBOX, .label = "sandbox"};
	TRY(random_uuid(out->external_id));
	TRY(keyd_organisation_key_new(t->keyd, &out->wrapped));
	TRY(keyd_data_key_new(t->keyd, &out->wrapped, &out->data_key, key));
	secret_wipe(key, sizeof(key));
	TRY(tenant_key_make(&out->production));
	TRY(tenant_key_make(&out->sandbox));
	out->row = (struct stored_organisation){.external_id = out->external_id,
	    .name = name,
	    .time_zone = config_text(c, CONFIG_ORGANIZATION_TIME_ZONE),
	    .language = config_text(c, CONFIG_ORGANIZATION_LANGUAGE),
	    .expiry = config_text(c, CONFIG_ORGANIZATION_EXPIRY),
	    .wrapped_key = span_of(out->wrapped.data, out->wrapped.size),
	    .data_key = span_of(out->data_key.data, out->data_key.size),
	    .created_at = clock_now()};
	return OK;
}

/* One administrator for all that the command line makes, until people have accounts. It owns no
 * key: those are the organisation's. */
static enum err administrator(struct db *db, struct arena *arena, int64_t *row)
{
	struct stored_user user = {.email = ADMINISTRATOR_EMAIL, .name = "Administrator"};
	char id[UUID_TEXT_SIZE];
	enum err e = store_user_find_email(db, ADMINISTRATOR_EMAIL, arena, &user);

	if (e == ERR_NOT_FOUND) {
		TRY(random_uuid(id));
		user = (struct stored_user){.external_id = id,
		    .email = ADMINISTRATOR_EMAIL,
		    .name = "Administrator",
		    .created_at = clock_now()};
		e = store_user_add(db, &user);
	}
	*row = user.row;
	return e;
}

static enum err tenant_work(struct db *db, void *ctx)
{
	struct tenant_new *new = ctx;
	struct arena *arena CLEANUP(arena_freep) = arena_new(65536);
	struct stored_key *keys[] = {&new->production.row, &new->sandbox.row};
	int64_t user = 0;

	ENSURE(arena != NULL, ERR_MEMORY);
	TRY(store_organisation_add(db, &new->row));
	TRY(administrator(db, arena, &user));
	TRY(store_membership_set(db, new->row.row, user, "administrator", new->row.created_at));
	for (size_t i = 0; i < 2; i++) {
		keys[i]->organisation = new->row.row;
		TRY(store_key_add(db, keys[i]));
	}
	return OK;
}

enum err tenant_store(struct tool *t, struct tenant_new *new)
{
	return store_write(t->store, tenant_work, new);
}

enum err private_file_write(const char *path, struct span content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done;

	ENSURE(fd >= 0, ERR_IO);
	done = write(fd, content.data, content.size) == (ssize_t)content.size && fsync(fd) == 0;
	close(fd);
	return done ? OK : ERR_IO;
}

void init_hosts(const char *hosts[INIT_HOSTS], char host[256])
{
	static const char *const own[] = {"localhost", "127.0.0.1", "::1"};

	memcpy(hosts, own, sizeof(own));
	hosts[4] = NULL;
	host[0] = host[255] = '\0';
	hosts[3] = gethostname(host, 255) == 0 && text_is_id(span_str(host)) &&
			   strcmp(host, "localhost") != 0
		       ? host
		       : NULL;
}

/* 0 to 3660 days. */
static bool days_take(const char *text, int64_t *out)
{
	size_t size = strlen(text);

	*out = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' || size > 4)
			return false;
		*out = *out * 10 + (text[i] - '0');
	}
	return size > 0 && *out <= LIMIT_EXPIRY_DAYS;
}

enum err end_take(const char *overlap, const char *until, int64_t start, int64_t days, int64_t *out)
{
	if (overlap != NULL && until != NULL)
		complain_text("--overlap and --valid-until say the same: give one");
	else if (overlap != NULL && !days_take(overlap, &days))
		complain_text("--overlap is a number of days, at most %d", LIMIT_EXPIRY_DAYS);
	else if (until != NULL && clock_parse(span_str(until), out) != OK)
		complain_text("--valid-until is a date or a time: 2026-12-01, "
			      "2026-12-01T08:00:00Z");
	else if (until != NULL && *out < start)
		complain_text("--valid-until lies in the past, or before the new key's start");
	else {
		if (until == NULL)
			*out = start + days * CLOCK_DAY;
		return OK;
	}
	return ERR_CONFIG;
}
