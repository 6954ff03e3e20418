/*
 * The signature base (RFC 9421 §2.5): one line a component, in the signature's order, and the
 * parameters last. Whoever signs and whoever checks come through here. A value with a line end
 * would forge a line, so it is refused.
 */
#include "base/codec.h"
#include "sign/sign.h"
#include "sign/structured.h"

#include <string.h>

static enum err put_value(struct buf *out, struct span value)
{
	for (size_t i = 0; i < value.size; i++)
		ENSURE(value.data[i] != '\n' && value.data[i] != '\r' && value.data[i] != 0,
		    ERR_TOKEN);
	buf_put_span(out, value);
	return buf_done(out);
}

/* §2.1: the values of all lines of that name, trimmed, joined by a comma and a space. */
static enum err put_field(
    struct buf *out, const struct message_header *headers, size_t count, const char *name)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		if (!span_equal_nocase(headers[i].name, name))
			continue;
		if (found++ > 0)
			buf_put_str(out, ", ");
		TRY(put_value(out, span_trim(headers[i].value)));
	}
	ENSURE(found > 0, ERR_TOKEN);
	return buf_done(out);
}

/* The percent-encode set of application/x-www-form-urlencoded, space as %20 (§2.2.8). */
static void put_percent(struct buf *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		if (span_is_plain(span_of(bytes.data + i, 1), "*-._"))
			buf_put_byte(out, bytes.data[i]);
		else
			buf_format(out, "%%%02X", bytes.data[i]);
	}
}

static enum err respell(struct span text, struct buf *out)
{
	CLEANUP(buf_free) struct buf bytes;
	buf_init(&bytes, text.size);
	enum err e = url_decode(&bytes, text, true);
	ENSURE(e != ERR_MEMORY, e);
	ENSURE(e == OK, ERR_TOKEN);
	put_percent(out, buf_span(&bytes));
	return buf_done(out);
}

/* §2.2.8. A name that the query has twice is not one component, so it is refused. */
static enum err put_query_param(struct buf *out, struct span query, const char *wanted)
{
	CLEANUP(buf_free) struct buf name;
	size_t found = 0;
	buf_init(&name, 3 * query.size);
	while (query.size > 0) {
		struct span value = span_cut(&query, '&'), key = span_cut(&value, '=');
		buf_reset(&name);
		TRY(respell(key, &name));
		if (!span_equal_str(buf_span(&name), wanted))
			continue;
		found++;
		TRY(respell(value, out));
	}
	ENSURE(found == 1, ERR_TOKEN);
	return OK;
}

static enum err put_status(struct buf *out, const struct message *m)
{
	ENSURE(m->is_response && m->status >= 100 && m->status <= 999, ERR_TOKEN);
	buf_format(out, "%u", m->status);
	return buf_done(out);
}

static enum err put_target_uri(struct buf *out, const struct message *m)
{
	TRY(put_value(out, m->scheme));
	buf_put_str(out, "://");
	TRY(put_value(out, m->authority));
	return put_value(out, m->target);
}

static enum err put_query(struct buf *out, struct span query)
{
	buf_put_byte(out, '?');
	return put_value(out, query);
}

/* §2.2: of a response these describe its request and need req, except @status. */
static enum err put_derived(
    struct buf *out, const struct message *m, const struct message_component *c)
{
	struct span query = m->target, path = span_cut(&query, '?');
	const char *name = c->name;
	if (strcmp(name, "@status") == 0)
		return c->is_req ? ERR_TOKEN : put_status(out, m);
	ENSURE(m->is_response == c->is_req, ERR_TOKEN);
	if (strcmp(name, "@method") == 0)
		return put_value(out, m->method);
	if (strcmp(name, "@authority") == 0)
		return put_value(out, m->authority);
	if (strcmp(name, "@scheme") == 0)
		return put_value(out, m->scheme);
	if (strcmp(name, "@target-uri") == 0)
		return put_target_uri(out, m);
	if (strcmp(name, "@path") == 0)
		return put_value(out, path.size > 0 ? path : span_str("/"));
	if (strcmp(name, "@query") == 0)
		return put_query(out, query);
	if (strcmp(name, "@request-target") == 0)
		return put_value(out, m->target);
	ENSURE(strcmp(name, "@query-param") == 0, ERR_TOKEN);
	return put_query_param(out, query, c->param);
}

