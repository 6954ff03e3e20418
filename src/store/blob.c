/*
 * Sealed files. The file: a head of 16 bytes ("CGB1", zero, plain size, big endian) and then the
 * chunks, each nonce || ciphertext || tag over LIMIT_BLOB_CHUNK plain bytes (the last may be
 * shorter; an empty blob has one empty chunk). Associated data of a chunk: the head, the id and
 * the index. So what always holds: bytes handed out were written by this program, for this
 * blob, at this place, in a blob of this size. The head alone is never believed: a changed size
 * makes every chunk fail.
 */
#include "store/blob.h"

#include "base/codec.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE 16
#define CHUNK ((uint64_t)LIMIT_BLOB_CHUNK)
#define CHUNK_EXTRA (GCM_NONCE_SIZE + GCM_TAG_SIZE)
#define AAD_SIZE (HEAD_SIZE + BLOB_ID_SIZE - 1 + 8)
#define ID_BYTES 16
#define UNFINISHED ".part"

static const uint8_t magic[8] = {'C', 'G', 'B', '1', 0, 0, 0, 0};

struct blob_writer {
	int dir, fd; /* dir: the folder DIR/blobs/ab */
	uint8_t key[KEY_SIZE];
	uint64_t size, index; /* plain bytes promised; chunks written */
	uint64_t taken;       /* plain bytes given so far */
	struct buf plain, sealed;
	char id[BLOB_ID_SIZE];
	bool is_finished;
};

struct blob {
	int fd;
	uint8_t key[KEY_SIZE];
	uint64_t size;
	char id[BLOB_ID_SIZE];
	struct buf sealed, plain;
	uint64_t at; /* index of the chunk in plain; UINT64_MAX: none */
};

/* Why a write failed: a full disk is nobody's mistake and passes. */
static enum err write_error(void)
{
	return errno == ENOSPC || errno == EDQUOT ? ERR_NO_SPACE : ERR_IO;
}

static void put_u64(uint8_t *out, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		out[i] = (uint8_t)v;
}

static uint64_t get_u64(const uint8_t *in)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | in[i];
	return v;
}

static void head_fill(uint8_t out[HEAD_SIZE], uint64_t size)
{
	memcpy(out, magic, sizeof(magic));
	put_u64(out + sizeof(magic), size);
}

static void aad_fill(uint8_t out[AAD_SIZE], uint64_t size, const char *id, uint64_t index)
{
	head_fill(out, size);
	memcpy(out + HEAD_SIZE, id, BLOB_ID_SIZE - 1);
	put_u64(out + HEAD_SIZE + BLOB_ID_SIZE - 1, index);
}

static bool id_is_valid(const char *id)
{
	return strlen(id) == BLOB_ID_SIZE - 1 && strspn(id, "0123456789abcdef") == BLOB_ID_SIZE - 1;
}

static void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static enum err folder_make(int at, const char *name)
{
	if (mkdirat(at, name, 0700) == 0)
		return fsync(at) == 0 ? OK : ERR_IO;
	return errno == EEXIST ? OK : write_error();
}

