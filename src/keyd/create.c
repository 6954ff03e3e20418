/*
 * Making what DIR/keys lacks. A file that exists is never touched, and each file appears whole:
 * written under another name, synced, then linked. A key and its certificate are made together; the
 * certificate last, so that an interrupted run is finished by the next one.
 */
#include "keyd/create.h"

#include "keyd/certificate.h"
#include "keyd/keyring.h"
#include "keyd/own.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_exists(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum err write_all(int fd, struct span bytes)
{
	while (bytes.size > 0) {
		ssize_t done = write(fd, bytes.data, bytes.size);
		ENSURE(done > 0, ERR_IO);
		bytes.data += done;
		bytes.size -= (size_t)done;
	}
	return fsync(fd) == 0 ? OK : ERR_IO;
}

#define TEMPORARY_MAX 80

static enum err temporary_write(
    int dir, const char *name, struct span bytes, char temporary[TEMPORARY_MAX])
{
	enum err e;
	int fd;

	snprintf(temporary, TEMPORARY_MAX, ".%s.new", name);
	unlinkat(dir, temporary, 0);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ENSURE(fd >= 0, ERR_IO);
	e = write_all(fd, bytes);
	close(fd);
	return e;
}

enum err file_replace(int dir, const char *name, struct span bytes)
{
	char temporary[TEMPORARY_MAX];

	TRY(temporary_write(dir, name, bytes, temporary));
	ENSURE(renameat(dir, temporary, dir, name) == 0, ERR_IO);
	return fsync(dir) == 0 ? OK : ERR_IO;
}

enum err file_create(int dir, const char *name, struct span bytes)
{
	char temporary[TEMPORARY_MAX];
	enum err e = temporary_write(dir, name, bytes, temporary);

	if (e == OK && linkat(dir, temporary, dir, name, 0) != 0)
		e = errno == EEXIST ? OK : ERR_IO;
	unlinkat(dir, temporary, 0);
	ENSURE(fsync(dir) == 0, ERR_IO);
	return e;
}

static enum err bio_save(int dir, const char *name, BIO *bio)
{
	char *data = NULL;
	long size = BIO_get_mem_data(bio, &data);

	ENSURE(size > 0, ERR_CRYPTO);
	return file_create(dir, name, span_of(data, (size_t)size));
}

static enum err key_save(int dir, const char *name, EVP_PKEY *key)
{
	BIO *bio CLEANUP(bio_freep) = BIO_new(BIO_s_secmem());

	ENSURE(bio != NULL, ERR_MEMORY);
	ENSURE(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, ERR_CRYPTO);
	return bio_save(dir, name, bio);
}

enum err chain_save(int dir, const char *name, X509 *leaf, X509 *issuer)
{
	BIO *bio CLEANUP(bio_freep) = BIO_new(BIO_s_mem());

	ENSURE(bio != NULL, ERR_MEMORY);
	ENSURE(PEM_write_bio_X509(bio, leaf) == 1, ERR_CRYPTO);
	ENSURE(issuer == NULL || PEM_write_bio_X509(bio, issuer) == 1, ERR_CRYPTO);
	return bio_save(dir, name, bio);
}

static EVP_PKEY *key_make(const char *type, const char *curve)
{
	return curve == NULL ? EVP_PKEY_Q_keygen(NULL, NULL, type)
			     : EVP_PKEY_Q_keygen(NULL, NULL, type, curve);
}

enum err key_ensure(int dir, const char *name, const char *type, const char *curve, EVP_PKEY **out)
{
	if (!file_exists(dir, name)) {
		EVP_PKEY *key CLEANUP(pkey_freep) = key_make(type, curve);
		ENSURE(key != NULL, ERR_CRYPTO);
		TRY(key_save(dir, name, key));
	}
	return key_pem_read(dir, name, out);
}

/* A rotation left the public half of a key that signs no more: it is not made again. */
static bool is_retired(int dir, const char *class)
{
	char name[GENERATION_NAME_MAX];

	generation_file(class, 1, "pub", name);
	return file_exists(dir, name);
}

