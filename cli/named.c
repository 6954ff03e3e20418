/*
 * Named requests: NAME.json in a folder, so that a call is written down once. Flags win over what
 * the file says; docs/client.md describes the members.
 */
#include "client.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool texts_take(struct ask *a, const char *path)
{
	const struct {
		const char *name;
		const char **into;
	} texts[] = {{"method", &a->method}, {"url", &a->url}, {"base_url", &a->base_url},
	    {"body_file", &a->body_file}, {"scheme", &a->scheme}, {"key", &a->key},
	    {"api_key", &a->api_key}, {"client_key", &a->client_key}, {"key_id", &a->key_id},
	    {"passphrase_file", &a->passphrase_file}, {"content_type", &a->content_type},
	    {"platform_key", &a->platform_key}, {"cacert", &a->cacert}, {"upload", &a->upload}};
	const char *name;
	json_t *value;

	json_object_foreach(a->named, name, value)
	{
		size_t i = 0;
		while (i < COUNT(texts) && strcmp(texts[i].name, name) != 0)
			i++;
		if (i == COUNT(texts) ? strcmp(name, "body") != 0 : !json_is_string(value)) {
			complain_text("%s: member %s is %s", path, name,
			    i == COUNT(texts) ? "unknown" : "not a text");
			return false;
		}
		if (i < COUNT(texts) && *texts[i].into == NULL)
			*texts[i].into = json_string_value(value);
	}
	return true;
}

/* A text is sent as it is, any other value as compact JSON in the order of the file. */
static bool body_take(struct ask *a)
{
	const json_t *body = json_object_get(a->named, "body");
	char *text;

	if (body == NULL || a->body_file != NULL || a->upload != NULL)
		return true;
	a->has_body = true;
	if (json_is_string(body))
		return bytes_put(&a->body, json_string_value(body), json_string_length(body));
	text = json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
	bool is_kept = text != NULL && bytes_put(&a->body, text, strlen(text));
	cli_json_text_free(text);
	return is_kept;
}

bool cli_named_read(const char *folder, const char *name, struct ask *a)
{
	CLEAN(bytes_free) struct bytes text = {NULL, 0, 0};
	char path[PATH_MAX];
	json_error_t error;

	if (name[0] == '.' || strchr(name, '/') != NULL ||
	    snprintf(path, sizeof(path), "%s/%s.json", folder, name) >= (int)sizeof(path)) {
		complain_text("%s: the name of a request has no / and no . in front", name);
		return false;
	}
	if (!cli_file_read(path, &text))
		return false;
	a->named = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(a->named)) {
		complain_text("%s: not a JSON object (line %d: %s)", path, error.line, error.text);
		return false;
	}
	return texts_take(a, path) && body_take(a);
}
