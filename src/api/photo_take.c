/*
 * One photo on its way in: fields, press's verdict, blob. Used alone and inside a one-call
 * creation, with the same rules and the same faults.
 */
#include "api/decode.h"

#include "api/uploads.h"

#include "store/blob.h"

#include <string.h>

#define PHOTOS_PER_SIGNER 4 /* one of each template */

enum err photo_fields(const struct fields *f, const char **template)
{
	static const char *const known[] = {"cnh_front", "cnh_back", "rg_front", "rg_back"};
	const char *type;
	TRY(field_text(f, "template", (struct text_rule){1, 40, true}, template));
	TRY(field_text(f, "file_type", (struct text_rule){1, 40, false}, &type));
	if (type != NULL && strcmp(type, "jpeg") != 0)
		return fields_fault(f, ERR_FILE_TYPE, "file_type", NULL);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(*template, known[i]) == 0)
			return OK;
	return fields_fault(f, ERR_TEMPLATE, "template", NULL);
}

enum err photo_judge(
    struct call *call, const struct fields *f, const char *member, struct span bytes)
{
	unsigned width = 0, height = 0;
	enum err e = press_jpeg(&call->app->press, bytes, &width, &height);
	if (e == ERR_JPEG || e == ERR_PDF_REFUSED)
		return fields_fault(f, ERR_JPEG, member, "Send the bytes of a JPEG photo.");
	return e;
}

static enum err template_is_new(const struct photos_taken *p, const struct fields *f)
{
	const struct photo_new *last = &p->items[p->count].photo;
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].photo.signer == last->signer &&
		    strcmp(p->items[i].photo.template, last->template) == 0)
			return fields_fault(f, ERR_DUPLICATE_IN_BODY, "template", NULL);
	return OK;
}

/* Counted before the bytes are decoded, so that photos_drop frees them whatever happened. */
static enum err take_one(
    struct call *call, const struct fields *f, size_t signer, struct photos_taken *p)
{
	struct taken_photo *t = &p->items[p->count];
	*t = (struct taken_photo){.photo = {.signer = signer}};
	TRY(photo_fields(f, &t->photo.template));
	TRY(template_is_new(p, f));
	p->count++;
	buf_init(&t->bytes, LIMIT_DOCUMENT_BYTES);
	TRY(uploaded_or_sent(call, f, &t->bytes));
	return photo_judge(call, f, "document_b64", buf_span(&t->bytes));
}

static enum err take_signer(
    struct call *call, const struct fields *signer, size_t index, struct photos_taken *p)
{
	json_t *list;
	TRY(field_array(signer, "personal_documents", PHOTOS_PER_SIGNER, &list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct fields item;
		TRY(field_item(signer, "personal_documents", list, i, &item));
		TRY(take_one(call, &item, index, p));
	}
	return OK;
}

enum err photos_take(struct call *call, const struct fields *f, struct photos_taken *p)
{
	json_t *signers;
	TRY(field_array(f, "signers", LIMIT_SIGNERS, &signers));
	size_t count = json_array_size(signers);
	p->items = arena_alloc(call->arena, (count * PHOTOS_PER_SIGNER + 1) * sizeof(*p->items));
	ENSURE(p->items != NULL, ERR_MEMORY);
	for (size_t i = 0; i < count; i++) {
		struct fields signer;
		TRY(field_item(f, "signers", signers, i, &signer));
		TRY(take_signer(call, &signer, i, p));
	}
	return OK;
}

enum err photos_keep(struct call *call, const uint8_t key[KEY_SIZE], struct photos_taken *p,
    const struct photo_new **out)
{
	struct photo_new *photos =
	    arena_alloc(call->arena, (p->count + 1) * sizeof(struct photo_new));
	ENSURE(photos != NULL, ERR_MEMORY);
	for (size_t i = 0; i < p->count; i++) {
		struct taken_photo *t = &p->items[i];
		TRY(blob_write(call->app->data, key, buf_span(&t->bytes), t->blob));
		TRY(stored_file_of(buf_span(&t->bytes), t->blob, &t->photo.file));
		photos[i] = t->photo;
	}
	*out = photos;
	return OK;
}

void photos_free(struct call *call, struct photos_taken *p, bool is_kept)
{
	for (size_t i = 0; i < p->count; i++) {
		struct taken_photo *t = &p->items[i];
		buf_free(&t->bytes);
		if (!is_kept && t->blob[0] != 0 && blob_remove(call->app->data, t->blob) != OK)
			continue; /* the sweep finds it */
	}
}
