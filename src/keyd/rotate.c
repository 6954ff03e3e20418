/*
 * A new generation of a key. What always holds: the list of generations is replaced last and by
 * one rename, so an interrupted rotation has not happened (its key files are taken up by the next
 * one); a private key is removed only when one that took its place is in use and nobody is told of
 * the old one any more; its public half stays.
 */
#include "keyd/certificate.h"
#include "keyd/create.h"
#include "keyd/keyring.h"
#include "keyd/own.h"

#include "base/clock.h"
#include "base/log.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LIST_MAX (64 * 1024)
#define BUNDLE_MAX (256 * 1024)

struct rotation {
	int dir;
	const struct keyd_rotation *ask;
	struct generations before; /* of the class at hand */
	const char *class;
	unsigned number; /* of the new generation */
	struct buf list; /* the new list of generations */
};

static enum err bio_bytes(BIO *bio, struct buf *out)
{
	char *data = NULL;
	long size = BIO_get_mem_data(bio, &data);

	ENSURE(size > 0, ERR_CRYPTO);
	buf_put(out, data, (size_t)size);
	return buf_done(out);
}

/* The public half under its own name, then the private one is gone. */
static enum err retire(struct rotation *r, unsigned number)
{
	EVP_PKEY *key CLEANUP(pkey_freep) = NULL;
	BIO *bio CLEANUP(bio_freep) = BIO_new(BIO_s_mem());
	struct buf text CLEANUP(buf_free);
	char name[GENERATION_NAME_MAX], public_name[GENERATION_NAME_MAX];

	buf_init(&text, 4096);
	generation_file(r->class, number, "key", name);
	generation_file(r->class, number, "pub", public_name);
	if (!file_exists(r->dir, name))
		return OK;
	ENSURE(bio != NULL, ERR_MEMORY);
	TRY(key_pem_read(r->dir, name, &key));
	ENSURE(PEM_write_bio_PUBKEY(bio, key) == 1, ERR_CRYPTO);
	TRY(bio_bytes(bio, &text));
	TRY(file_create(r->dir, public_name, buf_span(&text)));
	return unlinkat(r->dir, name, 0) == 0 ? OK : ERR_IO;
}

static enum err retire_old(struct rotation *r)
{
	int64_t now = r->ask->now / CLOCK_SECOND;
	size_t used = generation_at(&r->before, now);

	for (size_t i = 0; i < used; i++)
		if (r->before.list[i].until != 0 && r->before.list[i].until <= now)
			TRY(retire(r, r->before.list[i].number));
	return OK;
}

static enum err certificate_for(struct rotation *r, EVP_PKEY *key)
{
	char name[GENERATION_NAME_MAX], organisation[256] = "";
	EVP_PKEY *ca_key CLEANUP(pkey_freep) = NULL;
	X509 *ca CLEANUP(x509_freep) = NULL, *leaf CLEANUP(x509_freep) = NULL;
	struct buf der CLEANUP(buf_free);
	bool is_seal = r->ask->class == KEYD_CLASS_SEAL;
	struct certificate_form form = {.organisation = organisation,
	    .name = is_seal ? SEAL_CERTIFICATE_NAME : TLS_CERTIFICATE_NAME,
	    .days = is_seal ? SEAL_CERTIFICATE_DAYS : TLS_CERTIFICATE_DAYS,
	    .is_seal = is_seal,
	    .hosts = r->ask->hosts};

	buf_init(&der, LIST_MAX);
	generation_file(r->class, r->number, "crt", name);
	if (file_exists(r->dir, name))
		return OK;
	TRY(chain_pem_read(r->dir, "seal-ca.crt", &der, &ca));
	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(ca), NID_organizationName, organisation, sizeof(organisation));
	if (is_seal)
		TRY(key_pem_read(r->dir, "seal-ca.key", &ca_key));
	TRY(certificate_make(&form, key, is_seal ? ca : NULL, ca_key, &leaf));
	return chain_save(r->dir, name, leaf, is_seal ? ca : NULL);
}

