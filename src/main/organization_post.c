/*
 * Where an organisation's news go: its webhook and its own SMTP server. Their secrets are sealed
 * under the organisation's data key; they come from a file, or are made here and shown once.
 */
#include "main/organization.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/text.h"
#include "courier/courier.h"
#include "jobs/post.h"
#include "store/effects.h"
#include "store/envelopes.h"
#include "store/webhooks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECRET_BYTES 32
#define SECRET_FILE_MAX 4096

static enum err secret_read(const char *path, struct buf *out)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	uint8_t piece[512];
	ssize_t got;

	if (fd < 0) {
		complain_text("%s cannot be read: %s", path, strerror(errno));
		return ERR_IO;
	}
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		buf_put(out, piece, (size_t)got);
	secret_wipe(piece, sizeof(piece));
	if (fd != STDIN_FILENO)
		close(fd);
	while (
	    out->size > 0 && (out->data[out->size - 1] == '\n' || out->data[out->size - 1] == '\r'))
		out->size--;
	ENSURE(got == 0 && out->size > 0, ERR_IO);
	return buf_done(out);
}

/* The Standard Webhooks form: "whsec_" and base64. */
static enum err secret_make(struct buf *out)
{
	uint8_t bytes[SECRET_BYTES];

	TRY(random_bytes(bytes, sizeof(bytes)));
	buf_put_str(out, "whsec_");
	b64_encode(out, span_of(bytes, sizeof(bytes)));
	secret_wipe(bytes, sizeof(bytes));
	return buf_done(out);
}

static enum err seal(
    struct organization_run *run, struct vault_place at, struct span plain, struct buf *out)
{
	TRY(organization_data_key(run));
	return vault_seal(run->data_key, at, plain, out);
}

static const char *joined(struct arena *arena, const char *const *words)
{
	const char *all = "";

	for (; *words != NULL && all != NULL; words++)
		all = arena_format(arena, "%s%s%s", all, all[0] != '\0' ? " " : "", *words);
	return all;
}

static enum err webhook_work(struct db *db, void *ctx)
{
	return store_webhook_set(db, ctx);
}

static enum err url_check(struct organization_run *run)
{
	struct fault fault = {0};
	const char *const *allowed = organization_options.allowed[0] != NULL
					 ? organization_options.allowed
					 : config_list(&run->tool.config, CONFIG_WEBHOOK_ALLOW);
	enum err e;

	if (organization_options.url == NULL) {
		complain_text("--url URL is missing");
		return ERR_CONFIG;
	}
	e = egress_check_url(organization_options.url, allowed, &fault);
	if (e != OK)
		complain("--url", e, &fault);
	return e;
}

static enum err webhook_set(struct organization_run *run)
{
	const struct organization_options *o = &organization_options;
	struct buf secret CLEANUP(buf_free) = {0}, sealed CLEANUP(buf_free) = {0};
	struct stored_webhook row = {.organisation = run->organisation.row,
	    .environment = (int)run->environment,
	    .url = o->url,
	    .types = joined(run->arena, o->types),
	    .allowed = joined(run->arena, o->allowed),
	    .profile = "legacy",
	    .created_at = clock_now()};

	buf_init(&secret, SECRET_FILE_MAX);
	buf_init(&sealed, 2 * SECRET_FILE_MAX);
	TRY(url_check(run));
	ENSURE(row.types != NULL && row.allowed != NULL, ERR_MEMORY);
	TRY(o->key_file != NULL ? secret_read(o->key_file, &secret) : secret_make(&secret));
	TRY(seal(run, webhook_place(row.environment), buf_span(&secret), &sealed));
	row.secret = buf_span(&sealed);
	TRY(store_write(run->tool.store, webhook_work, &row));
	if (o->key_file == NULL)
		printf("%s\n", buf_str(&secret));
	return OK;
}

static enum err webhook_show_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;
	struct stored_webhook row;

	TRY(store_webhook_get(db, run->organisation.row, (int)run->environment, run->arena, &row));
	printf("url: %s\ntypes: %s\nallowed: %s\nprofile: %s\n", row.url, row.types, row.allowed,
	    row.profile);
	return OK;
}

