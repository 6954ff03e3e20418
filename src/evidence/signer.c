/*
 * One signer's part of the evidence.
 */
#include "evidence/write.h"

#include "base/text.h"
#include "identity/identity.h"

#include <string.h>

static void put_masked_cpf(struct json_writer *w, const char *cpf)
{
	char masked[15];
	if (cpf == NULL) {
		jw_null(w, "cpf");
		return;
	}
	cpf_mask(cpf, masked);
	jw_string(w, "cpf", masked);
}

static void put_masked_phone(struct json_writer *w, const struct signer_profile *p)
{
	struct buf masked;
	if (p->phone_number == NULL) {
		jw_null(w, "phone");
		return;
	}
	buf_init(&masked, 128);
	phone_mask(p->phone_dial, p->phone_area, p->phone_number, &masked);
	jw_span(w, "phone", buf_span(&masked));
	buf_free(&masked);
}

static void put_times(struct json_writer *w, const struct signer_progress *s)
{
	jw_object(w, "times");
	jw_time(w, "sent_at", s->sent_at);
	jw_time(w, "delivered_at", s->delivered_at);
	jw_time(w, "opened_at", s->opened_at);
	jw_time(w, "signed_at", s->signed_at);
	jw_end_object(w);
}

static void put_cpf_check(struct json_writer *w, const struct story *s, int signer)
{
	size_t passed = story_last(s, EVENT_CPF_PASSED, signer, STORY_ANY);
	size_t failed = story_count(s, EVENT_CPF_FAILED, signer);
	if (passed == STORY_NONE && failed == 0)
		return;
	jw_object(w, NULL);
	jw_string(w, "kind", "cpf");
	jw_time(w, "at", story_at(s, passed));
	jw_string(w, "result", passed == STORY_NONE ? "failed" : "passed");
	jw_int(w, "tries", (int64_t)failed + (passed != STORY_NONE));
	jw_end_object(w);
}

static enum err put_read_check(
    struct json_writer *w, const struct story *s, int signer, size_t document)
{
	const struct evidence_source *source = s->source;
	size_t read = story_last(s, EVENT_DOCUMENT_READ, signer, (int)document);
	const char *name;
	if (read == STORY_NONE)
		return OK;
	TRY(record_document_name(source->record, document, source->key, source->arena, &name));
	jw_object(w, NULL);
	jw_string(w, "kind", "read");
	jw_string(w, "document", source->record->state.documents[document].id);
	jw_string(w, "name", name);
	jw_int(w, "pages", story_number(s, read, "pages"));
	jw_int(w, "duration_ms", story_number(s, read, "duration_ms"));
	jw_time(w, "at", story_at(s, read));
	jw_end_object(w);
	return OK;
}

static void put_code_check(struct json_writer *w, const struct story *s, int signer)
{
	size_t used = story_last(s, EVENT_CODE_PASSED, signer, STORY_ANY);
	size_t sent = story_last_before(s, EVENT_CODE_SENT, signer, used);
	if (sent == STORY_NONE)
		return;
	const char *target = story_text(s, sent, "masked");
	jw_object(w, NULL);
	jw_string(w, "kind", "code");
	jw_string(w, "channel", story_text(s, sent, "channel"));
	jw_string(w, "target", target ? target : "");
	jw_time(w, "sent_at", story_at(s, sent));
	jw_time(w, "used_at", story_at(s, used));
	jw_int(w, "tries",
	    (int64_t)(story_count(s, EVENT_CODE_FAILED, signer) +
		      story_count(s, EVENT_CODE_PASSED, signer)));
	jw_end_object(w);
}

static enum err put_checks(struct json_writer *w, const struct story *s, int signer)
{
	jw_array(w, "checks");
	put_cpf_check(w, s, signer);
	for (size_t i = 0; i < s->source->record->state.document_count; i++)
		TRY(put_read_check(w, s, signer, i));
	put_code_check(w, s, signer);
	jw_end_array(w);
	return OK;
}

