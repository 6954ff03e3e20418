/*
 * `chirograph doctor`: looks at everything a server needs and says for each fault what to do. It
 * changes nothing. Keys are tested by a keyd of its own, mail by a courier of its own, inside their
 * sandboxes.
 */
#include "main/command.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "courier/courier.h"
#include "store/db.h"
#include "store/incidents.h"

#include <dirent.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define DISK_LEAST_MB 512

static unsigned faults;

static void say(const char *mark, const char *subject, const char *format, va_list args)
{
	printf("%-5s %-12s ", mark, subject);
	vprintf(format, args);
	printf("\n");
}

static void __attribute__((format(printf, 2, 3))) good(const char *subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("ok", subject, format, args);
	va_end(args);
}

static void __attribute__((format(printf, 2, 3))) note(const char *subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("note", subject, format, args);
	va_end(args);
}

static void __attribute__((format(printf, 2, 3))) bad(const char *subject, const char *format, ...)
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
		bad("permissions", "%s is missing: run chirograph init --data %s", path, data);
	else if ((st.st_mode & 0777 & ~allowed) != 0)
		bad("permissions", "%s has mode %o, open to others: chmod %o %s", path,
		    (unsigned)(st.st_mode & 0777), (unsigned)allowed, path);
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
	if (faults == before)
		good("permissions", "the folder and its keys are their owner's alone");
}

static void seal_check(struct tool *t)
{
	char reason[FAULT_DETAIL_MAX] = "";
	enum err e = keyd_seal_test(t->keyd, reason);

	if (e == OK)
		good("sealing key", "signs, and its certificate is valid");
	else
		bad("sealing key",
		    "%s: put a key and a valid certificate in place (seal.* keys of the "
		    "configuration, or keys/seal.key and keys/seal.crt)",
		    reason[0] != '\0' ? reason : err_symbol(e));
}

static void keys_check(struct tool *t)
{
	struct wrapped_key wrapped;
	SSL_CTX *tls = NULL;
	enum err e = keyd_organisation_key_new(t->keyd, &wrapped);

	if (e != OK) {
		bad("keys",
		    "keyd does not start (%s): the lines above say which key; restore keys/ from "
		    "its backup",
		    err_symbol(e));
		return;
	}
	good("keys", "the root key wraps and the webhook key is there");
	if (keyd_tls_context(t->keyd, &tls) == OK)
		good("TLS", "certificate and key fit together");
	else
		bad("TLS", "the certificate cannot be used: check tls.certificate_file and "
			   "tls.key_file, or remove keys/tls.* and run init");
	SSL_CTX_free(tls);
	seal_check(t);
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
		good("incidents", "none in %d days", INCIDENTS_DAYS);
	for (size_t i = 0; i < list.count; i++) {
		clock_format_ms(list.items[i].created_at, at);
		note("incidents", "%s %s in %s: %s; the log has more beside this number", at,
		    list.items[i].external_id, list.items[i].route, list.items[i].detail);
	}
}

static void store_check(struct tool *t)
{
	bool is_good = false;

	if (!tool_open_store(t)) {
		bad("database", "it cannot be opened: if the version is newer, install that "
				"chirograph; else restore DIR/db from the backup");
		return;
	}
	if (store_read(t->store, integrity_work, &is_good) == OK && is_good)
		good("database", "schema is current, integrity check passed");
	else
		bad("database", "the integrity check failed: stop the server, keep a copy of "
				"DIR/db and restore the backup");
	incidents_check(t);
}

static void disk_check(const char *data)
{
	struct statvfs fs;
	unsigned long long free_mb;

	if (statvfs(data, &fs) != 0) {
		bad("disk", "%s cannot be examined", data);
		return;
	}
	free_mb = (unsigned long long)fs.f_bavail * fs.f_frsize / LIMIT_MB;
	if (free_mb < DISK_LEAST_MB)
		bad("disk", "%llu MB are free: make room, the server needs at least %d MB", free_mb,
		    DISK_LEAST_MB);
	else
		good("disk", "%llu MB are free", free_mb);
}

