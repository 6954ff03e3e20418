/*
 * Companies: an organisation's sub-accounts (manual 000), and their trusted parties. What names
 * them is sealed under the organisation's data key. Times are whole Unix seconds.
 */
#ifndef CHIROGRAPH_API_COMPANIES_H
#define CHIROGRAPH_API_COMPANIES_H

#include "api/call.h"
#include "store/companies.h"

void api_company_create(void *app, const struct http_request *req, struct http_reply *reply);
void api_company_get(void *app, const struct http_request *req, struct http_reply *reply);
void api_company_put(void *app, const struct http_request *req, struct http_reply *reply);
void api_company_search(void *app, const struct http_request *req, struct http_reply *reply);

void api_party_add(void *app, const struct http_request *req, struct http_reply *reply);
void api_party_list(void *app, const struct http_request *req, struct http_reply *reply);
void api_party_remove(void *app, const struct http_request *req, struct http_reply *reply);

/* A person may be administrator in several organisations: the company that a request names in its
 * path, or as company_id in its query, decides; else the key's organisation stays. Changes
 * call->principal before the organisation is loaded. */
enum err CHECKED company_decides(struct call *call);
/* The same for the company_id of a body, with the organisation loaded already. */
enum err CHECKED company_decides_for(struct call *call, const char *id);

struct company_scope company_scope_of(const struct call *call);
/* Of the caller's organisation and environment. ERR_NOT_FOUND. */
enum err CHECKED company_find(struct call *call, struct span id, struct stored_company *out);
/* The organisation's own data key; wipe it. */
enum err CHECKED organisation_key(struct call *call, uint8_t key[KEY_SIZE]);

#endif
