/*
 * The table of jobs: kind, handler, period. Handlers live in the rooms they belong to; here the
 * configuration becomes what they need.
 */
#include "main/front.h"

#include "api/seal.h"
#include "api/sweep.h"
#include "jobs/post.h"

#include <string.h>

#define OWN_HANDLERS 2

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* The secrets live as long as front. NULL when nothing was configured. */
static const char *secret(const struct buf *b)
{
	return b->size > 0 ? buf_str((struct buf *)b) : NULL;
}

static enum err webhook_sign(void *ctx, struct span content, uint8_t signature[64])
{
	return keyd_webhook_sign(ctx, content, signature);
}

static enum smtp_security security_of(const char *word)
{
	return strcmp(word, "tls") == 0     ? SMTP_TLS
	       : strcmp(word, "plain") == 0 ? SMTP_PLAIN
					    : SMTP_STARTTLS;
}

static struct smtp_account mail_account(const struct job_context *context)
{
	const struct config *c = context->config;

	return (struct smtp_account){
	    .host = or_null(config_text(c, CONFIG_MAIL_HOST)),
	    .port = (unsigned)config_int(c, CONFIG_MAIL_PORT),
	    .security = security_of(config_text(c, CONFIG_MAIL_SECURITY)),
	    .user = or_null(config_text(c, CONFIG_MAIL_USER)),
	    .password = secret(&context->secrets->mail_password),
	    .ca_pem = secret(&context->secrets->mail_ca),
	    .from = or_null(config_text(c, CONFIG_MAIL_FROM)),
	    .from_name = or_null(config_text(c, CONFIG_MAIL_FROM_NAME)),
	};
}

static struct post post_of(const struct job_context *context)
{
	const struct config *c = context->config;
	const struct app *app = context->app;

	return (struct post){
	    .store = app->store,
	    .vault = app->vault,
	    .courier = &app->courier,
	    .data = app->data,
	    .pages_url = app->pages_url,
	    .support_email = app->support_email,
	    .mail = mail_account(context),
	    .sms = {or_null(config_text(c, CONFIG_SMS_URL)), secret(&context->secrets->sms_token)},
	    .whatsapp = {or_null(config_text(c, CONFIG_WHATSAPP_URL)),
		secret(&context->secrets->whatsapp_token)},
	    .allowed = config_list(c, CONFIG_WEBHOOK_ALLOW),
	    .webhook_ca_pem = secret(&context->secrets->webhook_ca),
	    .sign = webhook_sign,
	    .sign_ctx = app->keyd,
	};
}

const struct job_handler *job_handlers(struct job_context *context, size_t *count)
{
	static struct post post;
	static struct job_handler rows[POST_HANDLERS + OWN_HANDLERS];

	post = post_of(context);
	post_handlers(&post, rows);
	rows[POST_HANDLERS] =
	    (struct job_handler){.kind = "seal", .run = seal_job, .ctx = context->app};
	rows[POST_HANDLERS + 1] = (struct job_handler){.kind = "blob_sweep",
	    .run = blob_sweep_job,
	    .ctx = context->app,
	    .every_ms = BLOB_SWEEP_EVERY_MS};
	*count = POST_HANDLERS + OWN_HANDLERS;
	return rows;
}