/* Clients trust keys/tls.crt: the new certificate joins the ones that they have. */
static enum err trust(struct rotation *r)
{
	struct buf bundle CLEANUP(buf_free), added CLEANUP(buf_free);
	char name[GENERATION_NAME_MAX];

	buf_init(&bundle, BUNDLE_MAX);
	buf_init(&added, LIST_MAX);
	generation_file(r->class, r->number, "crt", name);
	TRY(key_file_read(r->dir, "tls.crt", false, &bundle));
	TRY(key_file_read(r->dir, name, false, &added));
	if (memmem(bundle.data, bundle.size, added.data, added.size) != NULL)
		return OK;
	buf_put_span(&bundle, buf_span(&added));
	TRY(buf_done(&bundle));
	return file_replace(r->dir, "tls.crt", buf_span(&bundle));
}

static enum err follow_check(const struct rotation *r)
{
	const struct generation *oldest = &r->before.list[0],
				*newest = &r->before.list[r->before.count - 1];

	ENSURE(newest->from <= r->ask->from / CLOCK_SECOND, ERR_CONFLICT);
	ENSURE(r->before.count < GENERATIONS_MAX ||
		   (oldest->until != 0 && oldest->until <= r->ask->now / CLOCK_SECOND),
	    ERR_TOO_MANY);
	return OK;
}

static enum err class_rotate(
    struct rotation *r, const char *class, const char *type, const char *curve)
{
	EVP_PKEY *key CLEANUP(pkey_freep) = NULL;
	char name[GENERATION_NAME_MAX];

	r->class = class;
	TRY(generations_read(r->dir, class, &r->before));
	TRY(follow_check(r));
	r->number = r->before.list[r->before.count - 1].number + 1;
	generation_file(class, r->number, "key", name);
	TRY(key_ensure(r->dir, name, type, curve, &key));
	if (r->ask->class == KEYD_CLASS_SEAL || r->ask->class == KEYD_CLASS_TLS)
		TRY(certificate_for(r, key));
	if (r->ask->class == KEYD_CLASS_TLS)
		TRY(trust(r));
	buf_format(&r->list, "%s %u %lld %lld\n", class, r->number,
	    (long long)(r->ask->from / CLOCK_SECOND), (long long)(r->ask->until / CLOCK_SECOND));
	return retire_old(r);
}

static enum err all_rotate(struct rotation *r)
{
	enum err e = key_file_read(r->dir, GENERATIONS_FILE, true, &r->list);

	ENSURE(e == OK || e == ERR_NOT_FOUND, e);
	switch (r->ask->class) {
	case KEYD_CLASS_RESPONSE:
		TRY(class_rotate(r, CLASS_ES512, "EC", "P-521"));
		TRY(class_rotate(r, CLASS_ED25519, "ED25519", NULL));
		break;
	case KEYD_CLASS_WEBHOOK: TRY(class_rotate(r, CLASS_WEBHOOK, "ED25519", NULL)); break;
	case KEYD_CLASS_SEAL: TRY(class_rotate(r, CLASS_SEAL, "EC", "P-256")); break;
	case KEYD_CLASS_TLS: TRY(class_rotate(r, CLASS_TLS, "EC", "P-256")); break;
	}
	TRY(buf_done(&r->list));
	return file_replace(r->dir, GENERATIONS_FILE, buf_span(&r->list));
}

enum err keyd_keys_rotate(const char *data, const struct keyd_rotation *ask)
{
	struct rotation r = {.ask = ask};
	char path[4096];
	int dir CLEANUP(closep) = -1;
	enum err e;

	snprintf(path, sizeof(path), "%s/keys", data);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ENSURE(dir >= 0, ERR_IO);
	ENSURE(flock(dir, LOCK_EX) == 0, ERR_IO); /* one rotation at a time */
	r.dir = dir;
	buf_init(&r.list, LIST_MAX);
	e = all_rotate(&r);
	buf_free(&r.list);
	return e;
}
