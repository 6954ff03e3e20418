/*
 * `chirograph doctor`: looks at everything a server needs and says for each fault what to do. It
 * changes nothing. Keys are tested by a keyd of its own, mail by a courier of its own, inside their
 * sandboxes.
 */
#include "main/doctor.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/db.h"
#include "store/incidents.h"
#include "store/jobs.h"

#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOCTOR_ROWS 500
#define DOCTOR_SOON (30 * CLOCK_DAY)

static unsigned faults;

static void say(const char *mark, const char *subject, const char *format, va_list args)
{
	printf("%-5s %-12s ", mark, subject);
	vprintf(format, args);
	printf("\n");
}

void doctor_good(const char *subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("ok", subject, format, args);
	va_end(args);
}

void doctor_note(const char *subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("note", subject, format, args);
	va_end(args);
}

void doctor_bad(const char *subject, const char *format, ...)
{
	va_list args;

	faults++;
	va_start(args, format);
	say("FAULT", subject, format, args);
	va_end(args);
}

static void permission_check(const char *data, const char *name, mode_t allowed)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s%s", data, name[0] != '\0' ? "/" : "", name);
	if (lstat(path, &st) != 0)
		doctor_bad(
		    "permissions", "%s is missing: run chirograph init --data %s", path, data);
	else if ((st.st_mode & 0777 & ~allowed) != 0)
		doctor_bad("permissions", "%s has mode %o, open to others: chmod %o %s", path,
		    (unsigned)(st.st_mode & 0777), (unsigned)allowed, path);
}

static void owner_check(const char *data)
{
	struct fault fault = {0};

	/* Modes are told one by one; what is left of this check is whose the files are. */
	if (folder_check(data, &fault) != OK && strstr(fault.detail, "belongs to") != NULL)
		doctor_bad("permissions", "%s", fault.detail);
}

static void permissions_check(const char *data)
{
	static const char *const folders[] = {"", "keys", "db", "blobs", "outbox", "run"};
	static const char *const files[] = {"keys/root.key", "keys/seal.key", "keys/seal-ca.key",
	    "keys/tls.key", "keys/webhook.key", "keys/response-p521.key",
	    "keys/response-ed25519.key"};
	unsigned before = faults;
	char credentials[4096];

	snprintf(credentials, sizeof(credentials), "%s/credentials.json", data);
	if (access(credentials, F_OK) == 0) /* it may be deleted once the keys are kept elsewhere */
		permission_check(data, "credentials.json", 0600);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		permission_check(data, folders[i], 0700);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		permission_check(data, files[i], 0600);
	owner_check(data);
	if (faults == before)
		doctor_good("permissions", "the folder and its keys are their owner's alone");
}

static bool ends_soon(X509 *certificate)
{
	time_t then = (time_t)((clock_now() + DOCTOR_SOON) / CLOCK_SECOND);

	return certificate != NULL && X509_cmp_time(X509_get0_notAfter(certificate), &then) <= 0;
}

static void expiry_check(const char *subject, X509 *certificate, const char *how)
{
	if (ends_soon(certificate))
		doctor_note(subject, "its certificate ends within 30 days: %s", how);
}

static void seal_expiry_check(struct tool *t)
{
	struct buf chain CLEANUP(buf_free);
	const unsigned char *at;
	X509 *leaf;

	buf_init(&chain, 64 * LIMIT_KB);
	if (keyd_seal_chain(t->keyd, &chain) != OK)
		return;
	at = chain.data;
	leaf = d2i_X509(NULL, &at, (long)chain.size);
	expiry_check("sealing key", leaf, "put a new one in its place, then kill -HUP");
	X509_free(leaf);
}

static void seal_check(struct tool *t)
{
	char reason[FAULT_DETAIL_MAX] = "";
	enum err e = keyd_seal_test(t->keyd, reason);

	if (e == OK)
		doctor_good("sealing key", "signs, and its certificate is valid");
	else
		doctor_bad("sealing key",
		    "%s: put a key and a valid certificate in place (seal.* keys of the "
		    "configuration, or keys/seal.key and keys/seal.crt)",
		    reason[0] != '\0' ? reason : advice_for(e));
}