static void put_consent(struct json_writer *w, const struct story *s, int signer)
{
	size_t consent = story_last(s, EVENT_CONSENTED, signer, STORY_ANY);
	if (consent == STORY_NONE) {
		jw_null(w, "consent");
		return;
	}
	jw_object(w, "consent");
	jw_string(w, "version", story_text(s, consent, "version"));
	jw_string(w, "sha256", story_text(s, consent, "sha256"));
	jw_string(w, "language", story_text(s, consent, "language"));
	jw_time(w, "at", story_at(s, consent));
	jw_end_object(w);
}

static void put_signature(
    struct json_writer *w, const struct story *s, int signer, const char *name)
{
	size_t sign = story_last(s, EVENT_SIGNED, signer, STORY_ANY);
	size_t consent = story_last(s, EVENT_CONSENTED, signer, STORY_ANY);
	const char *language = story_text(s, consent, "language");
	if (sign == STORY_NONE) {
		jw_null(w, "signature");
		return;
	}
	jw_object(w, "signature");
	jw_string(w, "kind", story_text(s, sign, "method"));
	jw_string(w, "text", story_text(s, sign, "typed"));
	jw_string(w, "sha256", story_text(s, sign, "sha256"));
	jw_time(w, "at", story_at(s, sign));
	jw_string(w, "statement",
	    identity_statement(language ? language : "pt-BR", name, s->source->arena));
	jw_end_object(w);
}

/* From where the last act came: the signature's, else the refusal's, else the first opening. */
static size_t last_act(const struct story *s, int signer)
{
	static const enum event_kind kinds[] = {EVENT_SIGNED, EVENT_REFUSED, EVENT_LINK_OPENED};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t at = story_last(s, kinds[i], signer, STORY_ANY);
		if (at != STORY_NONE)
			return at;
	}
	return STORY_NONE;
}

static void put_network(struct json_writer *w, const struct story *s, int signer)
{
	size_t act = last_act(s, signer),
	       open = story_last(s, EVENT_LINK_OPENED, signer, STORY_ANY);
	if (act == STORY_NONE) {
		jw_null(w, "network");
		jw_null(w, "device");
		return;
	}
	jw_object(w, "network");
	jw_string(w, "ip", story_text(s, act, "address"));
	jw_string(w, "forwarded", story_text(s, act, "forwarded"));
	jw_string(w, "user_agent", story_text(s, act, "user_agent"));
	jw_end_object(w);
	jw_object(w, "device");
	jw_string(w, "screen", story_text(s, open, "screen"));
	jw_string(w, "language", story_text(s, open, "device_language"));
	jw_string(w, "time_zone", story_text(s, open, "time_zone"));
	jw_end_object(w);
}

static void put_declined(struct json_writer *w, const struct story *s, int signer)
{
	size_t refused = story_last(s, EVENT_REFUSED, signer, STORY_ANY);
	if (refused == STORY_NONE) {
		jw_null(w, "declined");
		return;
	}
	jw_object(w, "declined");
	jw_time(w, "at", story_at(s, refused));
	jw_string(w, "reason", story_text(s, refused, "reason"));
	jw_end_object(w);
}

enum err evidence_signer(struct json_writer *w, const struct story *s, size_t signer)
{
	const struct evidence_source *source = s->source;
	const struct signer_progress *progress = &source->record->state.signers[signer];
	struct signer_profile p;
	TRY(record_profile(source->record, signer, source->key, source->arena, &p));
	jw_object(w, NULL);
	jw_string(w, "id", progress->id);
	jw_string(w, "name", p.name);
	put_masked_cpf(w, p.cpf);
	jw_string(w, "email", p.email);
	put_masked_phone(w, &p);
	jw_string(w, "birthdate", p.birthdate ? "given" : NULL);
	jw_string(w, "delivery_method", channel_name(progress->delivery));
	jw_string(w, "status", signer_state_name(progress->state));
	put_times(w, progress);
	TRY(put_checks(w, s, (int)signer));
	put_consent(w, s, (int)signer);
	put_signature(w, s, (int)signer, p.name);
	jw_null(w, "identity");
	put_network(w, s, (int)signer);
	put_declined(w, s, (int)signer);
	jw_end_object(w);
	return OK;
}
