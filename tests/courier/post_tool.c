/*
 * Walks one envelope from submission to completion in a real store, with the real scheduler, the
 * real handlers and the real courier role, and says what was kept. The test around it owns the
 * servers. Settings come as one JSON object on the command line.
 */
#include "../unit/envelope_rows_support.h"

#include "courier_child.h"

#include "base/json.h"
#include "jobs/post.h"
#include "store/incidents.h"

#include <openssl/evp.h>

static json_t *given;
static struct arena *arena;
static struct post post;

static const char *text(const char *name)
{
	return json_string_value(json_object_get(given, name));
}

static int64_t number(const char *name)
{
	return json_integer_value(json_object_get(given, name));
}

static enum err unwrap(
    void *ctx, struct span organisation_wrapped, struct span wrapped, uint8_t out[KEY_SIZE])
{
	memcpy(out, key, KEY_SIZE);
	return OK;
}

/* The key of RFC 8032 §7.1, test 1; keyd holds the real one. */
static const uint8_t seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
    0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac,
    0x03, 0x1c, 0xae, 0x7f, 0x60};

static enum err sign_ed25519(void *ctx, struct span content, struct buf *signatures)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t signature[64];
	size_t size = sizeof(signature);

	bool good = EVP_DigestSignInit(md, NULL, NULL, NULL, k) == 1 &&
		    EVP_DigestSign(md, signature, &size, content.data, content.size) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(k);
	buf_put(signatures, signature, size);
	return good ? OK : ERR_CRYPTO;
}

static void list(const char *name, const char *out[8])
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(given, name), i, item) out[i] = json_string_value(item);
}

static void post_fill(void)
{
	static const char *allowed[8], *mail_allowed[8];

	list("allowed", allowed);
	list("mailAllowed", mail_allowed);
	post = (struct post){.store = store,
	    .courier = &courier_child,
	    .data = folder,
	    .pages_url = "https://sign.example.com",
	    .support_email = "help@example.com",
	    .mail = {.host = text("host"),
		.port = (unsigned)number("port"),
		.security = (enum smtp_security)number("security"),
		.user = text("user"),
		.password = text("password"),
		.ca_pem = text("ca"),
		.from = "no-reply@example.com",
		.from_name = "Chirograph"},
	    .sms = {text("gateway"), "t0ken"},
	    .allowed = allowed,
	    .mail_allowed = mail_allowed,
	    .webhook_ca_pem = text("ca"),
	    .sign = sign_ed25519};
	assert_int_equal(vault_new(16, unwrap, NULL, &post.vault), OK);
}

static enum err work_organisation_get(struct db *db, void *ctx)
{
	return store_organisation_get(db, organisation, arena, ctx);
}

static enum err work_webhook_set(struct db *db, void *ctx)
{
	return store_webhook_set(db, ctx);
}

static enum err work_setting_set(struct db *db, void *ctx)
{
	return store_setting_set(db, organisation, ctx);
}

static void webhook_make(void)
{
	struct stored_organisation o;
	struct buf sealed;
	struct stored_webhook w = {.organisation = organisation,
	    .environment = (int)number("environment"),
	    .url = text("webhook"),
	    .types = text("types") == NULL ? "" : text("types"),
	    .allowed = "",
	    .profile = text("profile") == NULL ? "legacy" : text("profile"),
	    .created_at = 1};

	if (w.url == NULL)
		return;
	buf_init(&sealed, LIMIT_KB);
	assert_int_equal(store_read(store, work_organisation_get, &o), OK);
	assert_int_equal(organisation_seal(post.vault, &o, webhook_place(w.environment),
			     span_str(text("secret")), &sealed),
	    OK);
	w.secret = buf_span(&sealed);
	assert_int_equal(store_write(store, work_webhook_set, &w), OK);
	buf_free(&sealed);
}

