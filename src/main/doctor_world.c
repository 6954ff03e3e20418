/*
 * What doctor looks at outside the data folder. Mail and the time-stamp authority are tried for
 * real, by a courier of doctor's own inside its sandbox; no message is sent.
 */
#include "main/doctor.h"

#include "base/clock.h"
#include "base/limits.h"
#include "courier/courier.h"

#include <openssl/ts.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define DISK_LEAST_MB 512

static void disk_check(const char *data)
{
	struct statvfs fs;
	unsigned long long free_mb;

	if (statvfs(data, &fs) != 0) {
		doctor_bad("disk", "%s cannot be examined", data);
		return;
	}
	free_mb = (unsigned long long)fs.f_bavail * fs.f_frsize / LIMIT_MB;
	if (free_mb < DISK_LEAST_MB)
		doctor_bad("disk", "%llu MB are free: make room, the server needs at least %d MB",
		    free_mb, DISK_LEAST_MB);
	else
		doctor_good("disk", "%llu MB are free", free_mb);
}

static void clock_check(void)
{
	struct timex t = {0};
	char text[CLOCK_TEXT_SIZE];
	int64_t now = clock_now();

	clock_format_s(now, text);
	if (now < INT64_C(1767225600000) || now > INT64_C(4102444800000)) /* 2026 to 2100 */
		doctor_bad("clock", "it says %s: set it", text);
	else if (adjtimex(&t) == TIME_ERROR || (t.status & STA_UNSYNC) != 0)
		doctor_note("clock",
		    "%s, not synchronised as far as the kernel knows: run an NTP service (a "
		    "container's host may do it)",
		    text);
	else
		doctor_good("clock", "%s, synchronised", text);
}

/* RFC 3161 §2.4.1: version 1, the SHA-256 of nothing in particular, no certificates,
 * so that the answer is short. */
static const uint8_t tsa_question[] = {0x30, 0x36, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06,
    0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20, 'c', 'h',
    'i', 'r', 'o', 'g', 'r', 'a', 'p', 'h', ' ', 'd', 'o', 'c', 't', 'o', 'r', 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0};

/* TimeStampResp ::= SEQUENCE { PKIStatusInfo ::= SEQUENCE { status INTEGER … }, … }; 0 and 1 mean
 * that a token follows (§2.4.2). */
static bool tsa_granted(struct span answer)
{
	const unsigned char *at = answer.data;
	TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)answer.size);
	const ASN1_INTEGER *status;
	bool is_granted = false;

	if (response != NULL) {
		status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response));
		is_granted = ASN1_INTEGER_get(status) == 0 || ASN1_INTEGER_get(status) == 1;
	}
	TS_RESP_free(response);
	return is_granted;
}

static void host_of(const char *url, char out[256])
{
	const char *start = strstr(url, "://");
	size_t size;

	start = start != NULL ? start + 3 : url;
	size = start[0] == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":/");
	snprintf(out, 256, "%.*s", (int)size, start);
}

static enum err tsa_ask(struct tool *t, const char *url, struct courier_outcome *out)
{
	static const char *const headers[] = {"Content-Type: application/timestamp-query", NULL};
	char host[256];
	const char *const allowed[] = {host, NULL}; /* the operator chose it */
	struct courier courier = {broker_dial_courier, t->broker};
	struct courier_post post = {.url = url,
	    .headers = headers,
	    .body = span_of(tsa_question, sizeof(tsa_question)),
	    .allowed = allowed};

	host_of(url, host);
	return courier_post(&courier, &post, out);
}

static void tsa_check(struct tool *t)
{
	const char *url = config_text(&t->config, CONFIG_TSA_URL);
	struct courier_outcome outcome = {0};
	enum err e;

	if (url[0] == '\0') {
		doctor_note("time-stamps",
		    "no authority is set (tsa.url): dossiers say that they carry no time-stamp");
		return;
	}
	e = tsa_ask(t, url, &outcome);
	if (e == OK && outcome.status == 200 && tsa_granted(buf_span(&outcome.answer)))
		doctor_good("time-stamps",
		    "%s gives time-stamps (this version puts none into dossiers, which say so)",
		    url);
	else
		doctor_bad("time-stamps",
		    "%s gives no time-stamp (%s): check tsa.url, or ask the authority", url,
		    e != OK                 ? advice_for(e)
		    : outcome.status == 200 ? "its answer is none"
					    : outcome.detail);
	courier_outcome_free(&outcome);
}

static void fonts_check(const struct config *c)
{
	const char *const *folder = config_list(c, CONFIG_FONTS_PATH);
	bool any = access("/usr/share/fonts", R_OK) == 0;

	for (; *folder != NULL; folder++) {
		if (access(*folder, R_OK) == 0)
			any = true;
		else
			doctor_bad("fonts", "%s of fonts.path cannot be read", *folder);
	}
	if (any)
		doctor_good("fonts", "there are font folders");
	else
		doctor_bad("fonts",
		    "no fonts: install fonts-noto-core, or names on evidence pages turn to boxes");
}

static void gateway_check(const struct config *c, enum config_key key, const char *name)
{
	if (config_is_set(c, key))
		doctor_good(name, "%s", config_text(c, key));
	else
		doctor_note(name, "no gateway is set (%s): submits that need it are refused",
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
		doctor_note(
		    "mail", "no server is set (mail.host): messages are written to DIR/outbox");
		return;
	}
	e = mail_try(t, &outcome);
	if (e == OK && outcome.is_done)
		doctor_good("mail", "%s accepts the connection and the login", host);
	else
		doctor_bad("mail", "%s: %s; check the mail.* keys of the configuration", host,
		    e == OK ? outcome.detail : advice_for(e));
	courier_outcome_free(&outcome);
}

void doctor_world(struct tool *t)
{
	const struct config *c = &t->config;

	disk_check(c->data);
	clock_check();
	if (t->broker != NULL) {
		mail_check(t);
		tsa_check(t);
	}
	gateway_check(c, CONFIG_SMS_URL, "sms");
	gateway_check(c, CONFIG_WHATSAPP_URL, "whatsapp");
	fonts_check(c);
}
