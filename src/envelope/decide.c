/*
 * The rules. One function a command, each a list of requirements and then what happens. The
 * state is only read; what happens is said in events, which apply.c turns into the next state.
 */
#include "envelope/envelope.h"

#include "base/clock.h"
#include "envelope/fields.h"

#include <string.h>

struct decision {
	const struct envelope *state;
	const struct command *command;
	int64_t now;
	struct event_list *out;
	struct fault *fault;
};

static struct event *event_add(struct decision *d, enum event_kind kind)
{
	struct event *e = &d->out->items[d->out->count++];

	e->kind = kind;
	e->at = d->now;
	e->signer = e->document = EVENT_NONE;
	e->field_count = 0;
	return e;
}

static struct event *signer_event_add(struct decision *d, enum event_kind kind)
{
	struct event *e = event_add(d, kind);

	e->signer = (int)d->command->signer;
	return e;
}

/* The 409 that says how an envelope ended; OK while it lives. */
static enum err state_error(enum envelope_state s)
{
	switch (s) {
	case ENVELOPE_COMPLETED: return ERR_STATE_COMPLETED;
	case ENVELOPE_CANCELED: return ERR_STATE_CANCELED;
	case ENVELOPE_EXPIRED: return ERR_STATE_EXPIRED;
	default: return OK;
	}
}

static enum err refuse(struct decision *d, enum err e)
{
	return fault_set(d->fault, e, "", "%s", "");
}

/* ---- the partner ---- */

static enum err decide_create(struct decision *d)
{
	const struct command *c = d->command;
	struct event *e;

	if (d->state->version != 0)
		return refuse(d, ERR_CONFLICT);
	e = event_add(d, EVENT_CREATED);
	event_int(e, "expires_at", d->state->expires_at);
	event_int(e, "signers", (int64_t)d->state->signer_count);
	field_personal_bytes(e, "profiles", span_of(c->hash, SHA256_SIZE));
	field_personal(e, "subject", c->text);
	fields_actor(e, &c->actor);
	return OK;
}

static enum err ensure_created(struct decision *d)
{
	enum envelope_state s = envelope_state_at(d->state, d->now);

	if (s == ENVELOPE_CREATED)
		return OK;
	return fault_set(
	    d->fault, ERR_STATE_CREATED_NEEDED, "", "It is %s.", envelope_state_name(s));
}

static enum err decide_add_document(struct decision *d)
{
	const struct command *c = d->command;
	struct event *e;

	TRY(ensure_created(d));
	if (d->state->document_count >= LIMIT_DOCUMENTS)
		return fault_set(
		    d->fault, ERR_TOO_MANY, "documents", "At most %d.", LIMIT_DOCUMENTS);
	ENSURE(c->document == d->state->document_count, ERR_INTERNAL);
	e = event_add(d, EVENT_DOCUMENT_ADDED);
	e->document = (int)c->document;
	event_int(e, "pages", c->pages);
	field_bytes(e, "sha256", span_of(c->hash, SHA256_SIZE));
	event_int(e, "size", c->size);
	event_text(e, "verdict", c->text);
	fields_actor(e, &c->actor);
	return OK;
}

static enum err decide_add_signer(struct decision *d)
{
	const struct command *c = d->command;
	struct event *e;

	TRY(ensure_created(d));
	if (d->state->signer_count >= LIMIT_SIGNERS)
		return fault_set(d->fault, ERR_TOO_MANY, "signers", "At most %d.", LIMIT_SIGNERS);
	ENSURE(c->signer == d->state->signer_count, ERR_INTERNAL);
	e = signer_event_add(d, EVENT_SIGNER_ADDED);
	field_personal_bytes(e, "profile", span_of(c->hash, SHA256_SIZE));
	fields_actor(e, &c->actor);
	return OK;
}

static enum err decide_add_photo(struct decision *d)
{
	const struct command *c = d->command;
	struct event *e;

	TRY(ensure_created(d));
	e = signer_event_add(d, EVENT_PHOTO_ADDED);
	field_personal_bytes(e, "sha256", span_of(c->hash, SHA256_SIZE));
	event_text(e, "template", c->text);
	fields_actor(e, &c->actor);
	return OK;
}

/* manual: Sending the Envelope for Signature */
static enum err decide_submit(struct decision *d)
{
	enum envelope_state s = envelope_state_at(d->state, d->now);

