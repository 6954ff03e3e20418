/*
 * Signature-Input and Signature (RFC 9421 §4). Whatever is ambiguous is refused: two members of one
 * name, a component or a parameter twice, a spelling that is not the canonical one.
 */
#include "base/codec.h"
#include "sign/sign.h"
#include "sign/structured.h"

#include <string.h>

static enum err refuse(const char **reason, const char *why)
{
	*reason = why;
	return ERR_TOKEN;
}

static bool is_known(const char *name)
{
	static const char *const derived[] = {"@method", "@authority", "@scheme", "@target-uri",
	    "@path", "@query", "@request-target", "@status", "@query-param"};
	for (size_t i = 0; i < sizeof derived / sizeof derived[0]; i++)
		if (strcmp(name, derived[i]) == 0)
			return true;
	return name[0] != 0 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") == strlen(name);
}

static enum err component_parameter(
    struct span *at, struct message_component *c, const char **reason)
{
	char name[SF_NAME_SIZE];
	if (!sf_key(at, name))
		return refuse(reason, "a component's parameter has no name");
	if (strcmp(name, "req") == 0) {
		bool is_again = c->is_req;
		c->is_req = true;
		return is_again ? refuse(reason, "a component has req twice") : OK;
	}
	if (strcmp(name, "name") == 0 && strcmp(c->name, "@query-param") == 0) {
		if (c->param[0] != 0 || !sf_byte(at, '=') ||
		    !sf_string(at, c->param, sizeof c->param) || c->param[0] == 0)
			return refuse(reason, "the name of a @query-param is malformed");
		return OK;
	}
	return refuse(reason,
	    "a component has a parameter other than req (sf, bs, key, tr are not supported)");
}

static enum err component_read(struct span *at, struct message_component *c, const char **reason)
{
	const uint8_t *start = at->data;
	*c = (struct message_component){0};
	if (!sf_string(at, c->name, sizeof c->name))
		return refuse(
		    reason, "a component's name is malformed or longer than 63 characters");
	if (!is_known(c->name))
		return refuse(reason,
		    "a component is neither a known derived one nor a field name in "
		    "lower case");
	while (sf_byte(at, ';'))
		TRY(component_parameter(at, c, reason));
	if (strcmp(c->name, "@query-param") == 0 && c->param[0] == 0)
		return refuse(reason, "a @query-param has no name");
	c->raw = span_of(start, (size_t)(at->data - start));
	return OK;
}

static bool is_twice(const struct message_signature *s)
{
	const struct message_component *last = &s->components[s->component_count - 1];
	for (const struct message_component *c = s->components; c < last; c++)
		if (strcmp(c->name, last->name) == 0 && c->is_req == last->is_req &&
		    strcmp(c->param, last->param) == 0)
			return true;
	return false;
}

static enum err list_read(struct span *at, struct message_signature *s, const char **reason)
{
	if (!sf_byte(at, '('))
		return refuse(reason, "a member of Signature-Input is not a list");
	while (!sf_byte(at, ')')) {
		if (s->component_count == MESSAGE_COMPONENTS_MAX)
			return refuse(reason, "it covers more than 24 components");
		if (s->component_count > 0 && !sf_byte(at, ' '))
			return refuse(reason, "its components are not separated by one space");
		TRY(component_read(at, &s->components[s->component_count++], reason));
		if (is_twice(s))
			return refuse(reason, "it covers a component twice");
	}
	return OK;
}

static bool parameter_value(
    struct span *at, const char *name, struct message_signature *s, unsigned *bit)
{
	const struct {
		const char *name;
		int64_t *number;
		char *text;
		size_t room;
	} known[] = {{"created", &s->created, NULL, 0}, {"expires", &s->expires, NULL, 0},
	    {"keyid", NULL, s->keyid, sizeof s->keyid}, {"alg", NULL, s->alg, sizeof s->alg},
	    {"nonce", NULL, s->nonce, sizeof s->nonce}, {"tag", NULL, s->tag, sizeof s->tag}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(name, known[i].name) != 0)
			continue;
		*bit = 1u << i;
		if (!sf_byte(at, '='))
			return false;
		if (known[i].number != NULL)
			return sf_integer(at, known[i].number) && *known[i].number > 0;
		return sf_string(at, known[i].text, known[i].room) && known[i].text[0] != 0;
	}
	*bit = 0;
	return !sf_byte(at, '=') || sf_skip_item(at);
}

