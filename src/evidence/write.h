/* Shared by the files that write the evidence. */
#ifndef CHIROGRAPH_EVIDENCE_WRITE_H
#define CHIROGRAPH_EVIDENCE_WRITE_H

#include "evidence/story.h"

enum err CHECKED evidence_signer(struct json_writer *w, const struct story *s, size_t signer);

#endif
