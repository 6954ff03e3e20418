/*
 * `chirograph organization …`: tenants, their keys, webhooks and mail servers. A server that runs
 * beside it reads the same rows. Secrets come from files or standard input, never from the command
 * line; a generated one is printed once.
 */
#include "main/organization.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct organization_options organization_options;

/* What is no option goes to the verb that wants it. */
static bool words_take(
    struct organization_run *run, int argc, char **argv, const struct organization_verb *verb)
{
	if (argc - 1 != (int)verb->words) {
		complain_text("usage: … %s --data DIR %s", verb->name, verb->arguments);
		return false;
	}
	for (int i = 1; i < argc; i++)
		run->words[i - 1] = argv[i];
	return true;
}

static bool environment_take(struct organization_run *run, const char *word)
{
	if (word != NULL && strcmp(word, "sandbox") == 0)
		run->environment = ENVIRONMENT_SANDBOX;
	else if (word != NULL && strcmp(word, "production") != 0) {
		complain_text("--environment must be production or sandbox");
		return false;
	}
	return true;
}

bool organization_open(
    struct organization_run *run, int argc, char **argv, const struct organization_verb *verb)
{
	struct organization_options *o = &organization_options;
	const struct option_spec specs[] = {{.name = "--data", .value = &o->data},
	    {.name = "--organization", .value = &o->organization},
	    {.name = "--name", .value = &o->name},
	    {.name = "--environment", .value = &o->environment},
	    {.name = "--url", .value = &o->url}, {.name = "--key-file", .value = &o->key_file},
	    {.name = "--type", .list = o->types}, {.name = "--allow", .list = o->allowed},
	    {.name = "--envelope", .value = &o->envelope}, {.name = "--label", .value = &o->label},
	    {.name = "--key", .value = &o->key}, {.name = "--language", .value = &o->language},
	    {.name = "--time-zone", .value = &o->time_zone},
	    {.name = "--expiry", .value = &o->expiry},
	    {.name = "--support-email", .value = &o->support_email},
	    {.name = "--redirect-url", .value = &o->redirect_url},
	    {.name = "--host", .value = &o->host}, {.name = "--port", .value = &o->port},
	    {.name = "--user", .value = &o->user},
	    {.name = "--password-file", .value = &o->password_file},
	    {.name = "--ca-file", .value = &o->ca_file}, {.name = "--from", .value = &o->from},
	    {.name = "--from-name", .value = &o->from_name},
	    {.name = "--security", .value = &o->security},
	    {.name = "--scheme", .value = &o->scheme}, {.name = "--email", .value = &o->email},
	    {.name = "--role", .value = &o->role}, {.name = "--routes", .value = &o->routes},
	    {.name = "--rate", .value = &o->rate}, {.name = "--overlap", .value = &o->overlap},
	    {.name = "--valid-until", .value = &o->valid_until},
	    {.name = "--mode", .value = &o->mode}, {.name = "--window", .value = &o->window},
	    {.name = "--active", .flag = &o->is_active}};

	*run = (struct organization_run){.environment = ENVIRONMENT_PRODUCTION};
	if (!options_take(&argc, argv, specs, sizeof(specs) / sizeof(specs[0])) ||
	    !words_take(run, argc, argv, verb) || !environment_take(run, o->environment))
		return false;
	run->arena = arena_new(LIMIT_MB);
	return run->arena != NULL && tool_open(&run->tool, o->data, NULL) &&
	       tool_open_keyd(&run->tool) && tool_open_store(&run->tool) &&
	       (!verb->needs_organization || organization_find(run));
}

void organization_close(struct organization_run *run)
{
	secret_wipe(run->data_key, sizeof(run->data_key));
	tool_close(&run->tool);
	arena_free(run->arena);
}

static enum err find_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;
	size_t count = 2;
	struct stored_organisation two[2];

	if (organization_options.organization != NULL)
		return store_organisation_find(
		    db, organization_options.organization, run->arena, &run->organisation);
	TRY(store_organisation_list(db, 0, run->arena, two, &count));
	ENSURE(count == 1, ERR_NOT_FOUND); /* the only one needs no name */
	run->organisation = two[0];
	return OK;
}

