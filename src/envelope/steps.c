/*
 * Where a signer stands on the way and what the clock says about an envelope. Pure reading:
 * every question that pages and rules share is answered here once.
 */
#include "envelope/envelope.h"

#include "base/clock.h"

bool envelope_is_over(enum envelope_state s)
{
	return s == ENVELOPE_COMPLETED || s == ENVELOPE_CANCELED || s == ENVELOPE_EXPIRED;
}

/* Once everybody signed in time, a slow seal cannot make the envelope expire. */
bool envelope_time_is_out(const struct envelope *state, int64_t now)
{
	return state->signed_at == 0 && now >= state->expires_at + CLOCK_SECOND;
}

enum envelope_state envelope_state_at(const struct envelope *state, int64_t now)
{
	if (!envelope_is_over(state->state) && envelope_time_is_out(state, now))
		return ENVELOPE_EXPIRED;
	return state->state;
}

enum signer_step signer_next_step(const struct envelope *state, size_t signer)
{
	const struct signer_progress *s = &state->signers[signer];

	if (s->state == SIGNER_SIGNED || s->state == SIGNER_REFUSED || s->state == SIGNER_EXPIRED)
		return STEP_DONE;
	if (s->opened_at == 0)
		return STEP_OPEN;
	if (s->cpf_at == 0)
		return STEP_CPF;
	if (s->read_at == 0)
		return STEP_READ;
	if (s->code_at == 0)
		return STEP_CODE;
	return STEP_SIGN;
}

/* Opening is no question: the landing page already shows the first one that will be asked. */
void signer_step_position(enum signer_step step, unsigned *at, unsigned *of)
{
	*of = STEP_SIGN;
	if (step == STEP_OPEN)
		step = STEP_CPF;
	if (step == STEP_DONE)
		step = STEP_SIGN;
	*at = (unsigned)step;
}
