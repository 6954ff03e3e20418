/*
 * Three ways to send a file, one result: the fields as an object and the bytes.
 */
#include "api/decode.h"

#include "api/uploads.h"
#include "base/text.h"

#include <string.h>

static const char *const plain_fields[] = {
    "id", "name", "document_type", "template", "file_type", "allow_unlock"};
#define PLAIN_FIELDS (sizeof plain_fields / sizeof plain_fields[0])

static enum err put_plain(struct call *call, json_t *object, const char *name, struct span value)
{
	if (!text_is_utf8(value))
		return fault_set(&call->fault, ERR_TEXT, name, NULL);
	json_t *j = strcmp(name, "allow_unlock") == 0
			? json_boolean(span_equal_str(value, "true"))
			: json_stringn((const char *)value.data, value.size);
	ENSURE(j != NULL && json_object_set_new(object, name, j) == 0, ERR_MEMORY);
	return OK;
}

static enum err read_raw(struct call *call, struct upload *u)
{
	for (size_t i = 0; i < PLAIN_FIELDS; i++) {
		struct span value;
		if (http_query(call->req, plain_fields[i], &value))
			TRY(put_plain(call, u->owner, plain_fields[i], value));
	}
	u->bytes = call->body;
	return OK;
}

static enum err take_part(struct call *call, struct upload *u, const struct http_part *part)
{
	if (span_equal_str(part->name, "file") || part->filename.size > 0) {
		u->bytes = part->data;
		return OK;
	}
	for (size_t i = 0; i < PLAIN_FIELDS; i++)
		if (span_equal_str(part->name, plain_fields[i]))
			return put_plain(call, u->owner, plain_fields[i], part->data);
	return OK;
}

static enum err read_form(struct call *call, struct upload *u)
{
	struct http_part parts[16];
	size_t count = 0;
	if (http_multipart(call->req, parts, 16, &count) != OK)
		return fault_set(
		    &call->fault, ERR_MULTIPART, NULL, "A part named file is expected.");
	u->bytes = SPAN_EMPTY;
	for (size_t i = 0; i < count; i++)
		TRY(take_part(call, u, &parts[i]));
	return OK;
}

static enum err read_json(struct call *call, struct upload *u)
{
	json_decref(u->owner);
	u->owner = NULL;
	u->is_json = true;
	TRY(fields_read(call->body, call->arena, &call->fault, &u->owner, &u->fields));
	TRY(uploaded_or_sent(call, &u->fields, &u->decoded));
	u->bytes = buf_span(&u->decoded);
	return OK;
}

static bool is_type(struct span type, const char *wanted)
{
	struct span main = span_trim(span_cut(&type, ';'));
	return span_equal_nocase(main, wanted);
}

enum err upload_read(struct call *call, struct upload *u)
{
	struct span type = http_header(call->req, "Content-Type", NULL);
	*u = (struct upload){.owner = json_object()};
	buf_init(&u->decoded, LIMIT_DOCUMENT_BYTES);
	ENSURE(u->owner != NULL, ERR_MEMORY);
	u->fields = (struct fields){u->owner, "", call->arena, &call->fault};
	if (is_type(type, "multipart/form-data"))
		TRY(read_form(call, u));
	else if (is_type(type, "application/pdf") || is_type(type, "image/jpeg"))
		TRY(read_raw(call, u));
	else
		return read_json(call, u);
	if (u->bytes.size == 0)
		return fault_set(&call->fault, ERR_FILE_EMPTY, "file", NULL);
	if (u->bytes.size > LIMIT_DOCUMENT_BYTES)
		return fault_set(&call->fault, ERR_FILE_TOO_LARGE, "file", NULL);
	return OK;
}

void upload_free(struct upload *u)
{
	json_decref(u->owner);
	buf_free(&u->decoded);
}
