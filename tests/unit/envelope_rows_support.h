/* Envelopes in a real database file: made, walked and read back. */
#ifndef CHIROGRAPH_TESTS_ENVELOPE_ROWS_SUPPORT_H
#define CHIROGRAPH_TESTS_ENVELOPE_ROWS_SUPPORT_H

#include "store_support.h"

#include "base/clock.h"
#include "store/effects.h"
#include "store/envelopes.h"
#include "store/jobs.h"
#include "store/webhooks.h"

#define START INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define EXPIRES (START + 30 * CLOCK_DAY)
#define SUBJECT "Contrato Zyx-Segredo"

static const uint8_t key[KEY_SIZE] = {0x42, 0x17};

static const struct signer_new two_signers[] = {
    {"s0",
	{"Zulmira Quadros", "zulmira@example.org", "1990-02-03", "52998224725", "55", "11",
	    "998877665", "pt-BR"},
	CHANNEL_EMAIL, CHANNEL_EMAIL},
    {"s1", {.name = "Wadih Õzil 山田", .email = "wadih@example.org", .cpf = "11144477735"},
	CHANNEL_EMAIL, CHANNEL_SMS},
};

static const struct document_new one_document = {.id = "d0",
    .name = "Laudo Kryptos",
    .verdict = "normalise",
    .reason = "structure_repaired",
    .pages = 3,
    .original = {.blob = "0000000000000000000000000000000a", .size = 1000, .sha256 = {1}},
    .normalised = {.blob = "0000000000000000000000000000000b", .size = 1100, .sha256 = {2}}};

static inline struct envelope_new envelope_plain(const char *id)
{
	return (struct envelope_new){.organisation = organisation,
	    .environment = 1,
	    .id = id,
	    .subject = SUBJECT,
	    .expiration_date = "2026-01-30",
	    .expires_at = EXPIRES,
	    .data_key = key,
	    .wrapped_key = span_str("wrapped data key"),
	    .signers = two_signers,
	    .signer_count = 2};
}

struct creating {
	struct envelope_prepared *prepared;
	struct fault fault;
};

static inline enum err work_create(struct db *db, void *ctx)
{
	struct creating *c = ctx;
	return store_envelope_create(db, c->prepared, &c->fault);
}

static inline enum err envelope_make(const struct envelope_new *in, struct arena *a, int64_t *row)
{
	struct creating c = {0};
	enum err e = store_envelope_prepare(in, START, a, &c.prepared, &c.fault);
	if (e == OK)
		e = store_write(store, work_create, &c);
	if (row != NULL && c.prepared != NULL)
		*row = store_envelope_prepared_state(c.prepared)->row;
	return e;
}

struct commanding {
	struct envelope_write w;
	int64_t now;
	struct arena *arena;
	struct envelope_outcome out;
	struct fault fault;
};

static inline enum err work_command(struct db *db, void *ctx)
{
	struct commanding *c = ctx;
	memset(&c->fault, 0, sizeof(c->fault));
	return store_envelope_command(db, &c->w, c->now, c->arena, &c->out, &c->fault);
}

static inline enum err command_run(struct commanding *c, enum command_kind kind, size_t signer)
{
	c->w.command.kind = kind;
	c->w.command.signer = signer;
	return store_write(store, work_command, c);
}

static inline struct commanding commanding_at(int64_t row, struct arena *arena)
{
	return (struct commanding){
	    .w = {.organisation = organisation,
		.row = row,
		.data_key = key,
		.command = {.is_match = true, .is_proved = true, .is_ok = true}},
	    .now = START + CLOCK_MINUTE,
	    .arena = arena};
}

static inline void document_put(struct commanding *c, const struct document_new *d)
{
	c->w.document = d;
	assert_int_equal(command_run(c, COMMAND_ADD_DOCUMENT, 0), OK);
	c->w.document = NULL;
}

/* Everything before the signature, for one signer of an envelope of one document. */
static inline void walk_to_signature(struct commanding *c, size_t signer)
{
	assert_int_equal(command_run(c, COMMAND_OPEN, signer), OK);
	assert_int_equal(command_run(c, COMMAND_CHECK_CPF, signer), OK);
	assert_int_equal(command_run(c, COMMAND_READ, signer), OK);
	c->w.code = "123456";
	assert_int_equal(store_code_hash(key, signer, span_str("123456"), c->w.command.hash), OK);
	assert_int_equal(command_run(c, COMMAND_SEND_CODE, signer), OK);
	assert_int_equal(command_run(c, COMMAND_CHECK_CODE, signer), OK);
	assert_int_equal(c->out.answer, OK);
	assert_int_equal(signer_next_step(&c->out.record.state, signer), STEP_SIGN);
}

static inline enum err sign(struct commanding *c, size_t signer)
{
	struct drawing_new d = {.strokes = span_str("[[[0.1,0.25],[0.3,0.55]]]")};
	c->w.drawing = &d;
	enum err e = command_run(c, COMMAND_SIGN, signer);
	c->w.drawing = NULL;
	return e;
}

struct finding {
	int64_t organisation;
	int environment;
	const char *id;
	struct arena *arena;
	struct envelope_record record;
};

static inline enum err work_find(struct db *db, void *ctx)
{
	struct finding *f = ctx;
	return store_envelope_find(
	    db, f->organisation, f->environment, f->id, f->arena, &f->record);
}

struct leasing {
	enum job_lane lane;
	struct arena *arena;
	struct job_row rows[2 * 64];
	size_t count;
};

static inline enum err work_lease(struct db *db, void *ctx)
{
	struct leasing *l = ctx;
	struct job_lease lease = {l->lane, START + CLOCK_DAY, CLOCK_MINUTE, 64, 64};
	return store_jobs_lease(db, &lease, l->arena, l->rows, &l->count);
}

/* Everything courier will carry: messages, then webhooks. */
static inline void lease_posts(struct leasing *l)
{
	struct leasing webhooks = {.lane = JOB_LANE_WEBHOOK, .arena = l->arena};

	l->lane = JOB_LANE_COURIER;
	assert_int_equal(store_write(store, work_lease, l), OK);
	assert_int_equal(store_write(store, work_lease, &webhooks), OK);
	for (size_t i = 0; i < webhooks.count; i++)
		l->rows[l->count++] = webhooks.rows[i];
}

static inline size_t jobs_of_kind(const struct leasing *l, const char *kind, const char *part)
{
	size_t n = 0;
	for (size_t i = 0; i < l->count; i++) {
		struct buf json CLEANUP(buf_free);
		buf_init(&json, 4096);
		if (strcmp(l->rows[i].kind, kind) != 0)
			continue;
		assert_int_equal(effect_payload_open(key, l->rows[i].payload, &json), OK);
		n += strstr(buf_str(&json), part) != NULL;
	}
	return n;
}

#endif
