/*
 * Envelopes in the store. A record is the domain's state plus what the rows hold beside it;
 * personal columns stay sealed in it and are opened one by one with the envelope's data key
 * (wrapped in the record, opened by keyd). Associated data is table, column and position
 * inside the envelope, so sealing needs no row id and happens before the writer is entered.
 *
 * Writing: prepare, then create or command inside one store_write. decide runs in the writer;
 * events, projection and jobs land in that transaction or not at all.
 */
#ifndef CHIROGRAPH_STORE_ENVELOPES_H
#define CHIROGRAPH_STORE_ENVELOPES_H

#include "base/crypto.h"
#include "envelope/envelope.h"
#include "store/store.h"

/* ---- what is written ---- */

struct signer_profile { /* personal; NULL: not given */
	const char *name, *email, *birthdate;
	const char *cpf; /* 11 digits */
	const char *phone_dial, *phone_area, *phone_number;
	const char *language; /* "pt-BR", "en", "es" */
};

struct stored_file {
	const char *blob; /* name in the blob store; NULL: there is none */
	int64_t size;     /* bytes, clear */
	uint8_t sha256[SHA256_SIZE], sha512[SHA512_SIZE];
};

struct signer_new {
	const char *id;
	struct signer_profile profile;
	enum channel delivery, code_channel;
};

struct document_new {
	const char *id, *name;
	const char *verdict, *reason; /* words of pdf_verdict_name and pdf_report.reason */
	unsigned pages;
	struct stored_file original, normalised;
};

struct photo_new {
	size_t signer;        /* index */
	const char *template; /* cnh_front, cnh_back, rg_front, rg_back; face */
	struct stored_file file;
};

struct envelope_new {
	int64_t organisation; /* row */
	int environment;
	const char *id, *subject;
	const char *expiration_date; /* as sent, YYYY-MM-DD */
	int64_t expires_at;
	const uint8_t *data_key; /* KEY_SIZE bytes, open */
	struct span wrapped_key;
	const struct signer_new *signers;
	size_t signer_count;
	const struct document_new *documents;
	size_t document_count;
	const struct photo_new *photos;
	size_t photo_count;
	bool submit;     /* one call: created and submitted */
	int64_t company; /* row; 0: none */
	struct actor actor;
};

struct envelope_prepared; /* arena; everything decided and sealed, no row yet */

/* Runs the commands CREATE, ADD_DOCUMENT, ADD_PHOTO and (submit) SUBMIT. Outside of the writer. */
enum err CHECKED store_envelope_prepare(const struct envelope_new *in, int64_t now,
    struct arena *arena, struct envelope_prepared **out, struct fault *fault);
/* Inside the writer. ERR_CONFLICT (field "id") when this organisation's environment has the id. */
enum err CHECKED store_envelope_create(
    struct db *db, struct envelope_prepared *prepared, struct fault *fault);
const struct envelope *store_envelope_prepared_state(const struct envelope_prepared *prepared);

/* ---- what is read ---- */

struct signer_record {             /* beside state.signers[i] */
	struct span profile, link; /* sealed; link is empty until submitted */
};

struct document_record {  /* beside state.documents[i] */
	struct span name; /* sealed */
	const char *verdict, *reason;
	unsigned pages;
	int64_t created_at;
	struct stored_file original, normalised;
	struct stored_file dossier, second; /* second: the evidence PDF of a seal-only document */
};

struct envelope_record {
	struct envelope state;
	const char *expiration_date; /* as sent */
	const char *company;         /* id, NULL: none */
	struct span wrapped_key;
	struct span subject, code; /* sealed; code is empty until submitted */
	struct signer_record *signers;
	struct document_record *documents;
};

enum err CHECKED store_envelope_find(struct db *db, int64_t organisation, int environment,
    const char *id, struct arena *arena, struct envelope_record *out); /* ERR_NOT_FOUND */
enum err CHECKED store_envelope_by_row(struct db *db, int64_t organisation, int64_t row,
    struct arena *arena, struct envelope_record *out); /* ERR_NOT_FOUND */
/* hash: store_token_hash of the link's last part. ERR_LINK. */
enum err CHECKED store_envelope_by_link(struct db *db, const uint8_t hash[SHA256_SIZE],
    struct arena *arena, struct envelope_record *out, size_t *signer);
/* hash: store_token_hash of the verification code (upper case, no hyphens). ERR_NOT_FOUND. */
enum err CHECKED store_envelope_by_code(struct db *db, const uint8_t hash[SHA256_SIZE],
    struct arena *arena, struct envelope_record *out);
/* For ETags, one small read. ERR_NOT_FOUND. */
enum err CHECKED store_envelope_version(
    struct db *db, int64_t organisation, int environment, const char *id, int64_t *version);

/* Indices by external id; SIZE_MAX: there is none. */
size_t envelope_signer_find(const struct envelope *state, struct span id);
size_t envelope_document_find(const struct envelope *state, struct span id);

/* Opening sealed columns; results live in the arena. ERR_DECRYPT. */
enum err CHECKED record_subject(const struct envelope_record *r, const uint8_t key[KEY_SIZE],
    struct arena *arena, const char **out);
enum err CHECKED record_code(const struct envelope_record *r, const uint8_t key[KEY_SIZE],
    struct arena *arena, const char **out); /* 20 characters; NULL until submitted */
enum err CHECKED record_link(const struct envelope_record *r, size_t signer,
    const uint8_t key[KEY_SIZE], struct arena *arena,
    const char **out); /* the token of /s/<token>; NULL until submitted */
enum err CHECKED record_profile(const struct envelope_record *r, size_t signer,
    const uint8_t key[KEY_SIZE], struct arena *arena, struct signer_profile *out);
