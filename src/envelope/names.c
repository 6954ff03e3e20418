/*
 * Words of the domain as partners, the log and the database's readers see them. They are part
 * of the contract and of every hashed event: a word once used never changes its meaning.
 */
#include "envelope/envelope.h"

static const char *const event_names[] = {
    [EVENT_CREATED] = "envelope_created",
    [EVENT_DOCUMENT_ADDED] = "document_added",
    [EVENT_PHOTO_ADDED] = "photo_added",
    [EVENT_SUBMITTED] = "envelope_submitted",
    [EVENT_MESSAGE_SENT] = "message_sent",
    [EVENT_MESSAGE_FAILED] = "message_failed",
    [EVENT_LINK_OPENED] = "signer_link_opened",
    [EVENT_CPF_PASSED] = "signer_cpf_passed",
    [EVENT_CPF_FAILED] = "signer_cpf_failed",
    [EVENT_DOCUMENT_READ] = "signer_document_read",
    [EVENT_CODE_SENT] = "signer_code_sent",
    [EVENT_CODE_PASSED] = "signer_code_passed",
    [EVENT_CODE_FAILED] = "signer_code_failed",
    [EVENT_CONSENTED] = "signer_consented",
    [EVENT_SIGNED] = "signer_signed",
    [EVENT_REFUSED] = "signer_refused",
    [EVENT_ALL_SIGNED] = "envelope_signed",
    [EVENT_DOSSIER_SEALED] = "dossier_sealed",
    [EVENT_COMPLETED] = "envelope_completed",
    [EVENT_CANCELED] = "envelope_canceled",
    [EVENT_EXPIRED] = "envelope_expired",
    [EVENT_SIGNER_ADDED] = "signer_added",
};

/* manual: Querying Envelope Data */
static const char *const envelope_states[] = {
    [ENVELOPE_CREATED] = "created",
    [ENVELOPE_SUBMITTED] = "submitted",
    [ENVELOPE_COMPLETED] = "completed",
    [ENVELOPE_CANCELED] = "canceled",
    [ENVELOPE_EXPIRED] = "expired",
};

static const char *const signer_states[] = {
    [SIGNER_CREATED] = "created",
    [SIGNER_SENT] = "sent",
    [SIGNER_OPENED] = "opened",
    [SIGNER_SIGNED] = "signed",
    [SIGNER_REFUSED] = "refused",
    [SIGNER_EXPIRED] = "expired",
};

/* manual: Signer Object Definition */
static const char *const channels[] = {
    [CHANNEL_EMAIL] = "email",
    [CHANNEL_SMS] = "sms",
    [CHANNEL_WHATSAPP] = "whatsapp",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *name_at(const char *const *names, size_t count, size_t at)
{
	return at < count && names[at] != NULL ? names[at] : "unknown";
}

static bool name_find(const char *const *names, size_t count, struct span text, size_t *at)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i] != NULL && span_equal_str(text, names[i])) {
			*at = i;
			return true;
		}
	}
	return false;
}

const char *event_kind_name(enum event_kind k)
{
	return name_at(event_names, COUNT(event_names), (size_t)k);
}

const char *envelope_state_name(enum envelope_state s)
{
	return name_at(envelope_states, COUNT(envelope_states), (size_t)s);
}

const char *signer_state_name(enum signer_state s)
{
	return name_at(signer_states, COUNT(signer_states), (size_t)s);
}

const char *channel_name(enum channel c)
{
	return name_at(channels, COUNT(channels), (size_t)c);
}

enum err channel_parse(struct span text, enum channel *out)
{
	size_t at = 0;

	ENSURE(name_find(channels, COUNT(channels), text, &at), ERR_CHANNEL);
	*out = (enum channel)at;
	return OK;
}

enum err envelope_state_parse(struct span text, enum envelope_state *out)
{
	size_t at = 0;

	ENSURE(name_find(envelope_states, COUNT(envelope_states), text, &at), ERR_FIELD_VALUE);
	*out = (enum envelope_state)at;
	return OK;
}