static enum err key_only(int dir, const char *class, const char *type, const char *curve)
{
	EVP_PKEY *key CLEANUP(pkey_freep) = NULL;
	char name[GENERATION_NAME_MAX];

	if (is_retired(dir, class))
		return OK;
	generation_file(class, 1, "key", name);
	return key_ensure(dir, name, type, curve, &key);
}

static enum err root_ensure(int dir)
{
	uint8_t root[KEY_SIZE];
	enum err e;

	if (file_exists(dir, "root.key"))
		return OK;
	TRY(random_bytes(root, sizeof(root)));
	e = file_create(dir, "root.key", span_of(root, sizeof(root)));
	secret_wipe(root, sizeof(root));
	return e;
}

static enum err tls_ensure(int dir, const char *organisation, const char *const *hosts)
{
	EVP_PKEY *key CLEANUP(pkey_freep) = NULL;
	X509 *certificate CLEANUP(x509_freep) = NULL;
	struct certificate_form form = {.organisation = organisation,
	    .name = TLS_CERTIFICATE_NAME,
	    .days = TLS_CERTIFICATE_DAYS,
	    .hosts = hosts};

	if (is_retired(dir, CLASS_TLS))
		return OK;
	TRY(key_ensure(dir, "tls.key", "EC", "P-256", &key));
	if (file_exists(dir, "tls.crt"))
		return OK;
	TRY(certificate_make(&form, key, NULL, NULL, &certificate));
	return chain_save(dir, "tls.crt", certificate, NULL);
}

static enum err authority_ensure(
    int dir, const char *organisation, EVP_PKEY **key, X509 **certificate)
{
	struct certificate_form form = {.organisation = organisation,
	    .name = "Chirograph sealing authority",
	    .days = 3652,
	    .is_authority = true};
	struct buf der CLEANUP(buf_free);

	buf_init(&der, 65536);
	TRY(key_ensure(dir, "seal-ca.key", "EC", "P-256", key));
	if (file_exists(dir, "seal-ca.crt"))
		return chain_pem_read(dir, "seal-ca.crt", &der, certificate);
	TRY(certificate_make(&form, *key, NULL, NULL, certificate));
	return chain_save(dir, "seal-ca.crt", *certificate, NULL);
}

static enum err seal_ensure(int dir, const char *organisation)
{
	EVP_PKEY *key CLEANUP(pkey_freep) = NULL, *ca_key CLEANUP(pkey_freep) = NULL;
	X509 *leaf CLEANUP(x509_freep) = NULL, *ca CLEANUP(x509_freep) = NULL;
	struct certificate_form form = {.organisation = organisation,
	    .name = SEAL_CERTIFICATE_NAME,
	    .days = SEAL_CERTIFICATE_DAYS,
	    .is_seal = true};

	TRY(authority_ensure(dir, organisation, &ca_key, &ca));
	if (is_retired(dir, CLASS_SEAL))
		return OK;
	TRY(key_ensure(dir, "seal.key", "EC", "P-256", &key));
	if (file_exists(dir, "seal.crt"))
		return OK;
	TRY(certificate_make(&form, key, ca, ca_key, &leaf));
	return chain_save(dir, "seal.crt", leaf, ca);
}

static enum err all_ensure(int dir, const char *organisation, const char *const *hosts)
{
	TRY(root_ensure(dir));
	TRY(key_only(dir, CLASS_WEBHOOK, "ED25519", NULL));
	TRY(key_only(dir, CLASS_ES512, "EC", "P-521"));
	TRY(key_only(dir, CLASS_ED25519, "ED25519", NULL));
	TRY(tls_ensure(dir, organisation, hosts));
	return seal_ensure(dir, organisation);
}

enum err keyd_keys_create(const char *data, const char *organisation_name, const char *const *hosts)
{
	char path[4096];
	int dir CLEANUP(closep) = -1;

	snprintf(path, sizeof(path), "%s/keys", data);
	ENSURE(mkdir(path, 0700) == 0 || errno == EEXIST, ERR_IO);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ENSURE(dir >= 0, ERR_IO);
	return all_ensure(dir, organisation_name, hosts);
}
