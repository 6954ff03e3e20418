/*
 * Sweeping blobs that no row names: a blob is written before the commit that names it, so a
 * request that failed in between leaves one behind. Only what is older than the age given is
 * touched, since a young one may be named by a commit still to come.
 */
#include "store/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sweep {
	int64_t modified_before; /* ms */
	blob_named is_named;
	void *ctx;
	size_t removed;
};

static enum err file_sweep(struct sweep *s, int dir, const char *name)
{
	struct stat st;
	bool is_named = false;
	size_t hex = strspn(name, "0123456789abcdef");
	bool is_blob = hex == BLOB_ID_SIZE - 1 && name[hex] == '\0';
	bool is_part = hex == BLOB_ID_SIZE - 1 && strcmp(name + hex, ".part") == 0;
	if (!is_blob && !is_part)
		return OK;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? OK : ERR_IO;
	if ((int64_t)st.st_mtime * 1000 >= s->modified_before)
		return OK;
	if (is_blob)
		TRY(s->is_named(s->ctx, name, &is_named));
	if (is_named)
		return OK;
	ENSURE(unlinkat(dir, name, 0) == 0 || errno == ENOENT, ERR_IO);
	s->removed++;
	return OK;
}

/* Takes dir over. */
static enum err folder_walk(
    struct sweep *s, int dir, enum err (*each)(struct sweep *s, int dir, const char *name))
{
	enum err e = OK;
	DIR *list = fdopendir(dir);
	if (list == NULL)
		close(dir);
	ENSURE(list != NULL, ERR_IO);
	for (struct dirent *d; e == OK && (d = readdir(list)) != NULL;)
		if (d->d_name[0] != '.')
			e = each(s, dirfd(list), d->d_name);
	closedir(list);
	return e;
}

static enum err shard_sweep(struct sweep *s, int dir, const char *name)
{
	if (strlen(name) != 2)
		return OK;
	int shard = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ENSURE(shard >= 0, ERR_IO);
	return folder_walk(s, shard, file_sweep);
}

enum err blob_sweep(const char *data, int64_t now, int64_t min_age_ms, blob_named is_named,
    void *ctx, size_t *removed)
{
	struct sweep s = {.modified_before = now - min_age_ms, .is_named = is_named, .ctx = ctx};
	char path[PATH_MAX];
	ENSURE(snprintf(path, sizeof(path), "%s/blobs", data) < (int)sizeof(path), ERR_IO);
	int blobs = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int why = errno;
	ENSURE(blobs >= 0 || why == ENOENT, ERR_IO);
	enum err e = blobs < 0 ? OK : folder_walk(&s, blobs, shard_sweep);
	if (removed != NULL)
		*removed = s.removed;
	return e;
}