/* The organisation's own SMTP server: {"smtp.host":…}; the password is sealed. */
static void settings_make(void)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(given, "settings"), name, value)
	{
		struct stored_setting s = {
		    .name = name, .value = span_str(json_string_value(value))};
		struct stored_organisation o;
		struct buf sealed;
		buf_init(&sealed, LIMIT_KB);
		if (strcmp(name, "smtp.password") == 0) {
			assert_int_equal(store_read(store, work_organisation_get, &o), OK);
			assert_int_equal(organisation_seal(
					     post.vault, &o, setting_place(name), s.value, &sealed),
			    OK);
			s.value = buf_span(&sealed);
			s.is_sealed = true;
		}
		assert_int_equal(store_write(store, work_setting_set, &s), OK);
		buf_free(&sealed);
	}
}

/* ---- the walk ---- */

static int64_t envelope_submit(void)
{
	struct signer_new signers[2] = {two_signers[0], two_signers[1]};
	struct creating c = {0};
	struct envelope_new in = envelope_plain("e1");

	signers[0].code_channel = CHANNEL_SMS;
	signers[1].code_channel = CHANNEL_EMAIL;
	signers[1].profile.language = "en";
	if (text("to") != NULL)
		signers[1].profile.email = text("to");
	in.environment = (int)number("environment");
	in.subject = text("subject");
	in.expires_at = clock_now() + 30 * CLOCK_DAY;
	in.signers = signers;
	in.documents = &one_document;
	in.document_count = 1;
	in.submit = true;
	assert_int_equal(
	    store_envelope_prepare(&in, clock_now(), arena, &c.prepared, &c.fault), OK);
	assert_int_equal(store_write(store, work_create, &c), OK);
	return store_envelope_prepared_state(c.prepared)->row;
}

/* Messages and webhooks wait in lanes of their own. */
static enum err next_time(struct db *db, int64_t *when)
{
	int64_t webhook = INT64_MAX;

	TRY(store_job_next_time(db, JOB_LANE_COURIER, -1, when));
	TRY(store_job_next_time(db, JOB_LANE_WEBHOOK, -1, &webhook));
	if (webhook < *when)
		*when = webhook;
	return OK;
}

static enum err work_next(struct db *db, void *ctx)
{
	return next_time(db, ctx);
}

static enum job_result seal_nothing(void *ctx, struct job *job)
{
	return JOB_DONE;
}

/* Runs jobs until none is due now. */
static void jobs_run(void)
{
	struct job_handler handlers[POST_HANDLERS];
	struct jobs_config config = {.store = store, .handlers = handlers, .count = 3};
	int64_t next = 0, end = clock_monotonic() + 60000;
	struct jobs *j = NULL;

	post_handlers(&post, handlers);
	handlers[2] =
	    (struct job_handler){.kind = "seal", .run = seal_nothing}; /* walk() does it */
	assert_int_equal(jobs_start(&config, &j), OK);
	while (next <= clock_now() && clock_monotonic() < end) {
		usleep(5000);
		assert_int_equal(store_read(store, work_next, &next), OK);
	}
	assert_true(jobs_drain(j, 60000));
	jobs_free(j);
}

/* As the signer does it: the code is typed after its message was sent (or, without "codes",
 * before). */
static void walk_to_code(struct commanding *c, size_t signer)
{
	assert_int_equal(command_run(c, COMMAND_OPEN, signer), OK);
	assert_int_equal(command_run(c, COMMAND_CHECK_CPF, signer), OK);
	assert_int_equal(command_run(c, COMMAND_READ, signer), OK);
	c->w.code = "123456";
	assert_int_equal(store_code_hash(key, signer, span_str("123456"), c->w.command.hash), OK);
	assert_int_equal(command_run(c, COMMAND_SEND_CODE, signer), OK);
	if (json_is_true(json_object_get(given, "codes")))
		jobs_run();
	assert_int_equal(command_run(c, COMMAND_CHECK_CODE, signer), OK);
}

