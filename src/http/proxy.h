/*
 * Addresses, and whose word about them counts: X-Forwarded-For is believed only as far as
 * the operator's list of trusted proxies reaches.
 */
#ifndef CHIROGRAPH_HTTP_PROXY_H
#define CHIROGRAPH_HTTP_PROXY_H

#include "base/bytes.h"

#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE 46

/* IPv6, or IPv4 in its mapped form. */
struct address {
	uint8_t bytes[16];
	bool is_set;
};

struct address address_of(const struct sockaddr *sa);
bool address_parse(struct span text, struct address *out); /* also with a port or in brackets */
void address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

struct proxies;

/* list: addresses or CIDR, NULL ended; may be NULL. ERR_CONFIG for what is neither. */
enum err CHECKED proxies_new(const char *const *list, struct proxies **out);
void proxies_free(struct proxies *p);
bool proxies_trust(const struct proxies *p, const struct address *a);
/* The right-most address of forwarded that is not a trusted proxy; peer when that is untrusted. */
struct address proxies_client(const struct proxies *p, struct address peer, struct span forwarded);

#endif
