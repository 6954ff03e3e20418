/*
 * Opening front's rooms in order: secrets of the configuration while files may still be read, then
 * the sandbox, then threads (store, workers, jobs), so that every thread is inside it. One thread
 * waits for signals: SIGHUP fetches the certificates again, SIGTERM drains.
 */
#include "main/front.h"

#include "api/answer.h"
#include "api/feed.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/http.h"
#include "main/broker.h"
#include "main/maintenance.h"
#include "main/routes.h"
#include "main/sandbox.h"
#include "store/replay.h"
#include "web/platform_keys.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define VAULT_ENTRIES 1024
#define FRONT_BASES 32
#define SEAL_TEST_EVERY_S 3600

struct front {
	const struct config *config;
	struct front_secrets secrets;
	struct broker *broker;
	struct app app;
	SSL_CTX *tls;
	struct http_server *server;
	struct jobs *jobs;
	sigset_t signals;
	char base_url[512], pages_url[512];
};

static void without_slash(const char *url, char out[512])
{
	size_t size = (size_t)snprintf(out, 512, "%s", url);

	while (size > 0 && size < 512 && out[size - 1] == '/')
		out[--size] = '\0';
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void gateways_note(struct app *app, const struct config *c)
{
	app->has_mail = config_is_set(c, CONFIG_MAIL_HOST);
	app->has_sms = config_is_set(c, CONFIG_SMS_URL);
	app->has_whatsapp = config_is_set(c, CONFIG_WHATSAPP_URL);
}

static void settings_take(struct front *f)
{
	const struct config *c = f->config;
	const char *base = config_list(c, CONFIG_SERVER_BASE_URL)[0];
	struct app *app = &f->app;

	without_slash(base != NULL ? base : "https://localhost", f->base_url);
	without_slash(config_is_set(c, CONFIG_SERVER_PAGES_URL)
			  ? config_text(c, CONFIG_SERVER_PAGES_URL)
			  : f->base_url,
	    f->pages_url);
	app->data = c->data;
	app->base_url = f->base_url;
	app->pages_url = f->pages_url;
	app->support_email = or_null(config_text(c, CONFIG_SUPPORT_EMAIL));
	app->default_language = config_text(c, CONFIG_ORGANIZATION_LANGUAGE);
	app->feed_ping_ms = config_int(c, CONFIG_SERVER_FEED_PING) * CLOCK_SECOND;
	gateways_note(app, c);
}

static enum err unwrap(
    void *ctx, struct span organisation_wrapped, struct span wrapped, uint8_t key[KEY_SIZE])
{
	struct wrapped_key organisation, data;

	ENSURE(organisation_wrapped.size <= KEYD_WRAPPED_MAX && wrapped.size <= KEYD_WRAPPED_MAX,
	    ERR_DECRYPT);
	ENSURE(organisation_wrapped.size > 0 && wrapped.size > 0, ERR_DECRYPT);
	memcpy(organisation.data, organisation_wrapped.data, organisation_wrapped.size);
	organisation.size = organisation_wrapped.size;
	memcpy(data.data, wrapped.data, wrapped.size);
	data.size = wrapped.size;
	return keyd_data_key_open(ctx, &organisation, &data, key);
}

/* The log says what is wrong; submits are refused until it is right. */
static void seal_test(struct front *f)
{
	char reason[FAULT_DETAIL_MAX];
	enum err e = keyd_seal_test(f->app.keyd, reason);

	atomic_store(&f->app.is_seal_ready, e == OK);
	if (e != OK)
		log_error("envelopes cannot be submitted: the sealing key does not work",
		    "reason=%s", reason);
}

struct bases {
	struct auth_base list[FRONT_BASES];
	char urls[FRONT_BASES][512];
	size_t count;
};

static void bases_add(struct bases *b, const char *const *urls, int environment)
{
	for (; *urls != NULL && b->count < FRONT_BASES; urls++) {
		char *url = b->urls[b->count];
		without_slash(*urls, url);
		b->list[b->count++] = (struct auth_base){url, environment};
	}
}

static enum err marks_look(struct db *db, void *ctx)
{
	return store_replay_any(db, clock_now(), ctx);
}

/* The main URL comes first, unless it is bound to one environment: then its own row counts. */
static enum err auth_room_open(struct front *f)
{
	static struct bases b;
	const struct config *c = f->config;
	const char *first[] = {f->base_url, NULL};

	b.count = 0;
	bases_add(&b, config_list(c, CONFIG_SERVER_PRODUCTION_URL), ENVIRONMENT_PRODUCTION);
	bases_add(&b, config_list(c, CONFIG_SERVER_SANDBOX_URL), ENVIRONMENT_SANDBOX);
	bases_add(&b, first, -1);
	bases_add(&b, config_list(c, CONFIG_SERVER_BASE_URL), -1);
	struct auth_config auth = {.store = {&f->app, session_load_key},
	    .bases = b.list,
	    .base_count = b.count,
	    .rate = config_int(c, CONFIG_LIMITS_KEY_RATE)};
	TRY(store_read(f->app.store, marks_look, &auth.has_marks));
	return auth_open(&auth, &f->app.auth);
}

static enum err rates_open(struct front *f)
{
	const struct config *c = f->config;
	int64_t guesses = config_int(c, CONFIG_LIMITS_GUESS_RATE);
	const int64_t limits[RATE_KINDS] = {
	    [RATE_KEY] = guesses,
	    [RATE_LINK] = guesses,
	    [RATE_VERIFY] = guesses,
	    [RATE_CODE] = config_int(c, CONFIG_LIMITS_CODE_RATE),
	    [RATE_CHECK] = config_int(c, CONFIG_LIMITS_CHECK_RATE),
	};

	return rates_new(limits, &f->app.rates);
}

static enum err answer_keys_open(struct app *app)
{
	size_t count;

	ENSURE(pthread_rwlock_init(&app->answer_keys.lock, NULL) == 0, ERR_MEMORY);
	return answer_keys_read(app, &count);
}

static enum err rooms_open(struct front *f)
{
	struct store_config store = {.data = f->config->data};
	struct app *app = &f->app;

	TRY(broker_new_front(ROLE_SOCKET, &f->broker));
	app->press = (struct press){.spawn = broker_dial_press, .ctx = f->broker};
	app->courier = (struct courier){.dial = broker_dial_courier, .ctx = f->broker};
	TRY(keyd_open(broker_dial_keyd, f->broker, &app->keyd));
	TRY(keyd_derive(app->keyd, KEYD_FILE_LINKS, app->file_key));
	TRY(keyd_derive(app->keyd, KEYD_IDEMPOTENCY, app->idempotency_key));
	TRY(keyd_derive(app->keyd, KEYD_BLIND_INDEX, app->index_key));
	TRY(keyd_tls_context(app->keyd, &f->tls));
	TRY(answer_keys_open(app));
	TRY(rates_open(f));
	TRY(feeds_open(&app->feeds));
	enum err e = store_open(&store, &app->store);
	if (e == ERR_CONFLICT)
		log_error("another server runs on this folder", "data=%s", f->config->data);
	TRY(e);
	TRY(auth_room_open(f));
	return vault_new(VAULT_ENTRIES, unwrap, app->keyd, &app->vault);
}

/* A worker sleeps while its commit is synced, so as many writers share a sync as there are workers:
 * far more of them than processors. One that slept costs about 50 KB. */
static unsigned workers(const struct config *c)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t wanted = config_int(c, CONFIG_SERVER_WORKERS);

	if (wanted > 0)
		return (unsigned)wanted;
	return processors <= 8 ? 32 : processors >= 16 ? 64 : (unsigned)processors * 4;
}