	if (s == ENVELOPE_SUBMITTED)
		return OK;
	if (s != ENVELOPE_CREATED)
		return refuse(d, state_error(s));
	if (d->state->signer_count == 0)
		return fault_set(d->fault, ERR_EMPTY_SIGNERS, "signers", "%s", "");
	if (d->state->document_count == 0)
		return fault_set(d->fault, ERR_EMPTY_DOCUMENTS, "documents", "%s", "");
	fields_actor(event_add(d, EVENT_SUBMITTED), &d->command->actor);
	return OK;
}

/* manual: Canceling an Envelope */
static enum err decide_cancel(struct decision *d)
{
	enum envelope_state s = envelope_state_at(d->state, d->now);

	if (s == ENVELOPE_CANCELED)
		return OK;
	if (envelope_is_over(s))
		return refuse(d, state_error(s));
	fields_actor(event_add(d, EVENT_CANCELED), &d->command->actor);
	return OK;
}

static enum err decide_expire(struct decision *d)
{
	if (!envelope_is_over(d->state->state) && envelope_time_is_out(d->state, d->now))
		event_add(d, EVENT_EXPIRED);
	return OK;
}

/* ---- the signer ---- */

static enum err ensure_active(struct decision *d)
{
	enum envelope_state s = envelope_state_at(d->state, d->now);
	const struct signer_progress *signer = &d->state->signers[d->command->signer];

	if (d->state->state == ENVELOPE_CREATED)
		return refuse(d, ERR_LINK);
	if (s != ENVELOPE_SUBMITTED)
		return refuse(d, state_error(s));
	if (signer->state == SIGNER_SIGNED)
		return refuse(d, ERR_SIGNER_DONE);
	if (signer->state == SIGNER_REFUSED)
		return refuse(d, ERR_SIGNER_REFUSED);
	return OK;
}

static const char *step_words(enum signer_step step)
{
	static const char *const words[] = {
	    [STEP_OPEN] = "Open the link first.",
	    [STEP_CPF] = "Confirm the CPF first.",
	    [STEP_READ] = "Read every document first.",
	    [STEP_CODE] = "Confirm the code first.",
	    [STEP_SIGN] = "The signature is next.",
	    [STEP_DONE] = "Nothing is left to do.",
	};

	return words[step];
}

static enum err ensure_reached(struct decision *d, enum signer_step step)
{
	enum signer_step next = signer_next_step(d->state, d->command->signer);

	TRY(ensure_active(d));
	if (next < step)
		return fault_set(d->fault, ERR_STEP, "", "%s", step_words(next));
	return OK;
}

/* The record says how far the signer is; this says who is asking. */
static enum err ensure_proved(struct decision *d)
{
	return d->command->is_proved ? OK : refuse(d, ERR_PROOF);
}

static enum err decide_open(struct decision *d)
{
	TRY(ensure_active(d));
	if (signer_next_step(d->state, d->command->signer) == STEP_OPEN)
		fields_actor(signer_event_add(d, EVENT_LINK_OPENED), &d->command->actor);
	return OK;
}

static enum err decide_cpf_wrong(struct decision *d, unsigned tries)
{
	struct event *e = signer_event_add(d, EVENT_CPF_FAILED);

	event_int(e, "tries", tries);
	fields_actor(e, &d->command->actor);
	d->out->answer = fault_set(
	    d->fault, ERR_CPF_WRONG, "cpf", "Tries left: %u.", (unsigned)LIMIT_CPF_TRIES - tries);
	return OK;
}

/* Whoever signed still proves on another device that the copy may be handed out there. */
static enum err ensure_cpf_asked(struct decision *d)
{
	enum envelope_state s = envelope_state_at(d->state, d->now);
	bool has_copy = s == ENVELOPE_SUBMITTED || s == ENVELOPE_COMPLETED;

	if (has_copy && d->state->signers[d->command->signer].state == SIGNER_SIGNED)
		return OK;
	return ensure_reached(d, STEP_CPF);
}

/* Every browser is asked: once the step is done, a right answer changes nothing here. */
static enum err decide_check_cpf(struct decision *d)
{
	const struct signer_progress *s = &d->state->signers[d->command->signer];
	bool in_window = d->now - s->cpf_window < CLOCK_HOUR;
	unsigned tries = in_window ? s->cpf_tries : 0;
	struct event *e;

