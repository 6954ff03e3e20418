/*
 * The domain, pure: decide(state, command, now) gives events or an error; apply(state, event)
 * moves the state. No clock, no random, no store, no personal data beyond what events carry.
 * The state table of docs/envelopes.md lives here and nowhere else.
 */
#ifndef CHIROGRAPH_ENVELOPE_ENVELOPE_H
#define CHIROGRAPH_ENVELOPE_ENVELOPE_H

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/limits.h"

enum envelope_state {
	ENVELOPE_CREATED,
	ENVELOPE_SUBMITTED,
	ENVELOPE_COMPLETED,
	ENVELOPE_CANCELED,
	ENVELOPE_EXPIRED,
};

enum signer_state {
	SIGNER_CREATED,
	SIGNER_SENT,
	SIGNER_OPENED,
	SIGNER_SIGNED,
	SIGNER_REFUSED,
	SIGNER_EXPIRED,
};

enum channel { CHANNEL_EMAIL, CHANNEL_SMS, CHANNEL_WHATSAPP };

/* What the signer does next. Order of the default workflow. */
enum signer_step { STEP_OPEN, STEP_CPF, STEP_READ, STEP_CODE, STEP_SIGN, STEP_DONE };

#define ENVELOPE_ID_SIZE (LIMIT_ID_CHARS + 1)

struct signer_progress {
	int64_t row;
	char id[ENVELOPE_ID_SIZE];
	enum signer_state state;
	enum channel delivery, code_channel;
	/* Times, 0: not yet. sent_at: the envelope was submitted, its message queued (states never
	 * depend on mail); delivered_at: a mail server or gateway took the invitation. */
	int64_t sent_at, delivered_at, opened_at, cpf_at, read_at, code_at, consent_at, signed_at,
	    refused_at;
	uint64_t read_mask;             /* bit n: document n was read */
	unsigned cpf_tries;             /* wrong ones in the running hour */
	int64_t cpf_window;             /* start of that hour */
	uint8_t code_hash[SHA256_SIZE]; /* keyed hash of the code now valid */
	int64_t code_sent_at;           /* 0: none is valid */
	unsigned code_tries, code_sends;
	int64_t code_window; /* start of the day that code_sends counts */
};

struct document_progress {
	int64_t row;
	char id[ENVELOPE_ID_SIZE];
	int64_t sealed_at; /* 0: not yet */
};

struct envelope {
	int64_t row, organisation;
	int environment;
	char id[ENVELOPE_ID_SIZE];
	enum envelope_state state;
	int64_t created_at, expires_at, submitted_at, ended_at;
	int64_t signed_at; /* when the last of all signers signed; 0: somebody still has to */
	int64_t version;   /* counts events: the ETag, and the sequence of the last one */
	uint8_t head[SHA256_SIZE];       /* hash of the last event, zero before the first */
	struct signer_progress *signers; /* arena */
	size_t signer_count;
	struct document_progress *documents; /* arena */
	size_t document_count;
};

enum signature_kind { SIGNATURE_DRAWN, SIGNATURE_TYPED };

enum command_kind {
	COMMAND_CREATE,
	COMMAND_ADD_DOCUMENT, /* document == document_count: the caller made room there and put row
				 and id */
	COMMAND_ADD_PHOTO,
	COMMAND_SUBMIT,
	COMMAND_CANCEL,
	COMMAND_EXPIRE,
	COMMAND_OPEN, /* the signer's page first POST */
	COMMAND_CHECK_CPF,
	COMMAND_READ,
	COMMAND_SEND_CODE,
	COMMAND_CHECK_CODE,
	COMMAND_SIGN,
	COMMAND_DECLINE,
	COMMAND_DELIVERED,  /* a message left (or failed for good) */
	COMMAND_SEALED,     /* a dossier was published */
	COMMAND_ADD_SIGNER, /* signer == signer_count: the caller made room there and put row and
			     * id */
};

/* Who acts from where, kept in the events it causes. Personal. Empty members are left out. */
struct actor {
	struct span address, forwarded, user_agent, screen, language, time_zone;
};

struct command {
	enum command_kind kind;
	size_t signer;   /* index into envelope->signers, where it matters */
	size_t document; /* index into envelope->documents, where it matters */
	struct actor actor;
	bool is_match;             /* CHECK_CPF: the caller compared, in constant time */
	bool is_proved;            /* READ, SIGN: this browser itself gave what the step needs */
	bool is_ok;                /* DELIVERED */
	enum channel channel;      /* DELIVERED */
	uint8_t hash[SHA256_SIZE]; /* SEND_CODE, CHECK_CODE: keyed hash of the code; SIGN: of the
				    * drawing or typed name; SEALED, ADD_DOCUMENT, ADD_PHOTO: of the
				    * file; CREATE, ADD_SIGNER: of the profiles */
	struct span masked;        /* SEND_CODE, DELIVERED: masked target */
	struct span purpose;       /* DELIVERED: "invite", "code", "copy" */
	struct span text;          /* CREATE: subject; DECLINE: reason; SIGN: typed name; ADD_PHOTO:
				    * template;	  ADD_DOCUMENT: verdict; DELIVERED: why it failed */
	enum signature_kind signature;
	struct span consent_version; /* SIGN */
	uint8_t consent_hash[SHA256_SIZE];
	struct span consent_language;
	unsigned pages;      /* READ, ADD_DOCUMENT */
	int64_t size;        /* ADD_DOCUMENT, SEALED: bytes */
	int64_t duration_ms; /* READ */
};

