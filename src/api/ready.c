/*
 * See the header. In the sandbox every message lands in the outbox, so no gateway is needed.
 */
#include "api/ready.h"

static enum err channel_works(struct call *call, enum channel c, const char *field, size_t signer)
{
	const struct app *app = call->app;
	bool has_gateway = c == CHANNEL_SMS        ? app->has_sms
			   : c == CHANNEL_WHATSAPP ? app->has_whatsapp
						   : true;
	if (has_gateway || call->principal.environment == ENVIRONMENT_SANDBOX)
		return OK;
	const char *path = arena_format(call->arena, "signers[%zu].%s", signer, field);
	ENSURE(path != NULL, ERR_MEMORY);
	return fault_set(&call->fault, ERR_GATEWAY_MISSING, path,
	    "Ask the operator to configure %s.", channel_name(c));
}

static enum err seal_works(struct call *call)
{
	if (atomic_load(&call->app->is_seal_ready))
		return OK;
	return fault_set(&call->fault, ERR_NOT_READY, NULL,
	    "The operator finds the cause with chirograph doctor.");
}

static enum err signer_works(
    struct call *call, enum channel delivery, enum channel code, size_t signer)
{
	TRY(channel_works(call, delivery, "document_submission_method", signer));
	return channel_works(call, code, "authentication_submission_method", signer);
}

enum err ready_for_signers(struct call *call, const struct envelope_new *new)
{
	TRY(seal_works(call));
	for (size_t i = 0; i < new->signer_count; i++)
		TRY(signer_works(call, new->signers[i].delivery, new->signers[i].code_channel, i));
	return OK;
}

enum err ready_for_record(struct call *call, const struct envelope *state)
{
	TRY(seal_works(call));
	for (size_t i = 0; i < state->signer_count; i++)
		TRY(signer_works(
		    call, state->signers[i].delivery, state->signers[i].code_channel, i));
	return OK;
}