bool organization_find(struct organization_run *run)
{
	enum err e = store_read(run->tool.store, find_work, run);

	if (e != OK)
		complain_text("organisation: %s; name it with --organization ID (see chirograph "
			      "organization list)",
		    e == ERR_NOT_FOUND ? "there is none with this id, or there are several"
				       : advice_for(e));
	return e == OK;
}

enum err organization_key_open(
    struct organization_run *run, struct span wrapped, uint8_t key[KEY_SIZE])
{
	struct wrapped_key organisation, data;

	ENSURE(run->organisation.wrapped_key.size <= KEYD_WRAPPED_MAX, ERR_STORE);
	ENSURE(wrapped.size <= KEYD_WRAPPED_MAX, ERR_STORE);
	organisation.size = run->organisation.wrapped_key.size;
	memcpy(organisation.data, run->organisation.wrapped_key.data, organisation.size);
	data.size = wrapped.size;
	memcpy(data.data, wrapped.data, data.size);
	return keyd_data_key_open(run->tool.keyd, &organisation, &data, key);
}

enum err organization_data_key(struct organization_run *run)
{
	return organization_key_open(run, run->organisation.data_key, run->data_key);
}

static enum err list_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;
	struct stored_organisation some[32];
	int64_t after = 0;
	size_t count;

	do {
		count = 32;
		TRY(store_organisation_list(db, after, run->arena, some, &count));
		for (size_t i = 0; i < count; i++)
			printf("%s  %s\n", some[i].external_id, some[i].name);
		after = count > 0 ? some[count - 1].row : after;
	} while (count == 32);
	return OK;
}

static enum err list(struct organization_run *run)
{
	return store_read(run->tool.store, list_work, run);
}

static enum err add(struct organization_run *run)
{
	const char *name = organization_options.name;
	struct tenant_new new;
	enum err e;

	if (name == NULL || name[0] == '\0' || !text_is_clean(span_str(name)) ||
	    text_length(span_str(name)) > LIMIT_NAME_CHARS) {
		complain_text("--name NAME is missing or not allowed");
		return ERR_CONFIG;
	}
	e = tenant_make(&run->tool, name, &new);
	if (e == OK)
		e = tenant_store(&run->tool, &new);
	if (e == OK)
		printf("organization_id: %s\napi_key: %s\nsandbox_api_key: %s\n", new.external_id,
		    new.production.text, new.sandbox.text);
	secret_wipe(&new, sizeof(new));
	return e;
}

static enum err show(struct organization_run *run)
{
	const struct stored_organisation *o = &run->organisation;
	char made[CLOCK_TEXT_SIZE];

	clock_format_s(o->created_at, made);
	printf("id: %s\nname: %s\nlanguage: %s\ntime_zone: %s\nexpiry: %s\nsupport_email: %s\n"
	       "redirect_url: %s\ncreated_at: %s\n",
	    o->external_id, o->name, o->language, o->time_zone, o->expiry,
	    o->support_email != NULL ? o->support_email : "",
	    o->redirect_url != NULL ? o->redirect_url : "", made);
	return OK;
}

static enum err set_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;

	return store_organisation_update(db, &run->organisation);
}

static const char *or_old(const char *new, const char *old)
{
	return new != NULL ? new : old;
}

/* The same rules as for the defaults of the configuration. */
static enum err set_check(struct organization_run *run)
{
	const struct organization_options *o = &organization_options;
	struct config *c = &run->tool.config;
	struct fault fault = {0};
	enum err e = OK;

