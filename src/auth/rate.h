/*
 * How often one address did what costs us or tries somebody's luck, in the running minute. In
 * memory and bounded: the places are taken from whoever's minute ends first. An address is an
 * IPv4 address or the /64 of an IPv6 one, which is what a single customer gets.
 *
 * What is right is never refused for the wrong tries of others behind the same address (a
 * carrier's, an office's): wrong keys, links and codes have 100 random bits and more, and the
 * short one-time codes are limited with their signer. So a guess is counted once it failed.
 */
#ifndef CHIROGRAPH_AUTH_RATE_H
#define CHIROGRAPH_AUTH_RATE_H

#include "base/bytes.h"

enum rate_kind {
	RATE_KEY,    /* a wrong key, token or signature */
	RATE_LINK,   /* a signer's link or a file's that is none */
	RATE_VERIFY, /* a verification code that is none */
	RATE_CODE,   /* a one-time code asked for */
	RATE_CHECK,  /* a file handed to the verification page */
	RATE_KINDS,
};

struct rates;

/* limits: how many a minute of each kind; 0: any number. */
enum err CHECKED rates_new(const int64_t limits[RATE_KINDS], struct rates **out);
void rates_free(struct rates *r);
/* Counts one more. 0: it is within the limit, else the seconds until the minute is over. now: Unix
 * ms. */
int64_t rate_count(struct rates *r, enum rate_kind kind, const char *address, int64_t now);

#endif