static void walk(int64_t row)
{
	static const struct dossier_new dossier = {
	    .dossier = {"0000000000000000000000000000000c", 5000, {3}, {4}}};
	struct commanding c = commanding_at(row, arena);

	for (size_t i = 0; i < 2; i++) {
		c.now = clock_now();
		walk_to_code(&c, i);
		assert_int_equal(sign(&c, i), OK);
	}
	c.w.dossier = &dossier;
	c.w.command.document = 0;
	assert_int_equal(command_run(&c, COMMAND_SEALED, 0), OK);
}

/* ---- what was kept ---- */

struct kept {
	int64_t row;
	struct delivery deliveries[64];
	size_t delivery_count;
	struct event_record *events;
	size_t event_count;
	struct job_dead dead[16];
	size_t dead_count;
	int64_t next;
};

static enum err work_kept(struct db *db, void *ctx)
{
	struct kept *k = ctx;

	k->delivery_count = 64;
	k->dead_count = 16;
	TRY(store_delivery_list(
	    db, organisation, k->row, 0, arena, k->deliveries, &k->delivery_count));
	TRY(store_events_load(db, organisation, k->row, arena, &k->events, &k->event_count));
	TRY(store_jobs_dead(db, 0, arena, k->dead, &k->dead_count));
	return next_time(db, &k->next);
}

static void events_print(struct json_writer *w, const struct kept *k)
{
	jw_array(w, "events");
	for (size_t i = 0; i < k->event_count; i++) {
		struct span json;
		assert_int_equal(event_record_open(&k->events[i], key, arena, &json), OK);
		jw_object(w, NULL);
		jw_string(w, "kind", event_kind_name(k->events[i].kind));
		jw_int(w, "signer", k->events[i].signer);
		jw_raw(w, "detail", json);
		jw_end_object(w);
	}
	jw_end_array(w);
}

static void kept_print(struct json_writer *w, const struct kept *k)
{
	jw_object(w, NULL);
	jw_string(w, "folder", folder);
	jw_int(w, "retryIn", k->next == INT64_MAX ? -1 : k->next - clock_now());
	jw_array(w, "deliveries");
	for (size_t i = 0; i < k->delivery_count; i++) {
		jw_object(w, NULL);
		jw_string(w, "kind", k->deliveries[i].kind);
		jw_string(w, "target", k->deliveries[i].target_masked);
		jw_int(w, "status", k->deliveries[i].status);
		jw_int(w, "attempt", k->deliveries[i].attempt);
		jw_string(w, "detail", k->deliveries[i].detail);
		jw_end_object(w);
	}
	jw_end_array(w);
	jw_array(w, "dead");
	for (size_t i = 0; i < k->dead_count; i++)
		jw_string(w, NULL, k->dead[i].error);
	jw_end_array(w);
	events_print(w, k);
	jw_end_object(w);
}

int main(int argc, char **argv)
{
	struct kept kept = {0};
	struct json_writer w;
	struct buf out;

	given = json_loads(argv[1], 0, NULL);
	arena = arena_new(256u * LIMIT_MB);
	log_threshold(LOG_LEVEL_ERROR);
	assert_true(courier_start() > 0);
	assert_int_equal(store_setup(NULL), 0);
	post_fill();
	webhook_make();
	settings_make();
	kept.row = envelope_submit();
	jobs_run();
	if (json_is_true(json_object_get(given, "walk"))) {
		walk(kept.row);
		jobs_run();
	}
	assert_int_equal(store_read(store, work_kept, &kept), OK);
	buf_init(&out, 16 * LIMIT_MB);
	jw_init(&w, &out);
	kept_print(&w, &kept);
	fprintf(stdout, "%s\n", buf_str(&out));
	buf_free(&out);
	store_close(store);
	vault_free(post.vault);
	arena_free(arena);
	json_decref(given);
	return 0;
}
