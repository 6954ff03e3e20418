/*
 * Signers and envelopes (manual: Envelope Object Definition, Signer Object Definition).
 */
#include "api/decode.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

#define REQUIRED(most) ((struct text_rule){1, most, true})
#define OPTIONAL(most) ((struct text_rule){1, most, false})

static enum err decode_birthdate(struct call *call, const struct fields *f, const char **out)
{
	struct date d;
	int64_t start = 0;
	TRY(field_text(f, "birthdate", REQUIRED(10), out));
	if (date_parse(span_str(*out), &d) != OK)
		return fields_fault(f, ERR_DATE, "birthdate", NULL);
	TRY(date_start(d, "UTC", &start));
	if (d.year < 1900 || start > call->req->now)
		return fields_fault(f, ERR_DATE_BIRTH, "birthdate", NULL);
	return OK;
}

static enum err decode_cpf(struct call *call, const struct fields *f, const char **out)
{
	const char *text;
	bool repeated = false;
	char *cpf = arena_alloc(call->arena, CPF_SIZE);
	ENSURE(cpf != NULL, ERR_MEMORY);
	TRY(field_text(f, "document_number", REQUIRED(20), &text));
	if (cpf_parse(span_str(text), cpf, &repeated) != OK)
		return fields_fault(f, ERR_CPF, "document_number", NULL);
	if (repeated && call->principal.environment == ENVIRONMENT_PRODUCTION)
		return fields_fault(f, ERR_CPF_REPEATED, "document_number", NULL);
	*out = cpf;
	return OK;
}

static enum err decode_digits(
    const struct fields *f, const char *name, size_t least, size_t most, const char **out)
{
	TRY(field_text(f, name, (struct text_rule){0, 40, false}, out));
	size_t n = *out ? strlen(*out) : 0;
	if (n < least || n > most || strspn(*out, "0123456789") != n)
		return fields_fault(f, ERR_PHONE, name, NULL);
	return OK;
}

static enum err decode_phone(const struct fields *f, struct signer_profile *p)
{
	struct fields phone;
	TRY(field_object(f, "phone", false, &phone));
	if (phone.object == NULL)
		return OK;
	TRY(decode_digits(&phone, "international_dial_code", 1, 3, &p->phone_dial));
	TRY(decode_digits(&phone, "area_code", 1, 5, &p->phone_area));
	return decode_digits(&phone, "number", 4, 12, &p->phone_number);
}

static enum err decode_channel(
    const struct fields *f, const char *name, const struct signer_profile *p, enum channel *out)
{
	const char *text;
	TRY(field_text(f, name, REQUIRED(20), &text));
	if (channel_parse(span_str(text), out) != OK)
		return fields_fault(f, ERR_CHANNEL, name, NULL);
	if (*out == CHANNEL_EMAIL ? p->email == NULL : p->phone_number == NULL)
		return fields_fault(f, ERR_CONTACT_MISSING, name,
		    *out == CHANNEL_EMAIL ? "Send email." : "Send phone with its three parts.");
	return OK;
}

static enum err decode_language(const struct fields *f, const char **out)
{
	TRY(field_text(f, "language", OPTIONAL(10), out));
	if (*out != NULL && strcmp(*out, "pt-BR") != 0 && strcmp(*out, "en") != 0 &&
	    strcmp(*out, "es") != 0)
		return fields_fault(f, ERR_LANGUAGE, "language", NULL);
	return OK;
}

static enum err decode_contacts(const struct fields *f, struct signer_profile *p)
{
	TRY(field_text(f, "email", OPTIONAL(254), &p->email));
	if (p->email != NULL && !text_is_email(span_str(p->email)))
		return fields_fault(f, ERR_EMAIL, "email", NULL);
	TRY(decode_phone(f, p));
	if (p->email == NULL && p->phone_number == NULL)
		return fields_fault(f, ERR_CONTACT_MISSING, "email", "Send email, phone or both.");
	return OK;
}

