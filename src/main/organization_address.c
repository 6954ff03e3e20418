/*
 * The addresses an integration may call from: public ones only, networks no wider than a /24 or a
 * /48. A new entry waits 48 hours, so that a stolen console cannot let its thief in at once, unless
 * whoever holds the machine says otherwise.
 */
#include "main/organization.h"

#include "base/clock.h"
#include "store/addresses.h"
#include "store/integrations.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS (48 * CLOCK_HOUR)
#define V4_SHORTEST 24
#define V6_SHORTEST 48

struct reserved {
	uint8_t bits[4];
	unsigned length;
};

/* RFC 6890: not somebody's public address. */
static const struct reserved reserved_v4[] = {{{0}, 8}, {{10}, 8}, {{100, 64}, 10}, {{127}, 8},
    {{169, 254}, 16}, {{172, 16}, 12}, {{192, 0, 0}, 24}, {{192, 168}, 16}, {{198, 18}, 15},
    {{224}, 3}};

static bool holds(const struct reserved *r, const uint8_t *address)
{
	for (unsigned bit = 0; bit < r->length; bit++)
		if (((r->bits[bit / 8] ^ address[bit / 8]) & (0x80u >> bit % 8)) != 0)
			return false;
	return true;
}

static bool is_public_v4(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof(reserved_v4) / sizeof(reserved_v4[0]); i++)
		if (holds(&reserved_v4[i], address))
			return false;
	return true;
}

/* Global unicast is 2000::/3 (RFC 4291 §2.4); 2002::/16 and 2001::/32 carry an IPv4 address. */
static bool is_public_v6(const uint8_t *a)
{
	bool is_tunnel =
	    a[0] == 0x20 && ((a[1] == 0x02) || (a[1] == 0x01 && a[2] == 0 && a[3] == 0));

	return (a[0] & 0xe0) == 0x20 && !is_tunnel;
}

static bool length_take(struct span text, unsigned most, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || text.size > 3)
			return false;
		*out = *out * 10 + (unsigned)(text.data[i] - '0');
	}
	return text.size > 0 && *out <= most;
}

static bool has_host_bits(const uint8_t *address, unsigned length, unsigned most)
{
	for (unsigned bit = length; bit < most; bit++)
		if ((address[bit / 8] & (0x80u >> bit % 8)) != 0)
			return true;
	return false;
}

static enum err refuse(const char *text, const char *why)
{
	complain_text("%s: %s", text, why);
	return ERR_CONFIG;
}

/* One form for each network: "203.0.113.7", "203.0.113.0/24", "2001:db8::/48". */
static enum err network_read(const char *text, char out[STORE_NETWORK_MAX])
{
	struct span rest = span_str(text), host = span_cut(&rest, '/');
	bool has_length = strchr(text, '/') != NULL, is_v6 = strchr(text, ':') != NULL;
	unsigned most = is_v6 ? 128 : 32, length = most;
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (host.size >= sizeof(address))
		return refuse(text, "this is not an address");
	snprintf(address, sizeof(address), "%.*s", (int)host.size, (const char *)host.data);
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, address, bytes) != 1 ||
	    (has_length && !length_take(rest, most, &length)))
		return refuse(text, "this is neither an address nor a network (203.0.113.0/24)");
	if (length < (is_v6 ? V6_SHORTEST : V4_SHORTEST))
		return refuse(
		    text, "too wide: IPv4 networks are /24 or longer, IPv6 /48 or longer");
	if (has_host_bits(bytes, length, most))
		return refuse(
		    text, "it has bits beyond its length: write the network's first address");
	if (!(is_v6 ? is_public_v6(bytes) : is_public_v4(bytes)))
		return refuse(text, "only public addresses: partners call from the internet");
	if (inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes, address, sizeof(address)) == NULL)
		return ERR_INTERNAL;
	snprintf(out, STORE_NETWORK_MAX, length < most ? "%s/%u" : "%s", address, length);
	return OK;
}

struct address_run {
	struct organization_run *run;
	struct stored_address address;
	struct stored_integration integration;
	enum err (*work)(struct db *db, struct address_run *a);
};

static enum err run_work(struct db *db, void *ctx)
{
	struct address_run *a = ctx;

	TRY(store_integration_find(db, span_str(a->run->words[0]), &a->integration));
	ENSURE(a->integration.organisation == a->run->organisation.row, ERR_NOT_FOUND);
	return a->work(db, a);
}

static enum err run_on(
    struct organization_run *run, enum err (*work)(struct db *db, struct address_run *a))
{
	struct address_run a = {.run = run, .work = work};
	enum err e;

	if (run->words[1] != NULL)
		TRY(network_read(run->words[1], a.address.network));
	a.address.created_at = clock_now();
	a.address.active_at = a.address.created_at + (organization_options.is_active ? 0 : WAIT_MS);
	e = store_write(run->tool.store, run_work, &a);
	if (e == ERR_CONFLICT)
		return refuse(run->words[1], "it is listed already");
	if (e == ERR_TOO_MANY)
		return refuse(run->words[1], "the list is full");
	if (e == ERR_NOT_FOUND)
		return refuse(
		    run->words[1] != NULL ? run->words[1] : run->words[0], "there is none here");
	return e;
}

static void address_print(const struct stored_address *a, int64_t now)
{
	char at[CLOCK_TEXT_SIZE];

	clock_format_s(a->active_at, at);
	printf("%-7s  %s  %s %s\n", a->active_at <= now ? "active" : "waiting", a->network,
	    a->active_at <= now ? "since" : "until", at);
}

static enum err add_work(struct db *db, struct address_run *a)
{
	TRY(store_address_add(db, a->integration.organisation, a->integration.row, &a->address));
	address_print(&a->address, a->address.created_at);
	return OK;
}

static enum err list_work(struct db *db, struct address_run *a)
{
	struct stored_address all[STORE_ADDRESSES_MAX];
	size_t n = STORE_ADDRESSES_MAX;

	TRY(store_address_list(db, a->integration.organisation, a->integration.row, all, &n));
	for (size_t i = 0; i < n; i++)
		address_print(&all[i], a->address.created_at);
	if (n == 0)
		printf("none: it may call from anywhere\n");
	return OK;
}

static enum err activate_work(struct db *db, struct address_run *a)
{
	return store_address_activate(db, a->integration.organisation, a->integration.row,
	    a->address.network, a->address.created_at);
}

static enum err remove_work(struct db *db, struct address_run *a)
{
	return store_address_remove(
	    db, a->integration.organisation, a->integration.row, a->address.network);
}

static enum err add(struct organization_run *run)
{
	return run_on(run, add_work);
}

static enum err list(struct organization_run *run)
{
	return run_on(run, list_work);
}

static enum err activate(struct organization_run *run)
{
	return run_on(run, activate_work);
}

static enum err remove_one(struct organization_run *run)
{
	return run_on(run, remove_work);
}

int organization_address(int argc, char **argv)
{
	static const struct organization_verb verbs[] = {
	    {"add", "UUID NETWORK [--organization ID] [--active]",
		"let it call from there only, 48 hours from now on, or at once", add, true, 2,
		true},
	    {"list", "UUID [--organization ID]", "list them", list, true, 1},
	    {"activate", "UUID NETWORK [--organization ID]", "end the waiting", activate, true, 2,
		true},
	    {"remove", "UUID NETWORK [--organization ID]", "take it off the list", remove_one, true,
		2, true},
	};

	return organization_choose(verbs, 4, "organization integration address", argc, argv);
}