static int folder_open(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Only blobs/ itself is opened: the sandbox gives no right to list DIR. */
static int blobs_open(const char *data)
{
	char path[PATH_MAX];
	int size = snprintf(path, sizeof(path), "%s/blobs", data);
	return size < (int)sizeof(path) ? folder_open(AT_FDCWD, path) : -1;
}

/* Init makes blobs/; a store without one (a test, a tool) gets it here. */
static enum err blobs_make(const char *data, int *out)
{
	int root = folder_open(AT_FDCWD, data);
	ENSURE(root >= 0, ERR_IO);
	enum err e = folder_make(root, "blobs");
	close(root);
	*out = e == OK ? blobs_open(data) : -1;
	return e;
}

/* The folder of an id, DIR/blobs/ab. */
static enum err shard_open(const char *data, const char *id, bool is_new, int *out)
{
	char shard[3] = {id[0], id[1], '\0'};
	enum err e = OK;
	int blobs = blobs_open(data);
	if (blobs < 0 && is_new)
		e = blobs_make(data, &blobs);
	if (e == OK && blobs >= 0 && is_new)
		e = folder_make(blobs, shard);
	*out = e == OK && blobs >= 0 ? folder_open(blobs, shard) : -1;
	int why = errno;
	fd_close(blobs);
	ENSURE(e == OK, e);
	ENSURE(*out >= 0, why == ENOENT ? ERR_NOT_FOUND : ERR_IO);
	return OK;
}

static enum err write_all(int fd, struct span s)
{
	while (s.size > 0) {
		ssize_t n = write(fd, s.data, s.size);
		if (n < 0 && errno == EINTR)
			continue;
		ENSURE(n > 0, write_error());
		s.data += n;
		s.size -= (size_t)n;
	}
	return OK;
}

static enum err read_all(int fd, uint8_t *out, size_t size, uint64_t offset)
{
	while (size > 0) {
		ssize_t n = pread(fd, out, size, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		ENSURE(n >= 0, ERR_IO);
		ENSURE(n > 0, ERR_DECRYPT); /* shorter than its head says */
		out += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return OK;
}

static void part_name(char out[BLOB_ID_SIZE + sizeof(UNFINISHED)], const char *id)
{
	snprintf(out, BLOB_ID_SIZE + sizeof(UNFINISHED), "%s" UNFINISHED, id);
}

static enum err writer_open(struct blob_writer *w, const char *data)
{
	uint8_t random[ID_BYTES], head[HEAD_SIZE];
	char part[BLOB_ID_SIZE + sizeof(UNFINISHED)];
	TRY(random_bytes(random, sizeof(random)));
	hex_text(w->id, random, sizeof(random));
	TRY(shard_open(data, w->id, true, &w->dir));
	part_name(part, w->id);
	w->fd = openat(w->dir, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ENSURE(w->fd >= 0, write_error());
	head_fill(head, w->size);
	return write_all(w->fd, span_of(head, sizeof(head)));
}

enum err blob_writer_new(
    const char *data, const uint8_t key[KEY_SIZE], uint64_t plain_size, struct blob_writer **out)
{
	ENSURE(plain_size <= LIMIT_BLOB_BYTES, ERR_TOO_LARGE);
	struct blob_writer *w = mem_alloc(sizeof(*w));
	ENSURE(w != NULL, ERR_MEMORY);
	w->dir = w->fd = -1;
	w->size = plain_size;
	memcpy(w->key, key, KEY_SIZE);
	buf_init(&w->plain, CHUNK);
	buf_init(&w->sealed, CHUNK + CHUNK_EXTRA);
	enum err e = writer_open(w, data);
	if (e != OK) {
		blob_writer_free(w);
		return e;
	}
	*out = w;
	return OK;
}

static enum err chunk_write(struct blob_writer *w, struct span plain)
{
	uint8_t aad[AAD_SIZE];
	aad_fill(aad, w->size, w->id, w->index);
	buf_reset(&w->sealed);
	TRY(gcm_seal(w->key, span_of(aad, sizeof(aad)), plain, &w->sealed));
	TRY(buf_done(&w->sealed));
	TRY(write_all(w->fd, buf_span(&w->sealed)));
	w->index++;
	return OK;
}

/* Whole chunks go from the piece itself; only a rest waits in the buffer. */
enum err blob_writer_put(struct blob_writer *w, struct span piece)
{
	ENSURE(piece.size <= w->size - w->taken, ERR_IO);
	w->taken += piece.size;
	while (w->plain.size + piece.size >= CHUNK) {
		size_t n = CHUNK - w->plain.size;
		struct span chunk = span_of(piece.data, n);
		if (w->plain.size > 0) {
			buf_put(&w->plain, piece.data, n);
			TRY(buf_done(&w->plain));
			chunk = buf_span(&w->plain);
		}
		TRY(chunk_write(w, chunk));
		buf_reset(&w->plain);
		piece = span_of(piece.data + n, piece.size - n);
	}
	buf_put_span(&w->plain, piece);
	return buf_done(&w->plain);
}

enum err blob_writer_finish(struct blob_writer *w, char id[BLOB_ID_SIZE])
{
	char part[BLOB_ID_SIZE + sizeof(UNFINISHED)];
	ENSURE(w->taken == w->size, ERR_IO);
	if (w->plain.size > 0 || w->size == 0)
		TRY(chunk_write(w, buf_span(&w->plain)));
	ENSURE(fdatasync(w->fd) == 0, write_error());
	part_name(part, w->id);
	ENSURE(renameat(w->dir, part, w->dir, w->id) == 0, write_error());
	w->is_finished = true;
	ENSURE(fsync(w->dir) == 0, ERR_IO);
	memcpy(id, w->id, BLOB_ID_SIZE);
	return OK;
}

void blob_writer_free(struct blob_writer *w)
{
	char part[BLOB_ID_SIZE + sizeof(UNFINISHED)];
	if (w == NULL)
		return;
	part_name(part, w->id);
	if (w->fd >= 0 && !w->is_finished)
		unlinkat(w->dir, part, 0);
	fd_close(w->fd);
	fd_close(w->dir);
	buf_free(&w->plain);
	buf_free(&w->sealed);
	mem_free(w, sizeof(*w));
}

enum err blob_write(
    const char *data, const uint8_t key[KEY_SIZE], struct span plain, char id[BLOB_ID_SIZE])
{
	struct blob_writer *w = NULL;
	TRY(blob_writer_new(data, key, plain.size, &w));
	enum err e = blob_writer_put(w, plain);
	if (e == OK)
		e = blob_writer_finish(w, id);
	blob_writer_free(w);
	return e;
}

static uint64_t chunk_count(uint64_t size)
{
	return size == 0 ? 1 : (size + CHUNK - 1) / CHUNK;
}

static enum err blob_begin(struct blob *b, const char *data)
{
	uint8_t head[HEAD_SIZE];
	struct stat st;
	int dir = -1;
	TRY(shard_open(data, b->id, false, &dir));
	b->fd = openat(dir, b->id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int why = errno;
	close(dir);
	ENSURE(b->fd >= 0, why == ENOENT ? ERR_NOT_FOUND : ERR_IO);
	TRY(read_all(b->fd, head, sizeof(head), 0));
	ENSURE(memcmp(head, magic, sizeof(magic)) == 0, ERR_DECRYPT);
	b->size = get_u64(head + sizeof(magic));
	ENSURE(b->size <= LIMIT_BLOB_BYTES, ERR_DECRYPT);
	ENSURE(fstat(b->fd, &st) == 0, ERR_IO);
	uint64_t whole = HEAD_SIZE + b->size + chunk_count(b->size) * CHUNK_EXTRA;
	ENSURE((uint64_t)st.st_size == whole, ERR_DECRYPT);
	return OK;
}

enum err blob_open(const char *data, const uint8_t key[KEY_SIZE], const char *id, struct blob **out)
{
	ENSURE(id_is_valid(id), ERR_NOT_FOUND);
	struct blob *b = mem_alloc(sizeof(*b));
	ENSURE(b != NULL, ERR_MEMORY);
	b->fd = -1;
	b->at = UINT64_MAX;
	memcpy(b->key, key, KEY_SIZE);
	memcpy(b->id, id, BLOB_ID_SIZE);
	buf_init(&b->sealed, CHUNK + CHUNK_EXTRA);
	buf_init(&b->plain, CHUNK);
	enum err e = blob_begin(b, data);
	if (e != OK) {
		blob_close(b);
		return e;
	}
	*out = b;
	return OK;
}

uint64_t blob_size(const struct blob *b)
{
	return b->size;
}

void blob_close(struct blob *b)
{
	if (b == NULL)
		return;
	fd_close(b->fd);
	buf_free(&b->sealed);
	buf_free(&b->plain);
	mem_free(b, sizeof(*b));
}

/* The chunk into b->plain, unless it is there. */
static enum err chunk_read(struct blob *b, uint64_t index)
{
	uint8_t aad[AAD_SIZE];
	if (b->at == index)
		return OK;
	uint64_t left = b->size - index * CHUNK;
	size_t n = (size_t)(left < CHUNK ? left : CHUNK) + CHUNK_EXTRA;
	b->at = UINT64_MAX;
	buf_reset(&b->sealed);
	buf_reset(&b->plain);
	uint8_t *room = buf_extend(&b->sealed, n);
	ENSURE(room != NULL, ERR_MEMORY);
	TRY(read_all(b->fd, room, n, HEAD_SIZE + index * (CHUNK + CHUNK_EXTRA)));
	aad_fill(aad, b->size, b->id, index);
	TRY(gcm_open(b->key, span_of(aad, sizeof(aad)), buf_span(&b->sealed), &b->plain));
	TRY(buf_done(&b->plain));
	b->at = index;
	return OK;
}

enum err blob_read_at(struct blob *b, uint64_t offset, size_t size, struct buf *out)
{
	if (offset > b->size)
		offset = b->size;
	if (size > b->size - offset)
		size = (size_t)(b->size - offset);
	if (b->size == 0)
		TRY(chunk_read(b, 0));
	while (size > 0) {
		size_t from = (size_t)(offset % CHUNK), n = CHUNK - from;
		if (n > size)
			n = size;
		TRY(chunk_read(b, offset / CHUNK));
		ENSURE(from + n <= b->plain.size, ERR_DECRYPT);
		buf_put(out, b->plain.data + from, n);
		offset += n;
		size -= n;
	}
	return buf_done(out);
}

enum err blob_read(const char *data, const uint8_t key[KEY_SIZE], const char *id, struct buf *out)
{
	struct blob *b = NULL;
	TRY(blob_open(data, key, id, &b));
	enum err e = blob_read_at(b, 0, (size_t)b->size, out);
	blob_close(b);
	return e;
}

enum err blob_remove(const char *data, const char *id)
{
	int dir = -1;
	ENSURE(id_is_valid(id), ERR_NOT_FOUND);
	enum err e = shard_open(data, id, false, &dir);
	if (e == ERR_NOT_FOUND)
		return OK;
	ENSURE(e == OK, e);
	if (unlinkat(dir, id, 0) != 0 && errno != ENOENT)
		e = ERR_IO;
	if (e == OK && fsync(dir) != 0)
		e = ERR_IO;
	close(dir);
	return e;
}