static void clock_check(void)
{
	struct timex t = {0};
	char text[CLOCK_TEXT_SIZE];
	int64_t now = clock_now();

	clock_format_s(now, text);
	if (now < INT64_C(1767225600000) || now > INT64_C(4102444800000)) /* 2026 to 2100 */
		bad("clock", "it says %s: set it", text);
	else if (adjtimex(&t) == TIME_ERROR || (t.status & STA_UNSYNC) != 0)
		note("clock",
		    "%s, not synchronised as far as the kernel knows: run an NTP service (a "
		    "container's host may do it)",
		    text);
	else
		good("clock", "%s, synchronised", text);
}

static void tsa_check(const struct config *c)
{
	if (config_is_set(c, CONFIG_TSA_URL))
		note("time-stamps",
		    "tsa.url is set, but this version asks no authority: dossiers carry no "
		    "time-stamp and say so");
	else
		note("time-stamps",
		    "no authority is set (tsa.url): dossiers say that they carry no time-stamp");
}

static void fonts_check(const struct config *c)
{
	const char *const *folder = config_list(c, CONFIG_FONTS_PATH);
	bool any = access("/usr/share/fonts", R_OK) == 0;

	for (; *folder != NULL; folder++) {
		if (access(*folder, R_OK) == 0)
			any = true;
		else
			bad("fonts", "%s of fonts.path cannot be read", *folder);
	}
	if (any)
		good("fonts", "there are font folders");
	else
		bad("fonts",
		    "no fonts: install fonts-noto-core, or names on evidence pages turn to boxes");
}

static void gateway_check(const struct config *c, enum config_key key, const char *name)
{
	if (config_is_set(c, key))
		good(name, "%s", config_text(c, key));
	else
		note(name, "no gateway is set (%s): submits that need it are refused",
		    config_rows[key].name);
}

static enum err mail_try(struct tool *t, struct courier_outcome *out)
{
	const struct config *c = &t->config;
	struct buf password CLEANUP(buf_free) = {0}, ca CLEANUP(buf_free) = {0};
	struct courier courier = {broker_dial_courier, t->broker};
	const char *word = config_text(c, CONFIG_MAIL_SECURITY);
	struct courier_mail mail = {.host = config_text(c, CONFIG_MAIL_HOST),
	    .port = (unsigned)config_int(c, CONFIG_MAIL_PORT),
	    .security = strcmp(word, "tls") == 0     ? SMTP_TLS
			: strcmp(word, "plain") == 0 ? SMTP_PLAIN
						     : SMTP_STARTTLS};

	buf_init(&password, 65536);
	buf_init(&ca, 256 * LIMIT_KB);
	TRY(config_secret(c, CONFIG_MAIL_PASSWORD_FILE, &password));
	TRY(config_secret(c, CONFIG_MAIL_CA_FILE, &ca));
	if (config_is_set(c, CONFIG_MAIL_USER)) {
		mail.user = config_text(c, CONFIG_MAIL_USER);
		mail.password = buf_str(&password);
	}
	mail.ca_file = ca.size > 0 ? buf_str(&ca) : NULL;
	return courier_mail(&courier, &mail, out); /* no recipient: connects and logs in only */
}

static void mail_check(struct tool *t)
{
	struct courier_outcome outcome = {0};
	const char *host = config_text(&t->config, CONFIG_MAIL_HOST);
	enum err e;

	if (host[0] == '\0') {
		note("mail", "no server is set (mail.host): messages are written to DIR/outbox");
		return;
	}
	e = mail_try(t, &outcome);
	if (e == OK && outcome.is_done)
		good("mail", "%s accepts the connection and the login", host);
	else
		bad("mail", "%s: %s; check the mail.* keys of the configuration", host,
		    e == OK ? outcome.detail : err_symbol(e));
	courier_outcome_free(&outcome);
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
	disk_check(tool.config.data);
	clock_check();
	if (tool.broker != NULL)
		mail_check(&tool);
	gateway_check(&tool.config, CONFIG_SMS_URL, "sms");
	gateway_check(&tool.config, CONFIG_WHATSAPP_URL, "whatsapp");
	tsa_check(&tool.config);
	fonts_check(&tool.config);
	printf("%u fault%s\n", faults, faults == 1 ? "" : "s");
	tool_close(&tool);
	return faults > 0 ? 1 : 0;
}