/* The Standard Webhooks form of an Ed25519 public key. */
static enum err public_key_print(struct organization_run *run)
{
	struct buf text CLEANUP(buf_free) = {0};
	uint8_t key[32];

	buf_init(&text, 64);
	TRY(keyd_webhook_public(run->tool.keyd, key));
	b64_encode(&text, span_of(key, sizeof(key)));
	TRY(buf_done(&text));
	printf("public_key: whpk_%s\n", buf_str(&text));
	return OK;
}

static enum err webhook_show(struct organization_run *run)
{
	TRY(store_read(run->tool.store, webhook_show_work, run));
	return public_key_print(run);
}

static enum err webhook_remove_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;

	return store_webhook_remove(db, run->organisation.row, (int)run->environment);
}

static enum err webhook_remove(struct organization_run *run)
{
	return store_write(run->tool.store, webhook_remove_work, run);
}

struct resend {
	struct organization_run *run;
	struct envelope_record record;
	uint8_t key[KEY_SIZE];
	size_t count;
};

static enum err resend_find(struct db *db, void *ctx)
{
	struct resend *r = ctx;

	return store_envelope_find(db, r->run->organisation.row, (int)r->run->environment,
	    organization_options.envelope, r->run->arena, &r->record);
}

static enum err resend_work(struct db *db, void *ctx)
{
	struct resend *r = ctx;

	return effects_resend(db, &r->record.state, r->key, clock_now(), r->run->arena, &r->count);
}

static enum err webhook_resend(struct organization_run *run)
{
	struct resend r = {.run = run};
	enum err e;

	if (organization_options.envelope == NULL) {
		complain_text("--envelope ID is missing");
		return ERR_CONFIG;
	}
	TRY(store_read(run->tool.store, resend_find, &r));
	e = organization_key_open(run, r.record.wrapped_key, r.key);
	if (e == OK)
		e = store_write(run->tool.store, resend_work, &r);
	secret_wipe(r.key, sizeof(r.key));
	if (e == OK)
		printf("%zu events are sent again; a running server takes them within half a "
		       "minute, at once after kill -HUP\n",
		    r.count);
	return e;
}

int organization_webhook(int argc, char **argv)
{
	static const struct organization_verb verbs[] = {
	    {"set",
		"[--organization ID] [--environment production|sandbox] --url URL [--key-file F] "
		"[--type T]… "
		"[--allow NAME]…",
		"send events there; without --key-file a key is made and shown once", webhook_set,
		true},
	    {"show", "[--organization ID] [--environment production|sandbox]", "print it",
		webhook_show, true},
	    {"remove", "[--organization ID] [--environment production|sandbox]",
		"send nothing any more", webhook_remove, true},
	    {"resend", "[--organization ID] [--environment production|sandbox] --envelope ID",
		"send an envelope's events again, under the same webhook-id", webhook_resend, true},
	};

	return organization_choose(verbs, 4, "organization webhook", argc, argv);
}

struct smtp_settings {
	struct organization_run *run;
	struct stored_setting rows[8];
	size_t count;
};

static void setting_put(struct smtp_settings *s, const char *name, const char *value)
{
	if (value != NULL)
		s->rows[s->count++] =
		    (struct stored_setting){.name = name, .value = span_str(value)};
}

static enum err smtp_work(struct db *db, void *ctx)
{
	struct smtp_settings *s = ctx;

	for (size_t i = 0; i < s->count; i++)
		TRY(store_setting_set(db, s->run->organisation.row, &s->rows[i]));
	return OK;
}

static enum err smtp_check(struct organization_run *run)
{
	const struct organization_options *o = &organization_options;
	struct config *c = &run->tool.config;
	struct fault fault = {0};
	enum err e = OK;

