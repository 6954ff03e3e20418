/*
 * The cover: what this is, how to check it without us, and what was signed. Everything a
 * reader needs to hold the file to account stands here, before any detail.
 */
#include "pdf/page_book.h"

#include <string.h>

#define QR_SIDE 112.0
#define SHA512_DIGITS 128
#define STATE_WIDTH 146.0
#define VERIFY_WIDTH (WIDTH_ALL - QR_SIDE - 22)

static json_int_t signed_count(const json_t *signers)
{
	size_t i;
	json_t *s;
	json_int_t n = 0;

	json_array_foreach(signers, i, s)
	{
		const char *status = text_at(s, "status");
		n += status != NULL && strcmp(status, "signed") == 0;
	}
	return n;
}

static void state_make(struct book *b)
{
	const json_t *signers = json_object_get(b->evidence, "signers");
	const char *at =
	    book_time(b, text_at(json_object_get(b->evidence, "envelope"), "signed_at"));
	json_int_t count = (json_int_t)json_array_size(signers), done = signed_count(signers);
	const char *key = done < count ? "state.some_signed"
			  : count == 1 ? "state.one_signed"
				       : "state.all_signed";

	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_ACCENT,
	    label_fill(b, key, "done", book_number(b, done, false), "count",
		book_number(b, count, false), NULL));
	if (at != NULL)
		book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_LABEL,
		    label_fill(b, "state.last", "time", at, NULL));
}

static void title_make(struct book *b)
{
	const char *subject = text_at(json_object_get(b->evidence, "envelope"), "subject");

	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_TITLE, label(b, "title"));
	b->y += 1;
	book_text(b, PAGE_LEFT, WIDTH_ALL, STYLE_LEAD,
	    subject != NULL ? book_keep(b, subject) : label(b, "none.given"));
	b->y += 7;
	state_make(b);
	if (!json_is_true(json_object_get(b->evidence, "sandbox")))
		return;
	b->y += 8;
	double top = b->y;
	b->y += 5;
	book_text(b, PAGE_LEFT + 10, WIDTH_ALL - 20, STYLE_STRONG, label(b, "sandbox.mark"));
	book_text(b, PAGE_LEFT + 10, WIDTH_ALL - 20, STYLE_LABEL, label(b, "sandbox.text"));
	b->y += 5;
	book_op(b, OP_FRAME, PAGE_LEFT, top, WIDTH_ALL, b->y - top)->ink = INK_ACCENT;
}

static bool begins_with_original(const struct book *b)
{
	return json_is_object(json_object_get(b->evidence, "original"));
}

static void command_make(struct book *b, const char *key, const char *command)
{
	book_text(b, PAGE_LEFT, VERIFY_WIDTH, STYLE_LABEL, label(b, key));
	book_text(b, PAGE_LEFT, VERIFY_WIDTH, STYLE_COMMAND, command);
	b->y += 3;
}

static void verify_make(struct book *b)
{
	const json_t *v = json_object_get(b->evidence, "verification");
	const char *url = text_at(v, "url"), *code = text_at(v, "code");
	json_int_t bytes = number_at(json_object_get(b->evidence, "original"), "bytes");

	b->y += 12;
	book_rule(b, PAGE_LEFT, b->y, WIDTH_ALL);
	b->y += 10;
	double top = b->y;
	if (url != NULL)
		book_op(b, OP_QR, PAGE_RIGHT - QR_SIDE, top - 4, QR_SIDE, QR_SIDE)->text =
		    book_keep(b, url);
	book_text(b, PAGE_LEFT, VERIFY_WIDTH, STYLE_LABEL, label(b, "verify.code"));
	book_text(b, PAGE_LEFT, VERIFY_WIDTH, STYLE_CODE,
	    code != NULL ? book_keep(b, code) : label(b, "none.recorded"));
	b->y += 8;
	book_text(b, PAGE_LEFT, VERIFY_WIDTH, STYLE_STRONG, label(b, "verify.how"));
	b->y += 2;
	if (begins_with_original(b)) {
		const char *cut = arena_format(
		    b->arena, "head -c %" JSON_INTEGER_FORMAT " dossier.pdf | sha256sum", bytes);
		command_make(b, "verify.cut", cut != NULL ? cut : "");
	}
	command_make(b, "verify.seal", "pdfsig dossier.pdf");
	if (url != NULL)
		command_make(b, "verify.page", book_keep(b, url));
	if (b->y < top + QR_SIDE - 8)
		b->y = top + QR_SIDE - 8;
}

