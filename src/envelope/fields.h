/*
 * Putting fields on an event. Fields that would be empty are left out, so an event never
 * claims to know what it does not. Room for the actor is always kept (EVENT_FIELDS_MAX).
 */
#ifndef CHIROGRAPH_ENVELOPE_FIELDS_H
#define CHIROGRAPH_ENVELOPE_FIELDS_H

#include "envelope/envelope.h"

void event_int(struct event *e, const char *name, int64_t value);
void event_text(struct event *e, const char *name, struct span text);
void field_bytes(struct event *e, const char *name, struct span bytes);
void field_personal(struct event *e, const char *name, struct span text);
void field_personal_bytes(struct event *e, const char *name, struct span bytes);
void fields_actor(struct event *e, const struct actor *actor);

#endif
