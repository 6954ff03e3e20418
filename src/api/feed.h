/*
 * The feed: GET /feed over wss. What happened to the envelopes of a key's organisation and
 * environment, one JSON object a text, in order, from the oldest that nobody has acknowledged;
 * `{"ack":"<id>"}` acknowledges. See docs/feed.md.
 */
#ifndef CHIROGRAPH_API_FEED_H
#define CHIROGRAPH_API_FEED_H

#include "api/app.h"
#include "http/http.h"

void api_feed(void *app, const struct http_request *req, struct http_reply *reply);

/* ---- how many listen, per channel of store/feed.h ---- */

struct feeds;

enum err CHECKED feeds_open(struct feeds **out);
void feeds_close(struct feeds *f);
/* ERR_FEEDS: there are as many as may be. */
enum err CHECKED feeds_enter(struct feeds *f, uint64_t channel);
void feeds_leave(struct feeds *f, uint64_t channel);
bool feeds_has(struct feeds *f, uint64_t channel); /* channel 0: any */

#endif
