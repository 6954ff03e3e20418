/*
 * The egress guard. An address that somebody else chose (a webhook's host, after DNS) is
 * connected to only if it is a public unicast address: everything in the special-purpose
 * registries (RFC 6890 and its updates) that is not globally reachable is refused, and so is
 * every form that hides an IPv4 address inside an IPv6 one. What cannot be parsed is denied.
 */
#include "courier/courier.h"

#include <arpa/inet.h>
#include <string.h>

struct prefix {
	uint8_t bits[16];
	unsigned length;
};

static const struct prefix denied_v4[] = {
    {{0}, 8},             /* RFC 791 §3.2: this network */
    {{10}, 8},            /* RFC 1918 */
    {{100, 64}, 10},      /* RFC 6598: shared address space (CGNAT) */
    {{127}, 8},           /* RFC 1122 §3.2.1.3: loopback */
    {{169, 254}, 16},     /* RFC 3927: link-local, cloud metadata */
    {{172, 16}, 12},      /* RFC 1918 */
    {{192, 0, 0}, 24},    /* RFC 6890 §2.1: protocol assignments */
    {{192, 0, 2}, 24},    /* RFC 5737: documentation */
    {{192, 88, 99}, 24},  /* RFC 7526: 6to4 relays */
    {{192, 168}, 16},     /* RFC 1918 */
    {{198, 18}, 15},      /* RFC 2544: benchmarking */
    {{198, 51, 100}, 24}, /* RFC 5737 */
    {{203, 0, 113}, 24},  /* RFC 5737 */
    {{224}, 4},           /* RFC 5771: multicast */
    {{240}, 4},           /* RFC 1112 §4: reserved, broadcast */
};

/* Inside 2000::/3. Outside of it nothing is allowed: loopback, ::ffff:0:0/96 (v4-mapped),
 * 64:ff9b::/96 and 64:ff9b:1::/48 (NAT64), 100::/64, fc00::/7, fe80::/10, ff00::/8 … */
static const struct prefix denied_v6[] = {
    {{0x20, 0x01}, 23},             /* RFC 2928: protocol assignments, with Teredo and ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* RFC 3849: documentation */
    {{0x20, 0x02}, 16},             /* RFC 3056: 6to4 carries an IPv4 address */
    {{0x3f, 0xfe}, 16},             /* RFC 3701: 6bone, returned */
    {{0x3f, 0xff}, 20},             /* RFC 9637: documentation */
};
static const struct prefix global_v6 = {{0x20}, 3};

static bool prefix_holds(const struct prefix *p, const uint8_t *address)
{
	size_t whole = p->length / 8;
	unsigned rest = p->length % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	for (size_t i = 0; i < whole; i++) {
		if (p->bits[i] != address[i])
			return false;
	}
	return rest == 0 || (address[whole] & mask) == (p->bits[whole] & mask);
}

static bool prefixes_hold(const struct prefix *list, size_t count, const uint8_t *address)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_holds(&list[i], address))
			return true;
	}
	return false;
}

bool egress_is_denied(const char *address)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, address, bytes) == 1)
		return prefixes_hold(denied_v4, sizeof(denied_v4) / sizeof(*denied_v4), bytes);
	if (inet_pton(AF_INET6, address, bytes) != 1)
		return true;
	return !prefix_holds(&global_v6, bytes) ||
	       prefixes_hold(denied_v6, sizeof(denied_v6) / sizeof(*denied_v6), bytes);
}