	TRY(ensure_cpf_asked(d));
	if (tries >= LIMIT_CPF_TRIES)
		return refuse(d, ERR_CPF_LOCKED);
	if (!d->command->is_match)
		return decide_cpf_wrong(d, tries + 1);
	if (s->cpf_at != 0)
		return OK;
	e = signer_event_add(d, EVENT_CPF_PASSED);
	event_int(e, "tries", tries + 1);
	fields_actor(e, &d->command->actor);
	return OK;
}

static enum err decide_read(struct decision *d)
{
	const struct command *c = d->command;
	const struct signer_progress *s = &d->state->signers[c->signer];
	struct event *e;

	TRY(ensure_reached(d, STEP_READ));
	TRY(ensure_proved(d));
	ENSURE(c->document < d->state->document_count, ERR_NOT_FOUND);
	if (s->read_mask >> c->document & 1)
		return OK;
	e = signer_event_add(d, EVENT_DOCUMENT_READ);
	e->document = (int)c->document;
	event_int(e, "duration_ms", c->duration_ms);
	event_int(e, "pages", c->pages);
	fields_actor(e, &c->actor);
	return OK;
}

/* Until the signature another browser may prove itself with a code of its own. */
static enum err decide_send_code(struct decision *d)
{
	const struct command *c = d->command;
	const struct signer_progress *s = &d->state->signers[c->signer];
	int64_t wait = s->code_sent_at == 0 ? 0 : s->code_sent_at + LIMIT_CODE_RESEND_MS - d->now;
	unsigned sends = d->now - s->code_window < CLOCK_DAY ? s->code_sends : 0;
	struct event *e;

	TRY(ensure_reached(d, STEP_CODE));
	if (wait > 0)
		return fault_set(d->fault, ERR_CODE_WAIT, "", "Seconds: %lld.",
		    (long long)((wait + CLOCK_SECOND - 1) / CLOCK_SECOND));
	if (sends >= LIMIT_CODE_SENDS)
		return refuse(d, ERR_CODE_SENDS);
	e = signer_event_add(d, EVENT_CODE_SENT);
	memcpy(e->code_hash, c->hash, SHA256_SIZE);
	event_text(e, "channel", span_str(channel_name(s->code_channel)));
	field_personal(e, "masked", c->masked);
	event_int(e, "sends", sends + 1);
	fields_actor(e, &c->actor);
	return OK;
}

static enum err ensure_code_valid(struct decision *d)
{
	const struct signer_progress *s = &d->state->signers[d->command->signer];

	TRY(ensure_reached(d, STEP_CODE));
	if (s->code_sent_at == 0)
		return fault_set(d->fault, ERR_STEP, "", "%s", "Ask for a code first.");
	if (s->code_tries >= LIMIT_CODE_TRIES)
		return refuse(d, ERR_CODE_TRIES);
	if (d->now - s->code_sent_at >= LIMIT_CODE_MS)
		return refuse(d, ERR_CODE_EXPIRED);
	return OK;
}

static enum err decide_check_code(struct decision *d)
{
	const struct signer_progress *s = &d->state->signers[d->command->signer];
	bool is_right = ct_equal(d->command->hash, s->code_hash, SHA256_SIZE);
	unsigned tries = s->code_tries + 1;
	struct event *e;

	TRY(ensure_code_valid(d));
	e = signer_event_add(d, is_right ? EVENT_CODE_PASSED : EVENT_CODE_FAILED);
	event_text(e, "channel", span_str(channel_name(s->code_channel)));
	event_int(e, "tries", tries);
	fields_actor(e, &d->command->actor);
	if (is_right)
		return OK;
	if (tries >= LIMIT_CODE_TRIES)
		d->out->answer = refuse(d, ERR_CODE_TRIES);
	else
		d->out->answer = fault_set(d->fault, ERR_CODE_WRONG, "code", "Tries left: %u.",
		    (unsigned)LIMIT_CODE_TRIES - tries);
	return OK;
}

static bool is_last_signature(const struct envelope *state, size_t signer)
{
	for (size_t i = 0; i < state->signer_count; i++) {
		if (i != signer && state->signers[i].state != SIGNER_SIGNED)
			return false;
	}
	return true;
}

static enum err decide_sign(struct decision *d)
{
	const struct command *c = d->command;
	struct event *e;

