/*
 * Idempotency-Key: the same key with the same request gets the stored answer; with another
 * body or route it is refused. Kept for LIMIT_IDEMPOTENCY_MS per organisation and API key.
 */
#ifndef CHIROGRAPH_API_IDEMPOTENCY_H
#define CHIROGRAPH_API_IDEMPOTENCY_H

#include "api/call.h"

/* Reads the header; when a stored answer fits, writes it as the reply and sets *is_answered. */
enum err CHECKED idempotency_enter(struct call *call, bool *is_answered);

#endif