/* A SHA-512 in two halves, each as long as the SHA-256 above it. */
static void hash_row(struct book *b, const char *key, const char *hash)
{
	if (hash != NULL && strlen(hash) == SHA512_DIGITS)
		hash = arena_format(
		    b->arena, "%.*s\n%s", SHA512_DIGITS / 2, hash, hash + SHA512_DIGITS / 2);
	if (hash != NULL)
		book_row(b, label(b, key), STYLE_HASH, book_keep(b, hash));
	else
		book_row(b, label(b, key), STYLE_MUTED, label(b, "none.recorded"));
}

static void verdict_row(struct book *b, const json_t *d)
{
	const char *verdict = label_of(b, "verdict", text_at(d, "verdict"), "none.recorded");
	const char *reason = text_at(d, "reason");

	if (reason != NULL && *reason != '\0')
		verdict = arena_format(
		    b->arena, "%s (%s)", verdict, label_of(b, "reason", reason, "none.recorded"));
	book_row_or(b, "document.verdict", verdict, "none.recorded");
}

static const char *size_text(struct book *b, const json_t *d)
{
	return label_fill(b, "document.bytes", "count", book_number(b, number_at(d, "bytes"), true),
	    "pages", book_number(b, number_at(d, "pages"), true), NULL);
}

static void document_make(struct book *b)
{
	const json_t *d = json_object_get(b->evidence, "document");
	const json_t *copy = json_object_get(d, "normalized");

	book_section(b, label(b, "document.title"), 110);
	book_row_or(b, "document.name", text_at(d, "name"), "none.recorded");
	book_row_or(b, "document.id", text_at(d, "id"), "none.recorded");
	book_row(b, label(b, "document.size"), STYLE_VALUE, size_text(b, d));
	verdict_row(b, d);
	hash_row(b, "document.sha256", text_at(d, "sha256"));
	hash_row(b, "document.sha512", text_at(d, "sha512"));
	if (json_is_object(copy)) {
		hash_row(b, "document.normalized256", text_at(copy, "sha256"));
		hash_row(b, "document.normalized512", text_at(copy, "sha512"));
	}
}

static void original_make(struct book *b)
{
	const json_t *original = json_object_get(b->evidence, "original");
	const char *verdict = text_at(json_object_get(b->evidence, "document"), "verdict");
	const char *key = "original.none";

	if (json_is_object(original))
		key = verdict != NULL && strcmp(verdict, "normalise") == 0 ? "original.normalise"
									   : "original.clean";
	else if (verdict != NULL && strcmp(verdict, "attach") == 0)
		key = "original.attach";
	else if (verdict != NULL && strcmp(verdict, "seal_only") == 0)
		key = "original.seal_only";
	book_section(b, label(b, "original.title"), 40);
	book_text(b, COLUMN_B, WIDTH_BC, STYLE_VALUE,
	    label_fill(b, key, "count", book_number(b, number_at(original, "bytes"), true), NULL));
	b->y += ROW_GAP;
	if (json_is_object(original))
		hash_row(b, "signature.sha256", text_at(original, "sha256"));
	book_section(b, label(b, "seal.title"), 40);
	book_text(b, COLUMN_B, WIDTH_BC, STYLE_VALUE, label(b, "seal.text"));
	b->y += ROW_GAP;
}

static void envelope_make(struct book *b)
{
	const json_t *e = json_object_get(b->evidence, "envelope");
	const char *zone = text_at(b->evidence, "time_zone");

	book_section(b, label(b, "envelope.title"), 110);
	book_row_or(b, "envelope.id", text_at(e, "id"), "none.recorded");
	book_row_or(b, "envelope.organization",
	    text_at(json_object_get(b->evidence, "organization"), "name"), "none.given");
	book_row_or(b, "envelope.created", book_time(b, text_at(e, "created_at")), "none.recorded");
	book_row_or(
	    b, "envelope.submitted", book_time(b, text_at(e, "submitted_at")), "none.happened");
	book_row_or(b, "envelope.signed", book_time(b, text_at(e, "signed_at")), "none.happened");
	book_row_or(b, "envelope.expires", book_time(b, text_at(e, "expires_at")), "none.given");
	if (zone != NULL && strcmp(zone, b->zone) != 0)
		zone = label_fill(b, "envelope.zone_utc", "zone", zone, NULL);
	book_row_or(b, "envelope.zone", zone, "none.given");
}