enum err CHECKED record_document_name(const struct envelope_record *r, size_t document,
    const uint8_t key[KEY_SIZE], struct arena *arena, const char **out);

enum err CHECKED store_token_hash(struct span token, uint8_t out[SHA256_SIZE]);
/* Keyed, so that six digits do not fall out of a stolen database: command.hash of SEND_CODE and
 * CHECK_CODE. */
enum err CHECKED store_code_hash(
    const uint8_t key[KEY_SIZE], size_t signer, struct span code, uint8_t out[SHA256_SIZE]);

/* ---- commands ---- */

struct drawing_new {
	struct span strokes; /* JSON [[[x,y],…],…], 0 ≤ x,y ≤ 1; empty when typed */
	struct span typed;
};

struct dossier_new {
	struct stored_file dossier, second;
};

struct envelope_write {
	int64_t organisation, row; /* of the envelope */
	const uint8_t *data_key;
	struct command command;
	/* What is stored with it; each is needed by its command only. */
	const struct document_new *document; /* ADD_DOCUMENT: the command's hash, text, pages and
					      * size are taken from here, its index is set */
	const struct photo_new *photo;       /* ADD_PHOTO: likewise; replaces the same template */
	const struct signer_new *signer;     /* ADD_SIGNER: hash and index are set from it */
	const struct drawing_new *drawing;   /* SIGN: likewise hash, kind and typed name */
	const struct dossier_new *dossier;   /* SEALED: likewise hash and size */
	const char *code;                    /* SEND_CODE: the digits, for the message job */
};

struct envelope_outcome {
	enum err answer; /* what to tell although the transaction stands (event_list.answer) */
	enum event_kind kinds[EVENTS_PER_COMMAND_MAX];
	size_t count;                  /* 0: nothing happened, same answer as before */
	struct envelope_record record; /* after it */
};

/* Inside the writer: load, decide, apply, save, append events, add jobs. ERR_CONFLICT (field "id")
 * for a document or signer id that exists; ERR_STATE_* and the other errors of envelope_decide:
 * nothing is kept. */
enum err CHECKED store_envelope_command(struct db *db, const struct envelope_write *w, int64_t now,
    struct arena *arena, struct envelope_outcome *out, struct fault *fault);

/* ---- photos and signatures ---- */

struct photo_record {
	size_t signer;
	const char *template;
	int64_t created_at;
	struct stored_file file;
};
enum err CHECKED store_photos_load(struct db *db, const struct envelope_record *r,
    struct arena *arena, struct photo_record **out, size_t *count); /* newest last */

struct drawing_record {
	size_t signer;
	struct span sealed; /* open with record_drawing */
};
enum err CHECKED store_drawings_load(struct db *db, const struct envelope_record *r,
    struct arena *arena, struct drawing_record **out, size_t *count);
enum err CHECKED record_drawing(const struct drawing_record *d, const uint8_t key[KEY_SIZE],
    struct arena *arena, struct drawing_new *out);

/* For blob_sweep: does a row name this blob? */
enum err CHECKED store_blob_named(struct db *db, const char *blob, bool *is_named);

/* ---- events ---- */

struct event_record {
	int64_t index;    /* in the store's log, from 0 */
	int64_t sequence; /* in the envelope, from 1 */
	enum event_kind kind;
	int64_t at;
	int signer, document;      /* index, or EVENT_NONE */
	struct span body;          /* canonical bytes */
	struct span sealed;        /* fields in clear and salts */
	uint8_t hash[SHA256_SIZE]; /* SHA-256(body); the next event's "previous" */
	uint8_t leaf[SHA256_SIZE]; /* RFC 6962 §2.1: SHA-256(0x00 ‖ body) */
};
enum err CHECKED store_events_load(struct db *db, int64_t organisation, int64_t envelope,
    struct arena *arena, struct event_record **out, size_t *count);
/* JSON {"fields":{name:value,…},"hex":[names whose value is hex],"salts":{name:base64,…}}: every
 * field in clear. In the arena. */
enum err CHECKED event_record_open(const struct event_record *e, const uint8_t key[KEY_SIZE],
    struct arena *arena, struct span *json);
/* Recomputes hashes, leaves, sequence and chain: ERR_STORE when somebody changed a row. */
enum err CHECKED events_check(const struct event_record *events, size_t count);

/* ---- lists ---- */

struct envelope_filter {
	int64_t organisation;
	int environment;
	int state;             /* enum envelope_state, or -1: any */
	int64_t created_after; /* 0: any */
	const char *cursor;    /* "" or NULL: from the newest */
	unsigned page;         /* from 1; used without a cursor */
	unsigned limit;        /* ≤ LIMIT_LIST_MAX */
	int64_t company;       /* row, 0: any */
};

struct envelope_row {
	const char *id;
	int64_t row;
	enum envelope_state state;
	int64_t created_at, expires_at, signed_at, ended_at;
	struct span wrapped_key, subject; /* see row_subject */
	const char *company;              /* id, NULL: none */
};

/* Newest first. next: cursor of the following page, NULL at the end. ERR_CURSOR. */
enum err CHECKED store_envelope_list(struct db *db, const struct envelope_filter *f,
    struct arena *arena, struct envelope_row **out, size_t *count, const char **next);
enum err CHECKED row_subject(const struct envelope_row *r, const uint8_t key[KEY_SIZE],
    struct arena *arena, const char **out);

struct envelope_due {
	int64_t organisation, row;
	struct span wrapped_key;
};
/* Envelopes whose time ran out; each wants COMMAND_EXPIRE. At most limit. */
enum err CHECKED store_envelopes_due(struct db *db, int64_t now, unsigned limit,
    struct arena *arena, struct envelope_due **out, size_t *count);

#endif
