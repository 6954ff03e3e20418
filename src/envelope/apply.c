/*
 * What an event does to the state. No rule is checked here (decide did) and no error is
 * possible: the same events always rebuild the same state, whoever applies them.
 */
#include "envelope/envelope.h"

#include "base/clock.h"

#include <string.h>

static void apply_submitted(struct envelope *state, const struct event *event)
{
	state->state = ENVELOPE_SUBMITTED;
	state->submitted_at = event->at;
	for (size_t i = 0; i < state->signer_count; i++) {
		state->signers[i].state = SIGNER_SENT;
		state->signers[i].sent_at = event->at;
	}
}

static bool purpose_is(const struct event *event, const char *purpose)
{
	for (size_t i = 0; i < event->field_count; i++) {
		if (strcmp(event->fields[i].name, "purpose") == 0)
			return span_equal_str(event->fields[i].bytes, purpose);
	}
	return false;
}

static void apply_cpf_failed(struct signer_progress *signer, int64_t at)
{
	if (signer->cpf_tries == 0 || at - signer->cpf_window >= CLOCK_HOUR) {
		signer->cpf_window = at;
		signer->cpf_tries = 0;
	}
	signer->cpf_tries++;
}

static void apply_read(
    struct envelope *state, struct signer_progress *signer, const struct event *event)
{
	uint64_t all = (UINT64_C(1) << state->document_count) - 1; /* LIMIT_DOCUMENTS < 64 */

	signer->read_mask |= UINT64_C(1) << event->document;
	if (signer->read_mask == all)
		signer->read_at = event->at;
}

static void apply_code_sent(struct signer_progress *signer, const struct event *event)
{
	if (signer->code_sends == 0 || event->at - signer->code_window >= CLOCK_DAY) {
		signer->code_window = event->at;
		signer->code_sends = 0;
	}
	signer->code_sends++;
	signer->code_tries = 0;
	signer->code_sent_at = event->at;
	memcpy(signer->code_hash, event->code_hash, SHA256_SIZE);
}

static void apply_code_passed(struct signer_progress *signer, int64_t at)
{
	signer->code_at = at;
	signer->code_sent_at = 0;
	signer->code_tries = 0;
	secret_wipe(signer->code_hash, sizeof(signer->code_hash));
}

static void apply_end(struct envelope *state, enum envelope_state to, int64_t at)
{
	state->state = to;
	state->ended_at = at;
}

static void apply_expired(struct envelope *state, int64_t at)
{
	apply_end(state, ENVELOPE_EXPIRED, at);
	for (size_t i = 0; i < state->signer_count; i++) {
		struct signer_progress *s = &state->signers[i];

		if (s->state != SIGNER_SIGNED && s->state != SIGNER_REFUSED)
			s->state = SIGNER_EXPIRED;
	}
}

static void apply_to_signer(
    struct envelope *state, struct signer_progress *signer, const struct event *event)
{
	switch (event->kind) {
	case EVENT_MESSAGE_SENT:
		if (signer->delivered_at == 0 && purpose_is(event, "invite"))
			signer->delivered_at = event->at;
		break;
	case EVENT_LINK_OPENED:
		signer->state = SIGNER_OPENED;
		signer->opened_at = event->at;
		break;
	case EVENT_CPF_PASSED: signer->cpf_at = event->at; break;
	case EVENT_CPF_FAILED: apply_cpf_failed(signer, event->at); break;
	case EVENT_DOCUMENT_READ: apply_read(state, signer, event); break;
	case EVENT_CODE_SENT: apply_code_sent(signer, event); break;
	case EVENT_CODE_PASSED: apply_code_passed(signer, event->at); break;
	case EVENT_CODE_FAILED: signer->code_tries++; break;
	case EVENT_CONSENTED: signer->consent_at = event->at; break;
	case EVENT_SIGNED:
		signer->state = SIGNER_SIGNED;
		signer->signed_at = event->at;
		break;
	case EVENT_REFUSED:
		signer->state = SIGNER_REFUSED;
		signer->refused_at = event->at;
		break;
	default: break;
	}
}

void envelope_apply(struct envelope *state, const struct event *event)
{
	state->version++;
	if (event->signer != EVENT_NONE)
		apply_to_signer(state, &state->signers[event->signer], event);
	switch (event->kind) {
	case EVENT_CREATED:
		state->state = ENVELOPE_CREATED;
		state->created_at = event->at;
		break;
	case EVENT_DOCUMENT_ADDED: state->document_count++; break;
	case EVENT_SIGNER_ADDED: state->signer_count++; break;
	case EVENT_SUBMITTED: apply_submitted(state, event); break;
	case EVENT_ALL_SIGNED: state->signed_at = event->at; break;
	case EVENT_DOSSIER_SEALED: state->documents[event->document].sealed_at = event->at; break;
	case EVENT_COMPLETED: apply_end(state, ENVELOPE_COMPLETED, event->at); break;
	case EVENT_CANCELED: apply_end(state, ENVELOPE_CANCELED, event->at); break;
	case EVENT_EXPIRED: apply_expired(state, event->at); break;
	default: break;
	}
}
