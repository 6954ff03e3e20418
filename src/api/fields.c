/*
 * See the header. The rule of each member stands at the place that takes it.
 */
#include "api/fields.h"

#include "base/codec.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/text.h"

enum err fields_fault(const struct fields *f, enum err e, const char *name, const char *detail)
{
	char path[FAULT_FIELD_MAX];
	snprintf(path, sizeof path, "%s%s", f->path, name);
	return fault_set(f->fault, e, path, "%s", detail ? detail : "");
}

enum err fields_read(
    struct span body, struct arena *arena, struct fault *fault, json_t **owner, struct fields *out)
{
	TRY(json_bound(body, fault));
	TRY(json_read(body, owner, fault));
	*out = (struct fields){*owner, "", arena, fault};
	if (!json_is_object(*owner))
		return fault_set(fault, ERR_FIELD_TYPE, "body", "It must be a JSON object.");
	return OK;
}

static json_t *member(const struct fields *f, const char *name)
{
	json_t *j = json_object_get(f->object, name);
	return json_is_null(j) ? NULL : j;
}

enum err field_text(
    const struct fields *f, const char *name, struct text_rule rule, const char **out)
{
	json_t *j = member(f, name);
	*out = NULL;
	if (j == NULL)
		return rule.is_required ? fields_fault(f, ERR_FIELD_MISSING, name, NULL) : OK;
	if (!json_is_string(j))
		return fields_fault(f, ERR_FIELD_TYPE, name, "It must be a string.");
	struct span text = span_of(json_string_value(j), json_string_length(j));
	if (!text_is_clean(text))
		return fields_fault(f, ERR_TEXT, name, NULL);
	size_t length = text_length(text);
	if (length < rule.min || length > rule.max || (rule.min > 0 && span_trim(text).size == 0)) {
		const char *detail = arena_format(
		    f->arena, "It must have %zu to %zu characters.", rule.min, rule.max);
		return fields_fault(f, ERR_FIELD_LENGTH, name, detail);
	}
	*out = json_string_value(j);
	return OK;
}

static enum err new_id(const struct fields *f, const char **out)
{
	char *id = arena_alloc(f->arena, UUID_TEXT_SIZE);
	ENSURE(id != NULL, ERR_MEMORY);
	*out = id;
	return random_uuid(id);
}

enum err field_id(const struct fields *f, const char *name, const char **out)
{
	json_t *j = member(f, name);
	if (j == NULL)
		return new_id(f, out);
	if (!json_is_string(j))
		return fields_fault(f, ERR_FIELD_TYPE, name, "It must be a string.");
	if (!text_is_id(span_of(json_string_value(j), json_string_length(j))))
		return fields_fault(f, ERR_FIELD_ID, name, NULL);
	*out = json_string_value(j);
	return OK;
}

static enum err enter(const struct fields *f, json_t *object, const char *path, struct fields *out)
{
	ENSURE(path != NULL, ERR_MEMORY);
	*out = (struct fields){object, path, f->arena, f->fault};
	return OK;
}

enum err field_object(
    const struct fields *f, const char *name, bool is_required, struct fields *out)
{
	json_t *j = member(f, name);
	*out = (struct fields){.object = NULL};
	if (j == NULL)
		return is_required ? fields_fault(f, ERR_FIELD_MISSING, name, NULL) : OK;
	if (!json_is_object(j))
		return fields_fault(f, ERR_FIELD_TYPE, name, "It must be an object.");
	return enter(f, j, arena_format(f->arena, "%s%s.", f->path, name), out);
}

enum err field_array(const struct fields *f, const char *name, size_t max, json_t **out)
{
	*out = member(f, name);
	if (*out == NULL)
		return OK;
	if (!json_is_array(*out))
		return fields_fault(f, ERR_FIELD_TYPE, name, "It must be a list.");
	if (json_array_size(*out) > max)
		return fields_fault(
		    f, ERR_TOO_MANY, name, arena_format(f->arena, "At most %zu.", max));
	return OK;
}

enum err field_item(
    const struct fields *f, const char *name, json_t *array, size_t index, struct fields *out)
{
	json_t *j = json_array_get(array, index);
	if (!json_is_object(j)) {
		const char *item = arena_format(f->arena, "%s[%zu]", name, index);
		ENSURE(item != NULL, ERR_MEMORY);
		return fields_fault(f, ERR_FIELD_TYPE, item, "It must be an object.");
	}
	return enter(f, j, arena_format(f->arena, "%s%s[%zu].", f->path, name, index), out);
}

enum err field_bool(const struct fields *f, const char *name, bool *out)
{
	json_t *j = member(f, name);
	if (j != NULL && !json_is_boolean(j))
		return fields_fault(f, ERR_FIELD_TYPE, name, "It must be true or false.");
	*out = json_is_true(j);
	return OK;
}

enum err field_int(const struct fields *f, const char *name, int64_t min, int64_t max, int64_t *out)
{
	json_t *j = member(f, name);
	if (j == NULL)
		return fields_fault(f, ERR_FIELD_MISSING, name, NULL);
	if (!json_is_integer(j))
		return fields_fault(f, ERR_FIELD_TYPE, name, "It must be a whole number.");
	*out = json_integer_value(j);
	if (*out < min || *out > max)
		return fields_fault(f, ERR_FIELD_VALUE, name,
		    arena_format(f->arena, "It must lie between %lld and %lld.", (long long)min,
			(long long)max));
	return OK;
}

enum err field_file(const struct fields *f, const char *name, struct buf *out)
{
	json_t *j = member(f, name);
	if (j == NULL)
		return fields_fault(f, ERR_FIELD_MISSING, name, "Send the file in base64.");
	if (!json_is_string(j))
		return fields_fault(f, ERR_FIELD_TYPE, name, "It must be a string in base64.");
	struct span text = span_of(json_string_value(j), json_string_length(j));
	if (text.size == 0)
		return fields_fault(f, ERR_FILE_EMPTY, name, NULL);
	enum err e = b64_decode(out, text);
	if (e == ERR_LIMIT || out->size > LIMIT_DOCUMENT_BYTES)
		return fields_fault(f, ERR_FILE_TOO_LARGE, name, NULL);
	if (e == ERR_BASE64)
		return fields_fault(f, ERR_BASE64, name, NULL);
	return e;
}