static enum err put_component(
    struct buf *out, const struct message *m, const struct message_component *c)
{
	if (c->name[0] == '@')
		return put_derived(out, m, c);
	if (!c->is_req)
		return put_field(out, m->headers, m->header_count, c->name);
	ENSURE(m->is_response, ERR_TOKEN);
	return put_field(out, m->request_headers, m->request_header_count, c->name);
}

enum err message_base(const struct message *m, const struct message_signature *s, struct buf *out)
{
	for (size_t i = 0; i < s->component_count; i++) {
		buf_put_span(out, s->components[i].raw);
		buf_put_str(out, ": ");
		TRY(put_component(out, m, &s->components[i]));
		buf_put_byte(out, '\n');
	}
	buf_put_str(out, "\"@signature-params\": ");
	buf_put_span(out, s->params);
	return buf_done(out);
}

static enum err put_name(struct buf *out, const struct message_component *c)
{
	ENSURE(sf_put_string(out, c->name), ERR_TOKEN);
	if (c->param[0] != 0) {
		buf_put_str(out, ";name=");
		ENSURE(sf_put_string(out, c->param), ERR_TOKEN);
	}
	if (c->is_req)
		buf_put_str(out, ";req");
	return buf_done(out);
}

static enum err put_text(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return OK;
	buf_format(out, ";%s=", name);
	ENSURE(sf_put_string(out, value), ERR_TOKEN);
	return buf_done(out);
}

static enum err put_params(struct buf *out, enum sign_algorithm a, const struct message_make *how)
{
	buf_put_byte(out, '(');
	for (size_t i = 0; i < how->component_count; i++) {
		if (i > 0)
			buf_put_byte(out, ' ');
		TRY(put_name(out, &how->components[i]));
	}
	buf_format(out, ");created=%lld", (long long)how->created);
	if (how->expires != 0)
		buf_format(out, ";expires=%lld", (long long)how->expires);
	TRY(put_text(out, "nonce", how->nonce));
	TRY(put_text(out, "alg", sign_algorithm_name(a)));
	TRY(put_text(out, "keyid", how->keyid));
	return put_text(out, "tag", how->tag);
}

/* Through the reader, so that nothing is ever signed that we would not take ourselves. */
static enum err base_of(struct span input, const struct message *m, struct buf *base)
{
	struct message_signature s;
	const char *reason;
	TRY(message_read(input, span_str("x=:AA==:"), "x", &s, &reason));
	return message_base(m, &s, base);
}

static enum err sign_base(
    const struct signer *s, const struct message *m, struct span params, struct buf *mark)
{
	CLEANUP(buf_free) struct buf input, base;
	buf_init(&input, params.size + 2);
	buf_init(&base, 1 << 20);
	buf_put_str(&input, "x=");
	buf_put_span(&input, params);
	TRY(buf_done(&input));
	TRY(base_of(buf_span(&input), m, &base));
	return s->sign(s->ctx, buf_span(&base), mark);
}

enum err message_make(const struct signer *s, const struct message *m,
    const struct message_make *how, struct buf *signature_input, struct buf *signature)
{
	CLEANUP(buf_free) struct buf params, mark;
	buf_init(&params, 1 << 16);
	buf_init(&mark, SIGN_SIGNATURE_MAX);
	char name[SF_NAME_SIZE];
	struct span label = span_str(how->label);
	ENSURE(sign_algorithm_name(s->algorithm) != NULL, ERR_KEY_TYPE);
	ENSURE(sf_key(&label, name) && label.size == 0, ERR_TOKEN);
	TRY(put_params(&params, s->algorithm, how));
	TRY(sign_base(s, m, buf_span(&params), &mark));
	buf_format(signature_input, "%s=", how->label);
	buf_put_span(signature_input, buf_span(&params));
	buf_format(signature, "%s=:", how->label);
	b64_encode(signature, buf_span(&mark));
	buf_put_byte(signature, ':');
	TRY(buf_done(signature_input));
	return buf_done(signature);
}