	if (o->language != NULL)
		e = config_set(
		    c, CONFIG_ORGANIZATION_LANGUAGE, o->language, CONFIG_FROM_FLAG, &fault);
	if (e == OK && o->time_zone != NULL)
		e = config_set(
		    c, CONFIG_ORGANIZATION_TIME_ZONE, o->time_zone, CONFIG_FROM_FLAG, &fault);
	if (e == OK && o->expiry != NULL)
		e = config_set(c, CONFIG_ORGANIZATION_EXPIRY, o->expiry, CONFIG_FROM_FLAG, &fault);
	if (e == OK && o->support_email != NULL && !text_is_email(span_str(o->support_email)))
		e = fault_set(&fault, ERR_CONFIG, "", "--support-email is not an address");
	if (e == OK && o->name != NULL && (o->name[0] == '\0' || !text_is_clean(span_str(o->name))))
		e = fault_set(&fault, ERR_CONFIG, "", "--name is not allowed");
	if (e != OK)
		complain("organization set", e, &fault);
	return e;
}

static enum err set(struct organization_run *run)
{
	const struct organization_options *o = &organization_options;
	struct stored_organisation *row = &run->organisation;

	TRY(set_check(run));
	row->name = or_old(o->name, row->name);
	row->language = or_old(o->language, row->language);
	row->time_zone = or_old(o->time_zone, row->time_zone);
	row->expiry = or_old(o->expiry, row->expiry);
	row->support_email = or_old(o->support_email, row->support_email);
	row->redirect_url = or_old(o->redirect_url, row->redirect_url);
	return store_write(run->tool.store, set_work, run);
}

static const struct organization_verb verbs[] = {
    {"list", "", "print id and name of each", list, false},
    {"add", "--name NAME", "make one, with a production and a sandbox key, shown once", add, false},
    {"show", "[--organization ID]", "print its settings", show, true},
    {"set",
	"[--organization ID] [--name NAME] [--language pt-BR|en|es] [--time-zone ZONE] "
	"[--expiry end_of_day|start_of_day] [--support-email ADDRESS] [--redirect-url URL]",
	"change its settings", set, true},
};

/* Servers believe a key's row for so long: when the command returns, what it did is in force. */
static void await_servers(void)
{
	struct timespec rest = {
	    .tv_sec = LIMIT_KEY_CACHE_MS / 1000, .tv_nsec = LIMIT_KEY_CACHE_MS % 1000 * 1000000L};

	fflush(stdout);
	while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
	}
}

int organization_choose(
    const struct organization_verb *table, size_t count, const char *path, int argc, char **argv)
{
	const char *wanted = argc < 2 ? "" : argv[1];
	struct organization_run run;
	enum err e = ERR_CONFIG;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, wanted) != 0)
			continue;
		if (organization_open(&run, argc - 1, argv + 1, &table[i])) {
			e = table[i].run(&run);
			if (e != OK && e != ERR_CONFIG)
				complain(table[i].name, e, NULL);
			if (e == OK && table[i].is_awaited)
				await_servers();
		}
		organization_close(&run);
		return e == OK ? 0 : 1;
	}
	for (size_t i = 0; i < count; i++)
		printf("  chirograph %s %s --data DIR%s%s\n      %s\n", path, table[i].name,
		    table[i].arguments[0] != '\0' ? " " : "", table[i].arguments, table[i].summary);
	return is_help(wanted) ? 0 : EXIT_USAGE;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} parts[] = {{"user", organization_user}, {"key", organization_key},
    {"integration", organization_integration}, {"webhook", organization_webhook},
    {"smtp", organization_smtp}};

static void help(char **argv)
{
	char *name[] = {argv[0], NULL};

	organization_choose(verbs, sizeof(verbs) / sizeof(verbs[0]), "organization", 1, name);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i].run(1, name);
}

int command_organization(int argc, char **argv)
{
	const char *wanted = argc < 2 ? "" : argv[1];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(wanted, parts[i].name) == 0)
			return parts[i].run(argc - 1, argv + 1);
	if (wanted[0] == '\0' || is_help(wanted)) {
		help(argv);
		return wanted[0] == '\0' ? EXIT_USAGE : 0;
	}
	return organization_choose(
	    verbs, sizeof(verbs) / sizeof(verbs[0]), "organization", argc, argv);
}