enum err decode_signer(struct call *call, const struct fields *f, struct signer_new *out)
{
	struct signer_profile *p = &out->profile;
	TRY(field_id(f, "id", &out->id));
	TRY(field_text(f, "name", REQUIRED(LIMIT_NAME_CHARS), &p->name));
	TRY(decode_birthdate(call, f, &p->birthdate));
	TRY(decode_cpf(call, f, &p->cpf));
	TRY(decode_contacts(f, p));
	TRY(decode_language(f, &p->language));
	TRY(decode_channel(f, "document_submission_method", p, &out->delivery));
	return decode_channel(f, "authentication_submission_method", p, &out->code_channel);
}

static enum err signer_is_new(
    const struct fields *f, const struct signer_new *signers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(signers[i].id, signers[count].id) == 0)
			return fields_fault(f, ERR_DUPLICATE_IN_BODY, "id", NULL);
	return OK;
}

static enum err decode_signers(struct call *call, const struct fields *f, struct envelope_new *out)
{
	json_t *list;
	TRY(field_array(f, "signers", LIMIT_SIGNERS, &list));
	size_t count = json_array_size(list);
	struct signer_new *signers =
	    arena_alloc(call->arena, (count ? count : 1) * sizeof *signers);
	ENSURE(signers != NULL, ERR_MEMORY);
	for (size_t i = 0; i < count; i++) {
		struct fields item;
		TRY(field_item(f, "signers", list, i, &item));
		TRY(decode_signer(call, &item, &signers[i]));
		TRY(signer_is_new(&item, signers, i));
	}
	out->signers = signers;
	out->signer_count = count;
	return OK;
}

/* The last second of that day in the organisation's zone (or of the day before, as an
 * organisation may choose: expiry=start_of_day). */
static enum err decode_expiry(struct call *call, const struct fields *f, struct envelope_new *out)
{
	const struct stored_organisation *o = &call->organisation;
	struct date d;
	int64_t end = 0;
	TRY(field_text(f, "expiration_date", REQUIRED(40), &out->expiration_date));
	if (date_parse(span_str(out->expiration_date), &d) != OK)
		return fields_fault(f, ERR_DATE, "expiration_date", NULL);
	bool is_start = o->expiry != NULL && strcmp(o->expiry, "start_of_day") == 0;
	TRY(date_start(is_start ? d : date_next(d), o->time_zone, &end));
	out->expires_at = end - CLOCK_SECOND;
	if (out->expires_at < call->req->now)
		return fields_fault(f, ERR_DATE_PAST, "expiration_date", NULL);
	if (out->expires_at > call->req->now + LIMIT_EXPIRY_DAYS * CLOCK_DAY)
		return fields_fault(f, ERR_DATE_FAR, "expiration_date", "At most ten years.");
	return OK;
}

static enum err decode_status(const struct fields *f, bool *submit)
{
	const char *status;
	TRY(field_text(f, "status", (struct text_rule){0, 20, false}, &status));
	if (status != NULL && strcmp(status, "submitted") != 0 && strcmp(status, "created") != 0)
		return fields_fault(
		    f, ERR_FIELD_VALUE, "status", "It must be created or submitted.");
	*submit = status != NULL && status[0] == 's';
	return OK;
}

enum err decode_envelope(
    struct call *call, const struct fields *f, struct envelope_new *out, json_t **documents)
{
	out->organisation = call->principal.organisation;
	out->environment = (int)call->principal.environment;
	TRY(field_id(f, "id", &out->id));
	TRY(field_text(f, "subject", REQUIRED(LIMIT_SUBJECT_CHARS), &out->subject));
	TRY(decode_expiry(call, f, out));
	TRY(decode_signers(call, f, out));
	TRY(field_array(f, "documents", LIMIT_DOCUMENTS, documents));
	return decode_status(f, &out->submit);
}
