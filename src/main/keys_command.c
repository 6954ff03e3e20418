/*
 * `chirograph keys list|rotate`: the platform's own keys in DIR/keys. A rotation makes files only;
 * the running server takes them up at SIGHUP, and what was signed or begun under the old key stays
 * good.
 */
#include "main/command.h"

#include "main/tenant.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stdio.h>
#include <string.h>

#define OVERLAP_DAYS 30

struct keys_options {
	const char *data, *from, *overlap, *until;
};

static const char *const line_names[] = {[KEYD_RESPONSE_ES512] = "response ES512",
    [KEYD_RESPONSE_ED25519] = "response Ed25519",
    [KEYD_WEBHOOK] = "webhook Ed25519"};

static void key_print(const struct keyd_public *k, int64_t now)
{
	char from[CLOCK_TEXT_SIZE] = "init", until[CLOCK_TEXT_SIZE] = "";

	if (k->from != 0)
		clock_format_s(k->from, from);
	if (k->until != 0)
		clock_format_s(k->until, until);
	printf("%-16s  %s  from %s%s%s%s\n", line_names[k->line], k->kid, from,
	    k->until != 0 ? "  published until " : "", until, k->from > now ? "  (announced)" : "");
}

static enum err keys_list(struct tool *t, const struct keys_options *o)
{
	struct keyd_public all[KEYD_PUBLIC_MAX];
	size_t n = KEYD_PUBLIC_MAX;
	int64_t now = clock_now();

	ENSURE(tool_open_keyd(t), ERR_CONFIG);
	TRY(keyd_response_public(t->keyd, all, &n));
	for (size_t i = 0; i < n; i++)
		if (all[i].until == 0 || all[i].until > now)
			key_print(&all[i], now);
	return OK;
}

static enum err class_of(struct tool *t, const char *word, enum keyd_class *out)
{
	static const char *const words[] = {[KEYD_CLASS_RESPONSE] = "response",
	    [KEYD_CLASS_WEBHOOK] = "webhook",
	    [KEYD_CLASS_SEAL] = "seal",
	    [KEYD_CLASS_TLS] = "tls"};
	const struct config *c = &t->config;
	bool is_operators;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum keyd_class)i;
			is_operators =
			    (*out == KEYD_CLASS_TLS &&
				config_text(c, CONFIG_TLS_CERTIFICATE_FILE)[0] != '\0') ||
			    (*out == KEYD_CLASS_SEAL &&
				(config_text(c, CONFIG_SEAL_PKCS12_FILE)[0] != '\0' ||
				    config_text(c, CONFIG_SEAL_CERTIFICATE_FILE)[0] != '\0'));
			if (is_operators)
				complain_text("keys rotate %s: this key comes from a file of your "
					      "own; replace that file and send SIGHUP",
				    word);
			return is_operators ? ERR_CONFIG : OK;
		}
	complain_text("keys rotate: say response, webhook, seal or tls");
	return ERR_CONFIG;
}

static enum err times_take(const struct keys_options *o, struct keyd_rotation *r)
{
	r->now = r->from = clock_now();
	if (o->from != NULL && clock_parse(span_str(o->from), &r->from) != OK) {
		complain_text("--from is a date or a time: 2026-12-01, 2026-12-01T08:00:00Z");
		return ERR_CONFIG;
	}
	if (r->from < r->now)
		r->from = r->now;
	return end_take(o->overlap, o->until, r->from, OVERLAP_DAYS, &r->until);
}

static enum err keys_rotate(struct tool *t, const struct keys_options *o, const char *word)
{
	char host[256];
	const char *hosts[INIT_HOSTS];
	struct keyd_rotation r = {.hosts = hosts};
	enum err e;

	init_hosts(hosts, host);
	TRY(class_of(t, word, &r.class));
	TRY(times_take(o, &r));
	e = keyd_keys_rotate(t->config.data, &r);
	if (e == ERR_CONFLICT)
		complain_text("keys rotate %s: another rotation was announced for a later day "
			      "(chirograph keys list)",
		    word);
	if (e == ERR_TOO_MANY)
		complain_text("keys rotate %s: too many keys are still published; rotate with a "
			      "shorter --overlap, or wait",
		    word);
	TRY(e);
	printf("A new %s key was made. Send SIGHUP to the server (systemctl reload chirograph) to "
	       "bring it into use.\n",
	    word);
	return OK;
}

int command_keys(int argc, char **argv)
{
	static struct tool tool;
	struct keys_options o = {0};
	const struct option_spec specs[] = {{.name = "--data", .value = &o.data},
	    {.name = "--from", .value = &o.from}, {.name = "--overlap", .value = &o.overlap},
	    {.name = "--valid-until", .value = &o.until}};
	bool is_list, is_rotate;
	enum err e = ERR_CONFIG;

	if (!options_take(&argc, argv, specs, 4))
		return EXIT_USAGE;
	is_list = argc == 2 && strcmp(argv[1], "list") == 0;
	is_rotate = argc == 3 && strcmp(argv[1], "rotate") == 0;
	if (!is_list && !is_rotate) {
		complain_text("keys: say list, or rotate response|webhook|seal|tls");
		return EXIT_USAGE;
	}
	if (tool_open(&tool, o.data, NULL)) {
		e = is_list ? keys_list(&tool, &o) : keys_rotate(&tool, &o, argv[2]);
		if (e != OK)
			complain("keys", e, NULL);
	}
	tool_close(&tool);
	return e == OK ? 0 : 1;
}
