/*
 * Inside the role: calls that have a file of their own. A call reads its fields, ends the request
 * (a frame with wrong fields ends the process) and puts its answer.
 */
#ifndef CHIROGRAPH_KEYD_SERVE_H
#define CHIROGRAPH_KEYD_SERVE_H

#include "keyd/calls.h"
#include "keyd/keyring.h"

#include "base/wire.h"

static inline void end_request(const struct wire_reader *r)
{
	if (!wire_end(r))
		wire_die("keyd: a request with wrong fields");
}

enum err CHECKED call_webhook_sign(
    struct keyring *ring, struct wire_reader *r, struct wire_writer *w);
enum err CHECKED call_webhook_public(
    struct keyring *ring, struct wire_reader *r, struct wire_writer *w);
enum err CHECKED call_response_public(
    struct keyring *ring, struct wire_reader *r, struct wire_writer *w);
enum err CHECKED call_response_plain(
    struct keyring *ring, struct wire_reader *r, struct wire_writer *w);
enum err CHECKED call_response_wrapped(
    struct keyring *ring, struct wire_reader *r, struct wire_writer *w);
enum err CHECKED call_response_message(
    struct keyring *ring, struct wire_reader *r, struct wire_writer *w);

#endif
