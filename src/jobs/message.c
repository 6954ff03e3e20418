/*
 * Message jobs: an invitation, a code, the news that all is signed. What became pointless while
 * it waited (a canceled envelope, an older code) is not sent. Its delivery, or its failure for
 * good, is an event of the envelope, committed with the job's end.
 */
#include "jobs/letterbox.h"

#include "base/clock.h"
#include "base/codec.h"

#include <stdio.h>
#include <string.h>

static bool purpose_kind(const char *purpose, enum letter_kind *out)
{
	static const struct {
		const char *purpose;
		enum letter_kind kind;
	} kinds[] = {{"invite", LETTER_INVITE}, {"code", LETTER_CODE}, {"copy", LETTER_COMPLETED}};

	for (size_t i = 0; i < 3; i++) {
		if (purpose != NULL && strcmp(purpose, kinds[i].purpose) == 0) {
			*out = kinds[i].kind;
			return true;
		}
	}
	return false;
}

/* Is this the code that the signer's page now accepts? */
static bool is_code_current(const struct message *m, const struct signer_progress *s)
{
	uint8_t hash[SHA256_SIZE];

	if (s->code_sent_at == 0 || m->c.now >= s->code_sent_at + LIMIT_CODE_MS || m->code == NULL)
		return false;
	return store_code_hash(m->c.key, m->signer, span_str(m->code), hash) == OK &&
	       ct_equal(hash, s->code_hash, sizeof(hash));
}

static bool is_wanted(const struct message *m, enum letter_kind kind)
{
	const struct envelope *state = &m->c.record.state;
	const struct signer_progress *s = &state->signers[m->signer];

	if (kind == LETTER_COMPLETED)
		return true;
	if (envelope_state_at(state, m->c.now) != ENVELOPE_SUBMITTED)
		return false;
	if (kind == LETTER_CODE)
		return is_code_current(m, s);
	return s->state != SIGNER_SIGNED && s->state != SIGNER_REFUSED;
}

/* ---- writing ---- */

/* The day as people of that language write it; from YYYY-MM-DD. */
static const char *date_for(struct arena *arena, const char *language, const char *date)
{
	struct date d;

	if (date == NULL || date_parse(span_of(date, strnlen(date, 10)), &d) != OK)
		return date;
	if (strcmp(language, "en") == 0)
		return arena_format(arena, "%04d-%02d-%02d", d.year, d.month, d.day);
	return arena_format(arena, "%02d/%02d/%04d", d.day, d.month, d.year);
}

static const char *language_of(const struct message *m)
{
	return letter_language(
	    m->profile.language != NULL ? m->profile.language : m->c.organisation.language);
}

static enum err link_make(struct message *m, const char **out)
{
	const char *token;

	TRY(record_link(&m->c.record, m->signer, m->c.key, m->c.job->arena, &token));
	ENSURE(token != NULL, ERR_NOT_FOUND);
	*out = arena_format(m->c.job->arena, "%s/s/%s", m->c.post->pages_url, token);
	return *out == NULL ? ERR_MEMORY : OK;
}

static enum err message_write(struct message *m, enum letter_kind kind)
{
	const char *language = language_of(m);
	struct letter_values values = {
	    .organisation = m->organisation,
	    .name = m->profile.name,
	    .until = date_for(m->c.job->arena, language, m->c.record.expiration_date),
	    .code = m->code,
	    .support_email = m->support,
	    .is_sandbox = m->c.record.state.environment == 0,
	};

	TRY(record_subject(&m->c.record, m->c.key, m->c.job->arena, &values.subject));
	TRY(link_make(m, &values.link));
	return letter_write(kind, language, &values, &m->letter);
}

static enum err id_make(struct message *m)
{
	const struct envelope *state = &m->c.record.state;
	char text[256], hex[33];
	uint8_t hash[SHA256_SIZE];

	snprintf(text, sizeof(text), "%s/%zu/%lld/%s/%lld/%lld", m->purpose, m->signer,
	    (long long)state->organisation, state->id, (long long)m->c.job->row.row,
	    (long long)m->c.job->row.created_at);
	TRY(sha256(span_str(text), hash));
	hex_text(hex, hash, 16);
	m->id = arena_string(m->c.job->arena, hex, 32);
	return m->id == NULL ? ERR_MEMORY : OK;
}

static enum err message_open(struct message *m, enum letter_kind *kind)
{
	json_t *signer = json_object_get(m->c.payload, "signer");

	m->purpose = json_string_value(json_object_get(m->c.payload, "purpose"));
	m->code = json_string_value(json_object_get(m->c.payload, "code"));
	ENSURE(purpose_kind(m->purpose, kind) && json_is_integer(signer), ERR_JSON);
	m->signer = (size_t)json_integer_value(signer);
	ENSURE(m->signer < m->c.record.state.signer_count, ERR_JSON);
	const struct signer_progress *s = &m->c.record.state.signers[m->signer];
	m->channel = *kind == LETTER_CODE ? s->code_channel : s->delivery;
	m->organisation = m->c.organisation.name;
	m->support = m->c.organisation.support_email;
	if (m->support == NULL || m->support[0] == '\0')
		m->support = m->c.post->support_email;
	TRY(record_profile(&m->c.record, m->signer, m->c.key, m->c.job->arena, &m->profile));
	return id_make(m);
}

/* ---- the end ---- */

struct message_end {
	struct message *m;
	bool is_final; /* delivered, or given up */
};

static enum err deliver(struct db *db, struct message *m)
{
	struct envelope_outcome outcome;
	struct fault fault = {0};
	struct envelope_write w = {
	    .organisation = m->c.job->row.organisation,
	    .row = m->c.job->row.envelope,
	    .data_key = m->c.key,
	    .command = {.kind = COMMAND_DELIVERED,
		.signer = m->signer,
		.is_ok = m->attempt.is_done,
		.channel = m->channel,
		.purpose = span_str(m->purpose),
		.masked = span_str(m->attempt.target),
		.text = span_str(m->attempt.detail)},
	};

	return store_envelope_command(db, &w, m->c.now, m->c.job->arena, &outcome, &fault);
}

static enum err message_end(struct db *db, void *ctx)
{
	struct message_end *end = ctx;

	if (end->is_final)
		TRY(deliver(db, end->m));
	return attempt_log(db, &end->m->c, &end->m->attempt);
}

static enum job_result message_finish(struct message *m)
{
	enum job_result result = attempt_result(&m->attempt);
	struct message_end end = {m, false};

	end.is_final = result == JOB_DONE || result == JOB_BURY ||
		       (result == JOB_RETRY && job_is_last(m->c.job));
	m->c.now = clock_now();
	return job_finished(
	    m->c.job, job_because(m->c.job, result, "%s", m->attempt.detail), message_end, &end);
}

static enum job_result message_run(struct message *m)
{
	enum letter_kind kind;
	enum err e = message_open(m, &kind);

	if (e == OK && !is_wanted(m, kind))
		return job_because(m->c.job, JOB_DONE, "no longer wanted");
	if (e == OK)
		e = message_write(m, kind);
	if (e == OK)
		e = letterbox_post(m);
	return e == OK ? message_finish(m) : case_failed(&m->c, e);
}

enum job_result message_job_run(void *ctx, struct job *job)
{
	struct message m = {0};
	enum err e = case_open(&m.c, ctx, job);

	letter_init(&m.letter);
	enum job_result result = e == OK ? message_run(&m) : case_failed(&m.c, e);
	letter_free(&m.letter);
	case_close(&m.c);
	return result;
}