static enum err server_open(struct front *f)
{
	struct http_config http = {
	    .listen_fd = ROLE_LISTENER,
	    .tls = f->tls,
	    .routes = app_routes,
	    .route_count = app_route_count,
	    .alias = APP_ALIAS,
	    .app = &f->app,
	    .admit = app_admit,
	    .fault = app_fault,
	    .finish = app_finish,
	    .screen = app_screen,
	    .share = app_share,
	    .release = session_release,
	    .trusted_proxies = config_list(f->config, CONFIG_SERVER_TRUSTED_PROXIES),
	    .workers = workers(f->config),
	};

	return http_server_new(&http, &f->server);
}

/* The store's writer says whose feed has grown. */
static void feed_grew(void *ctx, uint64_t channel)
{
	struct front *f = ctx;

	if (feeds_has(f->app.feeds, channel))
		http_server_poke(f->server, channel);
}

static void wake_jobs(void *ctx)
{
	struct front *f = ctx;

	jobs_wake(f->jobs);
}

static enum err jobs_open(struct front *f)
{
	struct jobs_config jobs = {.store = f->app.store};

	TRY(handlers_settings(&f->app, f->config, &f->secrets));
	jobs.handlers = job_handlers(&f->app, &jobs.count);
	TRY(jobs_start(&jobs, &f->jobs));
	f->app.wake_ctx = f;
	f->app.wake_jobs = wake_jobs;
	return OK;
}

/* What the supervisor read again; a setting that cannot be used leaves the old ones in force. */
static void settings_reload(struct front *f)
{
	struct config config = {0};
	struct front_secrets secrets = {0};
	enum err e = reload_take(ROLE_SOCKET, &config, &secrets);

	if (e == OK)
		e = handlers_settings(&f->app, &config, &secrets);
	if (e == OK) {
		config_log_level(&config);
		gateways_note(&f->app, &config);
		log_info("mail, gateways and webhook settings read again", "signal=HUP");
	} else if (e != ERR_NOT_FOUND) {
		log_error("the old settings stay in use", "error=%s", err_symbol(e));
	}
	config_free(&config);
	secrets_free(&secrets);
}

