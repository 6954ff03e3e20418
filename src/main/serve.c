/*
 * `chirograph serve`: read the configuration, bind, drop privileges, supervise.
 */
#include "main/command.h"
#include "main/listen.h"
#include "main/secrets.h"
#include "main/supervisor.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

struct serve_options {
	const char *data, *listen;
	const char *base_urls[OPTION_LIST_MAX + 1];
	const char *set[OPTION_LIST_MAX + 1];
};

static enum err flags_set(struct config *c, const struct serve_options *o, struct fault *fault)
{
	struct buf joined CLEANUP(buf_free);

	buf_init(&joined, 8192);
	if (o->listen != NULL)
		TRY(config_set(c, CONFIG_SERVER_LISTEN, o->listen, CONFIG_FROM_FLAG, fault));
	for (size_t i = 0; o->base_urls[i] != NULL; i++)
		buf_format(&joined, "%s%s", i == 0 ? "" : " ", o->base_urls[i]);
	TRY(buf_done(&joined));
	if (joined.size > 0)
		TRY(config_set(
		    c, CONFIG_SERVER_BASE_URL, buf_str(&joined), CONFIG_FROM_FLAG, fault));
	return OK;
}

/* Links need a base: without one set, this machine's own name for the listening address. */
static enum err base_default(struct config *c, const char *address, struct fault *fault)
{
	char url[LISTEN_ADDRESS_MAX + 16];

	if (config_is_set(c, CONFIG_SERVER_BASE_URL))
		return OK;
	snprintf(url, sizeof(url), "https://%s", address);
	return config_set(c, CONFIG_SERVER_BASE_URL, url, CONFIG_FROM_DEFAULT, fault);
}

struct again {
	const struct serve_options *options;
	const char *address;
};

/* SIGHUP: the file and the same flags, read once more. */
static enum err load_again(void *ctx, struct config *config, struct fault *fault)
{
	const struct again *a = ctx;
	struct config fresh = {0};
	enum err e = config_load(&fresh, a->options->data, a->options->set, fault);

	if (e == OK)
		e = flags_set(&fresh, a->options, fault);
	if (e == OK)
		e = base_default(&fresh, a->address, fault);
	if (e == OK)
		e = config_refresh(config, &fresh);
	config_free(&fresh);
	return e;
}

static enum err prepare(struct config *c, const struct serve_options *o, int *listener,
    char address[LISTEN_ADDRESS_MAX], struct fault *fault)
{
	TRY(folder_check(o->data, fault));
	TRY(config_load(c, o->data, o->set, fault));
	TRY(flags_set(c, o, fault));
	TRY(listen_open(config_text(c, CONFIG_SERVER_LISTEN), listener, address, fault));
	TRY(base_default(c, address, fault));
	TRY(privileges_drop(c->data));
	return folders_make(c->data);
}

int command_serve(int argc, char **argv)
{
	static struct config config;
	static struct serve_options o;
	static char address[LISTEN_ADDRESS_MAX];
	const struct option_spec specs[] = {{.name = "--data", .value = &o.data},
	    {.name = "--listen", .value = &o.listen}, {.name = "--base-url", .list = o.base_urls},
	    {.name = "--set", .list = o.set}};
	struct again again = {&o, address};
	struct supervisor_reload reload = {load_again, &again};
	struct fault fault = {0};
	int listener = -1;
	enum err e;

	if (!options_take(&argc, argv, specs, 4) || argc > 1 || o.data == NULL) {
		complain_text("usage: chirograph serve --data DIR [--listen ADDR:PORT] [--base-url "
			      "URL]… [--set section.key=value]…");
		return EXIT_USAGE;
	}
	log_role("supervisor");
	clock_seam_open();
	e = prepare(&config, &o, &listener, address, &fault);
	if (e != OK) {
		complain("cannot start", e, &fault);
		return 1;
	}
	config_log_level(&config);
	return supervisor_run(&config, &reload, listener, address);
}