static void documents_make(struct book *b)
{
	const json_t *list = json_object_get(b->evidence, "documents");
	size_t i;
	json_t *d;

	if (json_array_size(list) < 2)
		return;
	book_section(b, label(b, "documents.title"), 40);
	json_array_foreach(list, i, d)
	{
		const char *name = text_at(d, "name"), *hash = text_at(d, "sha256");
		book_need(b, 28);
		book_right(b, b->y, 56,
		    label_fill(b, "documents.pages", "count",
			book_number(b, number_at(d, "pages"), true), NULL));
		book_text(b, COLUMN_B, WIDTH_BC - 60, STYLE_VALUE,
		    name != NULL ? book_keep(b, name) : label(b, "none.recorded"));
		if (hash != NULL)
			book_text(b, COLUMN_B, WIDTH_BC, STYLE_HASH, book_keep(b, hash));
		b->y += ROW_GAP;
	}
}

static void people_make(struct book *b)
{
	const json_t *list = json_object_get(b->evidence, "signers");
	size_t i;
	json_t *s;

	book_section(b, label(b, "signers.title"), 40);
	json_array_foreach(list, i, s)
	{
		const char *at = book_time(b, text_at(json_object_get(s, "times"), "signed_at"));
		const char *status = label_of(b, "status", text_at(s, "status"), "none.recorded");
		const char *name = text_at(s, "name");
		if (at != NULL)
			status = arena_format(b->arena, "%s  %s", status, at);
		book_need(b, 14);
		book_right(b, b->y, STATE_WIDTH, status != NULL ? book_keep(b, status) : "");
		book_text(b, COLUMN_B, WIDTH_BC - STATE_WIDTH - 8, STYLE_VALUE,
		    name != NULL ? book_keep(b, name) : label(b, "none.given"));
		b->y += ROW_GAP;
	}
}

static void clock_make(struct book *b)
{
	const json_t *c = json_object_get(b->evidence, "clock");
	const json_t *token = json_object_get(c, "timestamp_token");
	const char *text;

	book_section(b, label(b, "clock.title"), 34);
	book_row_or(b, "clock.source",
	    label_of(b, "clock.source", text_at(c, "source"), "none.recorded"), "none.recorded");
	if (json_is_object(token)) {
		const char *at = book_time(b, text_at(token, "at"));
		const char *who = text_at(token, "authority");
		text =
		    arena_format(b->arena, "%s  %s", at != NULL ? at : "", who != NULL ? who : "");
		book_row_or(b, "clock.token", text, "none.recorded");
		return;
	}
	text = label_of(b, "clock.reason", text_at(c, "timestamp_reason"), "clock.reason.unknown");
	book_row(b, label(b, "clock.token"), STYLE_MUTED,
	    label_fill(b, "clock.none", "reason", text, NULL));
}

static void call_rows(struct book *b, const char *name, const json_t *call)
{
	if (!json_is_object(call)) {
		book_row(b, label(b, name), STYLE_MUTED, label(b, "none.recorded"));
		return;
	}
	book_row_or(b, name, book_time(b, text_at(call, "at")), "none.recorded");
	book_row(b, "", STYLE_HASH,
	    label_fill(b, "traffic.request", "key", text_at(call, "request_key"), "signature",
		text_at(call, "request_signature"), NULL));
	book_row(b, "", STYLE_HASH,
	    label_fill(b, "traffic.answer", "key", text_at(call, "answer_key"), "signature",
		text_at(call, "answer_signature"), NULL));
}

static void traffic_make(struct book *b)
{
	const json_t *t = json_object_get(b->evidence, "traffic");

	if (!json_is_object(t)) {
		book_row(b, label(b, "traffic.title"), STYLE_MUTED, label(b, "traffic.none"));
		return;
	}
	book_section(b, label(b, "traffic.title"), 24);
	call_rows(b, "traffic.create", json_object_get(t, "create"));
	call_rows(b, "traffic.submit", json_object_get(t, "submit"));
}

void cover_make(struct book *b)
{
	b->heading = NULL;
	book_page(b);
	b->heading = label_fill(b, "continued", "what", label(b, "title"), NULL);
	title_make(b);
	verify_make(b);
	document_make(b);
	original_make(b);
	envelope_make(b);
	people_make(b);
	documents_make(b);
	clock_make(b);
	traffic_make(b);
}