static void certificates_reload(struct front *f)
{
	SSL_CTX *fresh = NULL;

	seal_test(f);
	if (keyd_tls_context(f->app.keyd, &fresh) != OK) {
		log_error("the old certificate stays in use", "signal=HUP");
		return;
	}
	http_server_tls(f->server, fresh);
	SSL_CTX_free(f->tls);
	f->tls = fresh;
	log_info("certificates read again", "signal=HUP");
}

static void signers_reload(struct front *f)
{
	size_t n = 0;
	enum err e = platform_keys_reload(&f->app);

	if (e == OK)
		e = answer_keys_read(&f->app, &n);
	if (e == OK)
		log_info("signing keys read again", "signal=HUP");
	else
		log_error("signing keys could not be read again", "error=%s", err_symbol(e));
}

static void maintenance_look(struct front *f)
{
	bool is_on = maintenance_is_on(f->config->data);

	if (is_on != atomic_exchange(&f->app.is_maintenance, is_on))
		log_info("maintenance", "is=%s", is_on ? "on" : "off");
}

static void *signals_wait(void *ctx)
{
	static const struct timespec second = {1, 0};
	struct front *f = ctx;
	unsigned idle = 0;

	for (;;) {
		int number = sigtimedwait(&f->signals, NULL, &second);
		if (number == SIGTERM)
			break;
		if (number == SIGHUP) {
			settings_reload(f);
			certificates_reload(f);
			signers_reload(f);
			jobs_wake(f->jobs); /* some may have been revived */
		}
		maintenance_look(f);
		if (++idle % SEAL_TEST_EVERY_S == 0)
			seal_test(f); /* a certificate may have ended */
	}
	log_info("draining", "signal=TERM");
	http_server_stop(f->server);
	return NULL;
}

static void signals_block(struct front *f)
{
	sigemptyset(&f->signals);
	sigaddset(&f->signals, SIGTERM);
	sigaddset(&f->signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &f->signals, NULL);
	signal(SIGTERM, SIG_DFL); /* blocked, and no longer ignored: it can be waited for */
	signal(SIGHUP, SIG_DFL);
}

/* How many works shared a sync: what the bench reads. */
static void stopped_log(struct front *f)
{
	struct store_counts counts;

	store_counts(f->app.store, &counts);
	log_info("stopped", "transactions=%llu commits=%llu",
	    (unsigned long long)counts.transactions, (unsigned long long)counts.commits);
}

static enum err run(struct front *f)
{
	pthread_t thread;

	TRY(server_open(f));
	TRY(jobs_open(f));
	store_listen(f->app.store, feed_grew, f);
	ENSURE(pthread_create(&thread, NULL, signals_wait, f) == 0, ERR_MEMORY);
	TRY(broker_ready(f->broker));
	TRY(http_server_run(f->server));
	pthread_join(thread, NULL);
	f->app.wake_jobs = NULL;
	if (!jobs_drain(f->jobs, LIMIT_DRAIN_MS / 2)) {
		log_warn("jobs still ran at the end: they run again at the next start", "ms=%d",
		    LIMIT_DRAIN_MS / 2);
		_exit(0);
	}
	jobs_free(f->jobs);
	stopped_log(f);
	return OK;
}

static void front_close(struct front *f)
{
	if (f->app.store != NULL)
		store_listen(f->app.store, NULL, NULL);
	http_server_free(f->server);
	SSL_CTX_free(f->tls);
	feeds_close(f->app.feeds);
	auth_close(f->app.auth);
	rates_free(f->app.rates);
	vault_free(f->app.vault);
	store_close(f->app.store);
	keyd_close(f->app.keyd);
	broker_free(f->broker);
	handlers_close();
	secrets_free(&f->secrets);
}

int role_front(const struct config *config)
{
	static struct front f;
	struct sandbox box = {.role = ROLE_FRONT, .data = config->data, .keys = -1};
	enum err e;

	f.config = config;
	signals_block(&f);
	if (secrets_read(config, &f.secrets) != OK)
		return ROLE_EXIT_CONFIG;
	settings_take(&f);
	if (sandbox_enter(&box) != OK)
		return 1;
	e = rooms_open(&f);
	if (e == OK) {
		seal_test(&f);
		maintenance_look(&f);
		e = run(&f);
	}
	if (e != OK)
		log_error("front ends", "error=%s", err_symbol(e));
	front_close(&f);
	if (e == ERR_SCHEMA_NEWER || e == ERR_CONFLICT)
		return ROLE_EXIT_CONFIG;
	return e == OK ? 0 : 1;
}