enum event_kind {
	EVENT_CREATED = 1,
	EVENT_DOCUMENT_ADDED,
	EVENT_PHOTO_ADDED,
	EVENT_SUBMITTED,
	EVENT_MESSAGE_SENT,
	EVENT_MESSAGE_FAILED,
	EVENT_LINK_OPENED,
	EVENT_CPF_PASSED,
	EVENT_CPF_FAILED,
	EVENT_DOCUMENT_READ,
	EVENT_CODE_SENT,
	EVENT_CODE_PASSED,
	EVENT_CODE_FAILED,
	EVENT_CONSENTED,
	EVENT_SIGNED,
	EVENT_REFUSED,
	EVENT_ALL_SIGNED,
	EVENT_DOSSIER_SEALED,
	EVENT_COMPLETED,
	EVENT_CANCELED,
	EVENT_EXPIRED,
	EVENT_SIGNER_ADDED,
};

const char *event_kind_name(enum event_kind k); /* "signer_link_opened", "envelope_completed", … */
const char *envelope_state_name(enum envelope_state s);
const char *signer_state_name(enum signer_state s);
const char *channel_name(enum channel c);
enum err CHECKED channel_parse(struct span text, enum channel *out); /* ERR_CHANNEL */
enum err CHECKED envelope_state_parse(
    struct span text, enum envelope_state *out); /* ERR_FIELD_VALUE */

enum event_field_type { FIELD_INT, FIELD_TEXT, FIELD_BYTES };

struct event_field {
	const char *name;
	enum event_field_type type;
	bool is_personal; /* enters the canonical form as a salted commitment only */
	int64_t number;
	struct span bytes; /* borrowed from the command */
};

#define EVENT_FIELDS_MAX 14 /* the actor's six and eight of the event's own */
#define EVENT_NONE (-1)

struct event {
	enum event_kind kind;
	int64_t at;
	int signer, document; /* index, or EVENT_NONE */
	struct event_field fields[EVENT_FIELDS_MAX];
	size_t field_count;
	uint8_t code_hash[SHA256_SIZE]; /* CODE_SENT: for apply; never part of the log */
};

#define EVENTS_PER_COMMAND_MAX 4

struct event_list {
	struct event items[EVENTS_PER_COMMAND_MAX];
	size_t count;
	/* What the asker is told although the events stand: ERR_CPF_WRONG, ERR_CODE_WRONG,
	 * ERR_CODE_TRIES (the wrong try was counted), else OK. fault says the rest. */
	enum err answer;
};

/* Errors: ERR_STATE_* of the state table, ERR_CODE_*, ERR_CPF_*, … state is not changed. An empty
 * list with OK means: same answer as before, nothing happens (submitting twice). Spans of the
 * events borrow from the command. */
enum err CHECKED envelope_decide(const struct envelope *state, const struct command *command,
    int64_t now, struct event_list *out, struct fault *fault);
void envelope_apply(struct envelope *state, const struct event *event);

bool envelope_is_over(enum envelope_state s); /* completed, canceled, expired */
/* Times run out at the end of the second that expires_at names. */
bool envelope_time_is_out(const struct envelope *state, int64_t now);

enum signer_step signer_next_step(const struct envelope *state, size_t signer);
/* 1-based position of a step and their number, as the page shows it ("2 of 4"). */
void signer_step_position(enum signer_step step, unsigned *at, unsigned *of);
/* The state at this moment: ENVELOPE_EXPIRED when time ran out though no job said so yet. */
enum envelope_state envelope_state_at(const struct envelope *state, int64_t now);

/* Canonical bytes of an event (deterministic CBOR, RFC 8949 §4.2): what the log hashes. A map:
 *	v 1, at, kind (name), fields {name: value}, sealed {name: commitment}, signer (id or null),
 *	document (id or null), envelope (id), previous (hash), sequence, environment, organisation
 *(row). Personal fields become SHA-256(salt ‖ value) with the 16-byte salts given in order. */
#define EVENT_SALT_SIZE 16
enum err CHECKED event_canonical(const struct envelope *state, const struct event *event,
    int64_t sequence, const uint8_t previous[SHA256_SIZE], const uint8_t (*salts)[EVENT_SALT_SIZE],
    struct buf *out);
/* SHA-256(salt ‖ value): what stands for a personal value in the log. */
enum err CHECKED event_commitment(
    const uint8_t salt[EVENT_SALT_SIZE], struct span value, uint8_t out[SHA256_SIZE]);
size_t event_personal_count(const struct event *event); /* how many salts it needs */

#endif