static enum err parameters_read(struct span *at, struct message_signature *s, const char **reason)
{
	unsigned seen = 0, bit;
	while (sf_byte(at, ';')) {
		char name[SF_NAME_SIZE];
		if (!sf_key(at, name) || !parameter_value(at, name, s, &bit))
			return refuse(reason, "a parameter is malformed, empty or too long");
		if ((seen & bit) != 0)
			return refuse(reason, "a parameter appears twice");
		seen |= bit;
	}
	return OK;
}

static enum err member_read(struct span *at, struct message_signature *s, const char **reason)
{
	*s = (struct message_signature){0};
	if (!sf_key(at, s->label) || !sf_byte(at, '='))
		return refuse(reason, "a label of Signature-Input is malformed");
	const uint8_t *start = at->data;
	TRY(list_read(at, s, reason));
	TRY(parameters_read(at, s, reason));
	s->params = span_of(start, (size_t)(at->data - start));
	return OK;
}

/* Each member is judged; the chosen one is read again at the end, so that one struct is enough. */
static enum err input_read(
    struct span at, const char *label, struct message_signature *out, const char **reason)
{
	struct span chosen = SPAN_EMPTY;
	size_t found = 0;
	do {
		struct span start = at;
		TRY(member_read(&at, out, reason));
		if (label != NULL && strcmp(label, out->label) != 0)
			continue;
		chosen = start;
		found++;
	} while (sf_comma(&at));
	if (at.size != 0)
		return refuse(reason, "Signature-Input has something behind its last member");
	if (found != 1)
		return refuse(reason, label == NULL ? "there is more than one signature"
						    : "there is not one signature of that label");
	return member_read(&chosen, out, reason);
}

static enum err decode(struct span base64, struct message_signature *out, const char **reason)
{
	CLEANUP(buf_free) struct buf bytes;
	buf_init(&bytes, sizeof out->signature);
	enum err e = b64_decode(&bytes, base64);
	ENSURE(e != ERR_MEMORY, e);
	if (e != OK || bytes.size == 0)
		return refuse(reason, "Signature is empty, too long or not base64");
	memcpy(out->signature, bytes.data, bytes.size);
	out->signature_size = bytes.size;
	return OK;
}

static enum err value_read(struct span at, struct message_signature *out, const char **reason)
{
	struct span base64, chosen = SPAN_EMPTY;
	size_t found = 0;
	do {
		char name[SF_NAME_SIZE];
		if (!sf_key(&at, name) || !sf_byte(&at, '=') || !sf_bytes(&at, &base64))
			return refuse(reason, "Signature is not a list of label=:base64:");
		if (strcmp(name, out->label) == 0) {
			chosen = base64;
			found++;
		}
	} while (sf_comma(&at));
	if (at.size != 0 || found != 1)
		return refuse(
		    reason, "Signature has not one value under the label of Signature-Input");
	return decode(chosen, out, reason);
}

enum err message_read(struct span signature_input, struct span signature, const char *label,
    struct message_signature *out, const char **reason)
{
	*reason = "it is not a signature";
	TRY(input_read(span_trim(signature_input), label, out, reason));
	return value_read(span_trim(signature), out, reason);
}

bool message_covers(const struct message_signature *s, const char *name, bool is_req)
{
	for (size_t i = 0; i < s->component_count; i++)
		if (strcmp(s->components[i].name, name) == 0 && s->components[i].is_req == is_req)
			return true;
	return false;
}