	TRY(ensure_reached(d, STEP_SIGN));
	TRY(ensure_proved(d));
	e = signer_event_add(d, EVENT_CONSENTED);
	event_text(e, "language", c->consent_language);
	field_bytes(e, "sha256", span_of(c->consent_hash, SHA256_SIZE));
	event_text(e, "version", c->consent_version);
	e = signer_event_add(d, EVENT_SIGNED);
	event_text(e, "method", span_str(c->signature == SIGNATURE_TYPED ? "typed" : "drawn"));
	field_personal_bytes(e, "sha256", span_of(c->hash, SHA256_SIZE));
	if (c->signature == SIGNATURE_TYPED)
		field_personal(e, "typed", c->text);
	fields_actor(e, &c->actor);
	if (is_last_signature(d->state, c->signer))
		event_add(d, EVENT_ALL_SIGNED);
	return OK;
}

static enum err decide_decline(struct decision *d)
{
	struct event *e;

	TRY(ensure_active(d));
	e = signer_event_add(d, EVENT_REFUSED);
	field_personal(e, "reason", d->command->text);
	fields_actor(e, &d->command->actor);
	return OK;
}

/* ---- our own processes ---- */

/* Messages leave and fail in any state: that a copy went out is worth knowing after the end too. */
static enum err decide_delivered(struct decision *d)
{
	const struct command *c = d->command;
	struct event *e = signer_event_add(d, c->is_ok ? EVENT_MESSAGE_SENT : EVENT_MESSAGE_FAILED);

	event_text(e, "channel", span_str(channel_name(c->channel)));
	field_personal(e, "masked", c->masked);
	event_text(e, "purpose", c->purpose);
	if (!c->is_ok)
		field_personal(e, "reason", c->text);
	return OK;
}

static bool is_last_seal(const struct envelope *state, size_t document)
{
	for (size_t i = 0; i < state->document_count; i++) {
		if (i != document && state->documents[i].sealed_at == 0)
			return false;
	}
	return true;
}

static enum err decide_sealed(struct decision *d)
{
	const struct command *c = d->command;
	const struct envelope *state = d->state;
	struct event *e;

	ENSURE(c->document < state->document_count, ERR_NOT_FOUND);
	if (state->documents[c->document].sealed_at != 0)
		return OK;
	if (envelope_is_over(state->state))
		return refuse(d, state_error(state->state));
	if (state->state != ENVELOPE_SUBMITTED || state->signed_at == 0)
		return fault_set(d->fault, ERR_STEP, "", "%s", "Not everybody has signed.");
	e = event_add(d, EVENT_DOSSIER_SEALED);
	e->document = (int)c->document;
	field_bytes(e, "sha256", span_of(c->hash, SHA256_SIZE));
	event_int(e, "size", c->size);
	if (is_last_seal(state, c->document))
		event_add(d, EVENT_COMPLETED);
	return OK;
}

struct rule {
	enum err (*decide)(struct decision *d);
	bool has_signer; /* command->signer must name one */
};

static const struct rule rules[] = {
    [COMMAND_CREATE] = {decide_create, false},
    [COMMAND_ADD_DOCUMENT] = {decide_add_document, false},
    [COMMAND_ADD_PHOTO] = {decide_add_photo, true},
    [COMMAND_SUBMIT] = {decide_submit, false},
    [COMMAND_CANCEL] = {decide_cancel, false},
    [COMMAND_EXPIRE] = {decide_expire, false},
    [COMMAND_OPEN] = {decide_open, true},
    [COMMAND_CHECK_CPF] = {decide_check_cpf, true},
    [COMMAND_READ] = {decide_read, true},
    [COMMAND_SEND_CODE] = {decide_send_code, true},
    [COMMAND_CHECK_CODE] = {decide_check_code, true},
    [COMMAND_SIGN] = {decide_sign, true},
    [COMMAND_DECLINE] = {decide_decline, true},
    [COMMAND_DELIVERED] = {decide_delivered, true},
    [COMMAND_SEALED] = {decide_sealed, false},
    [COMMAND_ADD_SIGNER] = {decide_add_signer, false},
};

enum err envelope_decide(const struct envelope *state, const struct command *command, int64_t now,
    struct event_list *out, struct fault *fault)
{
	struct decision d = {state, command, now, out, fault};

	out->count = 0;
	out->answer = OK;
	ENSURE((size_t)command->kind < sizeof(rules) / sizeof(rules[0]), ERR_INTERNAL);
	if (rules[command->kind].has_signer)
		ENSURE(command->signer < state->signer_count, ERR_NOT_FOUND);
	return rules[command->kind].decide(&d);
}
