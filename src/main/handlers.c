/*
 * The table of jobs: kind, handler, period. Handlers live in the rooms they belong to; here the
 * configuration becomes what they need.
 */
#include "main/front.h"

#include "api/seal.h"
#include "api/sweep.h"
#include "base/clock.h"
#include "jobs/post.h"

#include <pthread.h>
#include <string.h>

#define OWN_HANDLERS 2

/* What messages and webhooks go by, until a SIGHUP brings others. A job holds what it began with.
 */
struct settings {
	unsigned users; /* being the present ones counts as a use */
	struct config config;
	struct front_secrets secrets;
	struct post post;
};

static struct {
	pthread_mutex_t lock;
	struct settings *now;
} live = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* The secrets live as long as front. NULL when nothing was configured. */
static const char *secret(const struct buf *b)
{
	return b->size > 0 ? buf_str((struct buf *)b) : NULL;
}

static enum err webhook_sign(void *ctx, struct span content, struct buf *signatures)
{
	struct keyd_webhook_signatures all;

	TRY(keyd_webhook_sign(ctx, content, &all));
	buf_put(signatures, all.data, all.count * sizeof(all.data[0]));
	return buf_done(signatures);
}

static enum err webhook_sign_es512(void *ctx, const struct plain *claims, struct buf *token)
{
	return keyd_response_plain(ctx, claims, token, NULL);
}

static enum smtp_security security_of(const char *word)
{
	return strcmp(word, "tls") == 0     ? SMTP_TLS
	       : strcmp(word, "plain") == 0 ? SMTP_PLAIN
					    : SMTP_STARTTLS;
}

static struct smtp_account mail_account(const struct settings *s)
{
	const struct config *c = &s->config;

	return (struct smtp_account){
	    .host = or_null(config_text(c, CONFIG_MAIL_HOST)),
	    .port = (unsigned)config_int(c, CONFIG_MAIL_PORT),
	    .security = security_of(config_text(c, CONFIG_MAIL_SECURITY)),
	    .user = or_null(config_text(c, CONFIG_MAIL_USER)),
	    .password = secret(&s->secrets.mail_password),
	    .ca_pem = secret(&s->secrets.mail_ca),
	    .from = or_null(config_text(c, CONFIG_MAIL_FROM)),
	    .from_name = or_null(config_text(c, CONFIG_MAIL_FROM_NAME)),
	};
}

static void post_fill(struct settings *s, struct app *app)
{
	const struct config *c = &s->config;

	s->post = (struct post){
	    .store = app->store,
	    .vault = app->vault,
	    .courier = &app->courier,
	    .data = app->data,
	    .pages_url = app->pages_url,
	    .support_email = app->support_email,
	    .mail = mail_account(s),
	    .sms = {or_null(config_text(c, CONFIG_SMS_URL)), secret(&s->secrets.sms_token)},
	    .whatsapp = {or_null(config_text(c, CONFIG_WHATSAPP_URL)),
		secret(&s->secrets.whatsapp_token)},
	    .allowed = config_list(c, CONFIG_WEBHOOK_ALLOW),
	    .mail_allowed = config_list(c, CONFIG_MAIL_ALLOW),
	    .webhook_ca_pem = secret(&s->secrets.webhook_ca),
	    .archive_ms = config_int(c, CONFIG_ARCHIVE_DAYS) * CLOCK_DAY,
	    .sign = webhook_sign,
	    .sign_es512 = webhook_sign_es512,
	    .sign_ctx = app->keyd,
	};
}

static void settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	config_free(&s->config);
	secrets_free(&s->secrets);
	mem_free(s, sizeof(*s));
}

static void settings_release(struct settings *s)
{
	bool is_last;

	pthread_mutex_lock(&live.lock);
	is_last = --s->users == 0;
	pthread_mutex_unlock(&live.lock);
	if (is_last)
		settings_free(s);
}

static struct settings *settings_acquire(void)
{
	struct settings *s;

	pthread_mutex_lock(&live.lock);
	s = live.now;
	s->users++;
	pthread_mutex_unlock(&live.lock);
	return s;
}

static enum err settings_copy(
    struct settings *s, const struct config *config, const struct front_secrets *secrets)
{
	struct buf packed CLEANUP(buf_free);

	buf_init(&packed, LIMIT_CONFIG_BYTES);
	TRY(config_pack(config, &packed));
	TRY(config_unpack(&s->config, buf_span(&packed)));
	return secrets_copy(&s->secrets, secrets);
}

enum err handlers_settings(
    struct app *app, const struct config *config, const struct front_secrets *secrets)
{
	struct settings *fresh = mem_alloc(sizeof(*fresh)), *old;
	enum err e = fresh != NULL ? settings_copy(fresh, config, secrets) : ERR_MEMORY;

	if (e != OK) {
		settings_free(fresh);
		return e;
	}
	post_fill(fresh, app);
	fresh->users = 1;
	pthread_mutex_lock(&live.lock);
	old = live.now;
	live.now = fresh;
	pthread_mutex_unlock(&live.lock);
	if (old != NULL)
		settings_release(old);
	return OK;
}

void handlers_close(void)
{
	if (live.now != NULL)
		settings_release(live.now);
	live.now = NULL;
}

/* Runs a row of the post room with the settings of this moment. */
static enum job_result run_with_settings(void *ctx, struct job *job)
{
	const struct job_handler *row = ctx;
	struct settings *s = settings_acquire();
	enum job_result result = row->run(&s->post, job);

	settings_release(s);
	return result;
}

const struct job_handler *job_handlers(struct app *app, size_t *count)
{
	static struct job_handler behind[POST_HANDLERS];
	static struct job_handler rows[POST_HANDLERS + OWN_HANDLERS];

	post_handlers(NULL, behind);
	for (size_t i = 0; i < POST_HANDLERS; i++) {
		rows[i] = behind[i];
		rows[i].run = run_with_settings;
		rows[i].ctx = &behind[i];
	}
	rows[POST_HANDLERS] = (struct job_handler){.kind = "seal", .run = seal_job, .ctx = app};
	rows[POST_HANDLERS + 1] = (struct job_handler){.kind = "blob_sweep",
	    .run = blob_sweep_job,
	    .ctx = app,
	    .every_ms = BLOB_SWEEP_EVERY_MS};
	*count = POST_HANDLERS + OWN_HANDLERS;
	return rows;
}
