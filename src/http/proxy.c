/*
 * Trusted proxies. Each hop appends the address it saw to X-Forwarded-For, so the list is read
 * from the right: an entry counts only when the hop that wrote it is trusted.
 */
#include "http/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct network {
	struct address address;
	unsigned bits;
};

struct proxies {
	size_t count;
	struct network networks[];
};

static struct address address_v4(const void *four)
{
	struct address a = {.is_set = true};

	memcpy(a.bytes, mapped, sizeof(mapped));
	memcpy(a.bytes + sizeof(mapped), four, 4);
	return a;
}

struct address address_of(const struct sockaddr *sa)
{
	struct address a = {.is_set = true};

	if (sa->sa_family == AF_INET)
		return address_v4(&((const struct sockaddr_in *)(const void *)sa)->sin_addr);
	if (sa->sa_family != AF_INET6)
		return (struct address){0};
	memcpy(a.bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	return a;
}

/* "[v6]:port", "v4:port" → the address alone. */
static struct span without_port(struct span s)
{
	if (s.size > 0 && s.data[0] == '[') {
		const uint8_t *end = memchr(s.data, ']', s.size);
		return end != NULL ? span_of(s.data + 1, (size_t)(end - s.data) - 1) : SPAN_EMPTY;
	}
	const uint8_t *colon = s.size > 0 ? memchr(s.data, ':', s.size) : NULL;
	if (colon == NULL || memrchr(s.data, ':', s.size) != colon)
		return s;
	return span_of(s.data, (size_t)(colon - s.data));
}

bool address_parse(struct span text, struct address *out)
{
	char copy[ADDRESS_TEXT_SIZE];
	uint8_t four[4];

	text = without_port(span_trim(text));
	if (text.size == 0 || text.size >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	*out = (struct address){.is_set = true};
	if (inet_pton(AF_INET, copy, four) == 1) {
		*out = address_v4(four);
		return true;
	}
	return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

void address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
	out[0] = '\0';
	if (!a->is_set)
		return;
	if (memcmp(a->bytes, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, a->bytes + sizeof(mapped), out, ADDRESS_TEXT_SIZE);
	else
		inet_ntop(AF_INET6, a->bytes, out, ADDRESS_TEXT_SIZE);
}

static enum err network_parse(const char *text, struct network *out)
{
	const char *slash = strchr(text, '/');
	struct span host = span_of(text, slash != NULL ? (size_t)(slash - text) : strlen(text));
	unsigned offset;
	char *end;

	ENSURE(address_parse(host, &out->address), ERR_CONFIG);
	offset = memchr(host.data, ':', host.size) == NULL ? 96 : 0;
	out->bits = 128;
	if (slash == NULL)
		return OK;
	unsigned long bits = strtoul(slash + 1, &end, 10);
	ENSURE(slash[1] >= '0' && slash[1] <= '9' && *end == '\0', ERR_CONFIG);
	ENSURE(bits <= 128 - offset, ERR_CONFIG);
	out->bits = (unsigned)bits + offset;
	return OK;
}

enum err proxies_new(const char *const *list, struct proxies **out)
{
	size_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	struct proxies *p = mem_alloc(sizeof(*p) + count * sizeof(p->networks[0]));
	ENSURE(p != NULL, ERR_MEMORY);
	p->count = count;
	for (size_t i = 0; i < count; i++) {
		enum err e = network_parse(list[i], &p->networks[i]);
		if (e != OK) {
			proxies_free(p);
			return e;
		}
	}
	*out = p;
	return OK;
}

void proxies_free(struct proxies *p)
{
	if (p != NULL)
		mem_free(p, sizeof(*p) + p->count * sizeof(p->networks[0]));
}

static bool network_has(const struct network *n, const struct address *a)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(n->address.bytes, a->bytes, whole) != 0)
		return false;
	return rest == 0 || ((n->address.bytes[whole] ^ a->bytes[whole]) >> (8 - rest)) == 0;
}

bool proxies_trust(const struct proxies *p, const struct address *a)
{
	for (size_t i = 0; a->is_set && i < p->count; i++) {
		if (network_has(&p->networks[i], a))
			return true;
	}
	return false;
}

struct address proxies_client(const struct proxies *p, struct address peer, struct span forwarded)
{
	struct address client = peer, hop;

	while (forwarded.size > 0 && proxies_trust(p, &client)) {
		const uint8_t *comma = memrchr(forwarded.data, ',', forwarded.size);
		size_t start = comma != NULL ? (size_t)(comma - forwarded.data) + 1 : 0;
		struct span entry = span_of(forwarded.data + start, forwarded.size - start);
		forwarded.size = comma != NULL ? start - 1 : 0;
		if (span_trim(entry).size == 0)
			continue;
		if (!address_parse(entry, &hop))
			break;
		client = hop;
	}
	return client;
}
