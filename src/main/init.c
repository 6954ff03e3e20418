/*
 * `chirograph init`: a data folder ready to serve. It can be run again: what is there stays as it
 * is, what an interrupted run left undone is finished. The credentials are on disk under another
 * name before the commit that makes them valid, so no crash can lose them.
 */
#include "main/tenant.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct init_options {
	const char *data, *organization, *base_url;
	const char *set[OPTION_LIST_MAX + 1];
};

static const char *base_url(const struct tool *t, const struct init_options *o)
{
	const char *configured = config_list(&t->config, CONFIG_SERVER_BASE_URL)[0];

	if (o->base_url != NULL)
		return o->base_url;
	return configured != NULL ? configured : "https://localhost";
}

static enum err credentials_write(
    const char *path, const char *url, const struct tenant_new *new, const char *data)
{
	struct buf text CLEANUP(buf_free);
	struct json_writer w;
	char certificate[PATH_MAX];

	buf_init(&text, 16384);
	snprintf(certificate, sizeof(certificate), "%s/keys/tls.crt", data);
	jw_init(&w, &text);
	jw_object(&w, NULL);
	jw_string(&w, "base_url", url);
	jw_string(&w, "organization_id", new->external_id);
	jw_string(&w, "organization_name", new->name);
	jw_string(&w, "api_key", new->production.text);
	jw_string(&w, "sandbox_api_key", new->sandbox.text);
	jw_string(&w, "ca_file", certificate);
	jw_end_object(&w);
	buf_put_byte(&text, '\n');
	TRY(buf_done(&text));
	return private_file_write(path, buf_span(&text));
}

static enum err count_work(struct db *db, void *ctx)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new(65536);
	struct stored_organisation one;
	size_t *count = ctx;

	ENSURE(arena != NULL, ERR_MEMORY);
	*count = 1;
	return store_organisation_list(db, 0, arena, &one, count);
}

static enum err organisation_make(
    struct tool *t, const struct init_options *o, const char *temporary, const char *name)
{
	struct tenant_new new;
	enum err e;

	ENSURE(tool_open_keyd(t), ERR_CONFIG);
	e = tenant_make(t, name, &new);
	if (e == OK)
		e = credentials_write(temporary, base_url(t, o), &new, t->config.data);
	if (e == OK)
		e = tenant_store(t, &new);
	secret_wipe(&new, sizeof(new));
	return e;
}

/* What is left to do is told by three facts: an organisation, the credentials, the credentials'
 * draft. */
static enum err organisation_ensure(struct tool *t, const struct init_options *o, bool *is_made)
{
	char final[PATH_MAX], temporary[PATH_MAX];
	size_t organisations = 0;

	snprintf(final, sizeof(final), "%s/credentials.json", t->config.data);
	snprintf(temporary, sizeof(temporary), "%s/credentials.json.new", t->config.data);
	TRY(store_read(t->store, count_work, &organisations));
	if (organisations == 0) {
		TRY(organisation_make(
		    t, o, temporary, o->organization != NULL ? o->organization : "Chirograph"));
		*is_made = true;
	}
	if (access(temporary, F_OK) == 0)
		ENSURE(rename(temporary, final) == 0, ERR_IO);
	return OK;
}

static enum err keys_ensure(const char *data, const char *organization)
{
	const char *hosts[INIT_HOSTS];
	char host[256];

	init_hosts(hosts, host);
	return keyd_keys_create(data, organization != NULL ? organization : "Chirograph", hosts);
}

static enum err folder_ensure(const char *data)
{
	struct stat st;

	if (mkdir(data, 0700) != 0 && errno != EEXIST)
		return ERR_IO;
	ENSURE(stat(data, &st) == 0 && S_ISDIR(st.st_mode), ERR_IO);
	if ((st.st_mode & 077) != 0)
		ENSURE(chmod(data, 0700) == 0, ERR_IO);
	return OK;
}

static enum err init_run(struct tool *t, const struct init_options *o, bool *is_made)
{
	enum err e = folders_make(t->config.data);

	if (e == OK)
		e = keys_ensure(t->config.data, o->organization);
	if (e != OK) {
		complain("keys", e, NULL);
		return e;
	}
	ENSURE(tool_open_store(t), ERR_STORE);
	e = organisation_ensure(t, o, is_made);
	if (e != OK)
		complain("organisation", e, NULL);
	return e;
}

static bool name_fits(const char *name)
{
	return name == NULL || (name[0] != '\0' && text_is_clean(span_str(name)) &&
				   text_length(span_str(name)) <= LIMIT_NAME_CHARS);
}

static void report(const struct tool *t, bool is_made)
{
	const char *data = t->config.data;

	if (!is_made)
		printf("%s is already initialised; nothing was changed.\n", data);
	else
		printf("The data folder %s is ready.\n", data);
	printf("Credentials: %s/credentials.json\n", data);
	if (is_made)
		printf("Start the server with: chirograph serve --data %s --listen 127.0.0.1:8443\n"
		       "Keep a copy of %s/keys/root.key apart from the backups: without it nothing "
		       "can be read.\n",
		    data, data);
}

int command_init(int argc, char **argv)
{
	static struct tool tool;
	static struct init_options o;
	const struct option_spec specs[] = {{.name = "--data", .value = &o.data},
	    {.name = "--organization", .value = &o.organization},
	    {.name = "--base-url", .value = &o.base_url}, {.name = "--set", .list = o.set}};
	bool is_made = false, is_done = false;

	if (!options_take(&argc, argv, specs, 4) || argc > 1 || o.data == NULL ||
	    !name_fits(o.organization)) {
		complain_text(
		    "usage: chirograph init --data DIR [--organization NAME] [--base-url URL]");
		return EXIT_USAGE;
	}
	if (folder_ensure(o.data) != OK)
		complain_text("the folder %s cannot be made", o.data);
	else if (tool_open(&tool, o.data, o.set))
		is_done = init_run(&tool, &o, &is_made) == OK;
	if (is_done)
		report(&tool, is_made);
	tool_close(&tool);
	return is_done ? 0 : 1;
}
