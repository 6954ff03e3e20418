/*
 * May an envelope be sent now? Only when what it will need later works: the sealing key, and a
 * gateway for each signer's methods. Found out before anybody signs, not after.
 */
#ifndef CHIROGRAPH_API_READY_H
#define CHIROGRAPH_API_READY_H

#include "api/call.h"

enum err CHECKED ready_for_signers(struct call *call, const struct envelope_new *new);
enum err CHECKED ready_for_record(struct call *call, const struct envelope *state);

#endif