	if (o->host == NULL)
		e = fault_set(&fault, ERR_CONFIG, "", "--host is missing");
	if (e == OK && o->port != NULL)
		e = config_set(c, CONFIG_MAIL_PORT, o->port, CONFIG_FROM_FLAG, &fault);
	if (e == OK && o->security != NULL)
		e = config_set(c, CONFIG_MAIL_SECURITY, o->security, CONFIG_FROM_FLAG, &fault);
	if (e == OK && o->from != NULL && !text_is_email(span_str(o->from)))
		e = fault_set(&fault, ERR_CONFIG, "", "--from is not an address");
	if (e != OK)
		complain("smtp", e, &fault);
	return e;
}

static enum err smtp_set(struct organization_run *run)
{
	const struct organization_options *o = &organization_options;
	struct buf password CLEANUP(buf_free) = {0}, sealed CLEANUP(buf_free) = {0};
	struct buf ca CLEANUP(buf_free) = {0};
	struct smtp_settings s = {.run = run};

	buf_init(&ca, 64 * SECRET_FILE_MAX);
	buf_init(&password, SECRET_FILE_MAX);
	buf_init(&sealed, 2 * SECRET_FILE_MAX);
	TRY(smtp_check(run));
	setting_put(&s, "smtp.host", o->host);
	setting_put(&s, "smtp.port", o->port);
	setting_put(&s, "smtp.security", o->security);
	setting_put(&s, "smtp.user", o->user);
	setting_put(&s, "smtp.from", o->from);
	setting_put(&s, "smtp.from_name", o->from_name);
	if (o->ca_file != NULL) {
		TRY(secret_read(o->ca_file, &ca));
		setting_put(&s, "smtp.ca", buf_str(&ca));
	}
	if (o->password_file != NULL) {
		TRY(secret_read(o->password_file, &password));
		TRY(seal(run, setting_place("smtp.password"), buf_span(&password), &sealed));
		s.rows[s.count++] =
		    (struct stored_setting){"smtp.password", buf_span(&sealed), true};
	}
	return store_write(run->tool.store, smtp_work, &s);
}

static enum err smtp_show_work(struct db *db, void *ctx)
{
	struct organization_run *run = ctx;
	struct stored_setting rows[16];
	size_t count = 16;

	TRY(store_setting_list(db, run->organisation.row, "smtp.", run->arena, rows, &count));
	for (size_t i = 0; i < count; i++) {
		bool is_shown = !rows[i].is_sealed && strcmp(rows[i].name, "smtp.ca") != 0;
		printf("%s: %.*s\n", rows[i].name, is_shown ? (int)rows[i].value.size : 5,
		    is_shown ? (const char *)rows[i].value.data : "(set)");
	}
	if (count == 0)
		printf("none: the global server carries its mail\n");
	return OK;
}

static enum err smtp_show(struct organization_run *run)
{
	return store_read(run->tool.store, smtp_show_work, run);
}

static enum err smtp_remove_work(struct db *db, void *ctx)
{
	static const char *const names[] = {"smtp.host", "smtp.port", "smtp.security", "smtp.user",
	    "smtp.password", "smtp.ca", "smtp.from", "smtp.from_name"};
	struct organization_run *run = ctx;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		enum err e = store_setting_remove(db, run->organisation.row, names[i]);
		ENSURE(e == OK || e == ERR_NOT_FOUND, e);
	}
	return OK;
}

static enum err smtp_remove(struct organization_run *run)
{
	return store_write(run->tool.store, smtp_remove_work, run);
}

int organization_smtp(int argc, char **argv)
{
	static const struct organization_verb verbs[] = {
	    {"set",
		"[--organization ID] --host H [--port N] [--security starttls|tls|plain] [--user "
		"U] [--password-file F] [--ca-file F] "
		"[--from A] [--from-name N]",
		"send this organisation's mail through a server of its own", smtp_set, true},
	    {"show", "[--organization ID]", "print it, without its secrets", smtp_show, true},
	    {"remove", "[--organization ID]", "use the global server again", smtp_remove, true},
	};

	return organization_choose(verbs, 3, "organization smtp", argc, argv);
}