static void keys_check(struct tool *t)
{
	struct wrapped_key wrapped;
	SSL_CTX *tls = NULL;
	enum err e = keyd_organisation_key_new(t->keyd, &wrapped);

	if (e != OK) {
		doctor_bad("keys",
		    "keyd does not start (%s): the lines above say which key; restore keys/ from "
		    "its backup",
		    advice_for(e));
		return;
	}
	doctor_good("keys", "the root key wraps and the webhook key is there");
	if (keyd_tls_context(t->keyd, &tls) == OK)
		doctor_good("TLS", "certificate and key fit together");
	else
		doctor_bad("TLS", "the certificate cannot be used: check tls.certificate_file and "
				  "tls.key_file, or remove keys/tls.* and run init");
	if (tls != NULL)
		expiry_check("TLS", SSL_CTX_get0_certificate(tls), "renew it, then kill -HUP");
	SSL_CTX_free(tls);
	seal_check(t);
	seal_expiry_check(t);
}

static enum err integrity_work(struct db *db, void *ctx)
{
	struct query q;
	bool *is_good = ctx;

	query_start(&q, db, SQL_DOCTOR_INTEGRITY);
	*is_good = query_next(&q) && span_equal_str(query_column(&q, 0), "ok");
	return query_end(&q);
}

#define INCIDENTS_SHOWN 20
#define INCIDENTS_DAYS 7

struct incident_list {
	struct arena *arena;
	struct incident items[INCIDENTS_SHOWN];
	size_t count;
};

static enum err incidents_work(struct db *db, void *ctx)
{
	struct incident_list *list = ctx;

	list->count = INCIDENTS_SHOWN;
	return store_incident_list(
	    db, clock_now() - INCIDENTS_DAYS * CLOCK_DAY, list->arena, list->items, &list->count);
}

static void incidents_check(struct tool *t)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new(LIMIT_MB);
	struct incident_list list = {.arena = arena};
	char at[CLOCK_TEXT_SIZE];

	if (arena == NULL || store_read(t->store, incidents_work, &list) != OK)
		return;
	if (list.count == 0)
		doctor_good("incidents", "none in %d days", INCIDENTS_DAYS);
	for (size_t i = 0; i < list.count; i++) {
		clock_format_ms(list.items[i].created_at, at);
		doctor_note("incidents", "%s %s in %s: %s; the log has more beside this number", at,
		    list.items[i].external_id, list.items[i].route, list.items[i].detail);
	}
}

static void store_check(struct tool *t)
{
	bool is_good = false;

	if (!tool_open_store(t)) {
		doctor_bad("database", "it cannot be opened: if the version is newer, install that "
				       "chirograph; else restore DIR/db from the backup");
		return;
	}
	if (store_read(t->store, integrity_work, &is_good) == OK && is_good)
		doctor_good("database", "schema is current, integrity check passed");
	else
		doctor_bad("database",
		    "the integrity check failed: stop the server, keep a copy of "
		    "DIR/db and restore the backup");
}

static enum err dead_work(struct db *db, void *ctx)
{
	static struct job_dead rows[DOCTOR_ROWS];
	struct arena *arena CLEANUP(arena_freep) = arena_new(LIMIT_MB);
	size_t *count = ctx;

	ENSURE(arena != NULL, ERR_MEMORY);
	*count = DOCTOR_ROWS;
	return store_jobs_dead(db, 0, arena, rows, count);
}

static void waiting_check(struct tool *t)
{
	size_t dead = 0;

	if (t->store == NULL || store_read(t->store, dead_work, &dead) != OK)
		return;
	if (dead > 0)
		doctor_bad("jobs",
		    "%zu were given up: chirograph jobs list says why; mend that, then chirograph "
		    "jobs retry",
		    dead);
	else
		doctor_good("jobs", "none was given up");
	incidents_check(t);
}

int command_doctor(int argc, char **argv)
{
	static struct tool tool;
	const char *data = NULL;
	const char *set[OPTION_LIST_MAX + 1] = {NULL};
	const struct option_spec specs[] = {
	    {.name = "--data", .value = &data}, {.name = "--set", .list = set}};

	if (!options_take(&argc, argv, specs, 2) || argc > 1 || data == NULL) {
		complain_text("usage: chirograph doctor --data DIR");
		return EXIT_USAGE;
	}
	if (!tool_load(&tool, data, set))
		return 1;
	permissions_check(tool.config.data);
	if (tool_open_keyd(&tool))
		keys_check(&tool);
	store_check(&tool);
	waiting_check(&tool);
	doctor_world(&tool);
	printf("%u fault%s\n", faults, faults == 1 ? "" : "s");
	tool_close(&tool);
	return faults > 0 ? 1 : 0;
}
