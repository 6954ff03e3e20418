/*
 * Every limit of the program, in one place. Sizes in bytes, times in milliseconds
 * unless the name says otherwise.
 */
#ifndef CHIROGRAPH_BASE_LIMITS_H
#define CHIROGRAPH_BASE_LIMITS_H

#define LIMIT_KB 1024u
#define LIMIT_MB (1024u * 1024u)

/* HTTP */
#define LIMIT_HEAD_BYTES (16 * LIMIT_KB)
#define LIMIT_HEADER_LINES 100
#define LIMIT_BODY_DEFAULT (64 * LIMIT_KB)
#define LIMIT_BODY_UPLOAD (20 * LIMIT_MB)      /* one document or photo, as base64 in JSON */
#define LIMIT_BODY_CREATE (64 * LIMIT_MB)      /* one-call creation */
#define LIMIT_BODY_CHECK (32 * LIMIT_MB)       /* a dossier handed to the verification page */
#define LIMIT_BUFFERED_BYTES (512u * LIMIT_MB) /* bodies in memory, all connections together */
#define LIMIT_SLOW_BYTES (128u * LIMIT_MB)     /* of those, in handlers at one time */
#define LIMIT_CONNECTIONS 4096
#define LIMIT_HEAD_MS 10000             /* from accept: TLS and head */
#define LIMIT_BODY_MS 10000             /* plus the body at LIMIT_BODY_RATE */
#define LIMIT_BODY_RATE (32 * LIMIT_KB) /* bytes a second */
#define LIMIT_KEEPALIVE_MS 60000
#define LIMIT_QUEUE 1024 /* requests waiting for a worker; then 503 */
#define LIMIT_WORKERS 64
#define LIMIT_QUEUE_MS 10000 /* waited longer for a worker: 503 */
#define LIMIT_DRAIN_MS 30000
#define LIMIT_DRAIN_IDLE_MS 300 /* an idle connection's last chance to send a request */
#define LIMIT_LINGER_MS 5000    /* reading on after a refusal, so that its reply arrives */

/* Keys and signatures */
#define LIMIT_BODY_READ (64 * LIMIT_KB) /* of a GET: signing clients send {"encoded_body":null} */
#define LIMIT_KEY_CACHE 4096            /* keys at hand */
#define LIMIT_KEY_CACHE_MS 500          /* how long a row is believed */
#define LIMIT_RATE_PLACES (32 * 1024)   /* addresses counted at a time */
#define LIMIT_SEEN (256 * 1024)         /* signatures remembered in memory */
#define LIMIT_WINDOW_S 300              /* of x-sign and http-signature, both ways */

/* WebSockets */
#define LIMIT_SOCKET_MESSAGE (16 * LIMIT_KB) /* one text of a peer */
#define LIMIT_SOCKET_OUT (64 * LIMIT_KB)     /* frames on their way to a peer */
#define LIMIT_SOCKET_MS 20000                /* to take them, or to answer a close */
#define LIMIT_SOCKET_PING_MS 60000

/* The feed */
#define LIMIT_FEEDS 1024       /* listeners, all organisations together */
#define LIMIT_FEEDS_SCOPE 16   /* of one organisation's environment */
#define LIMIT_FEED_BATCH 64    /* items of a turn; an item fits into 1 KB */
#define LIMIT_FEED_ITEMS 10000 /* kept for one organisation's environment; then the oldest goes */
#define LIMIT_FEED_KEEP_MS (INT64_C(7) * 24 * 3600 * 1000)
#define LIMIT_FEED_TURN_MS 1000 /* how soon a key that was revoked ends its listeners */

/* The archive of signed traffic */
#define LIMIT_PROOF_TOKEN (16 * LIMIT_KB) /* a body's token that is kept whole */
#define LIMIT_PROOF_ANSWER (4 * LIMIT_KB) /* an answer's body that is kept beside its signature */
#define LIMIT_PROOF_EXCHANGES 2000        /* in a bundle */

/* JSON */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_VALUES 100000 /* of a request; a signature of LIMIT_STROKE_POINTS has 30,000 */
#define LIMIT_ARENA_REQUEST (256u * LIMIT_MB)

/* Envelopes */
#define LIMIT_ID_CHARS 64
#define LIMIT_SIGNERS 100
#define LIMIT_DOCUMENTS 50
#define LIMIT_PAGES 5000
#define LIMIT_DOCUMENT_BYTES 10485760 /* decoded; exactly that passes */
#define LIMIT_SUBJECT_CHARS 200
#define LIMIT_NAME_CHARS 200
#define LIMIT_REASON_CHARS 1000
#define LIMIT_LIST_DEFAULT 50
#define LIMIT_LIST_MAX 200
#define LIMIT_PAGE_NUMBER 100
#define LIMIT_EXPIRY_DAYS 3660
#define LIMIT_IDEMPOTENCY_KEY_CHARS 255
#define LIMIT_IDEMPOTENCY_MS (INT64_C(7) * 24 * 3600 * 1000)

/* Companies and documents uploaded before any envelope */
#define LIMIT_COMPANY_TEXT_CHARS 200
#define LIMIT_COMPANY_LIST 1000 /* of one answer; next_cursor goes on */
#define LIMIT_COMPANY_QUERY_CHARS 400
#define LIMIT_WORD_LETTERS 16 /* of a word that count in a search */
#define LIMIT_WORD_START 3    /* letters that find the words beginning with them */
#define LIMIT_TRUSTED_PARTIES 200
#define LIMIT_UPLOAD_KEEP_MS (INT64_C(24) * 3600 * 1000)
#define LIMIT_UPLOAD_LINK_MS (INT64_C(10) * 60 * 1000)

/* Signers */
#define LIMIT_CODE_DIGITS 6
#define LIMIT_CODE_MS (INT64_C(10) * 60 * 1000)
#define LIMIT_CODE_TRIES 5
#define LIMIT_CODE_RESEND_MS (INT64_C(60) * 1000)
#define LIMIT_CODE_SENDS 10 /* codes per signer and day */
#define LIMIT_CPF_TRIES 10  /* wrong CPFs per link and hour */
/* A browser that proved to be the signer's: how long since its last step it may read, and since
 * its code it may sign (each step counts anew). Long enough for a slow reader on a slow phone. */
#define LIMIT_SESSION_MS (INT64_C(12) * 3600 * 1000)
#define LIMIT_SESSION_SIGN_MS (INT64_C(30) * 60 * 1000)
#define LIMIT_SESSIONS 8 /* browsers of one signer at a time */
#define LIMIT_STROKES 200
#define LIMIT_STROKE_POINTS 10000 /* of one signature, all strokes together */
#define LIMIT_TYPED_CHARS 100
#define LIMIT_FILE_LINK_MS (INT64_C(24) * 3600 * 1000)

/* Processes */
#define LIMIT_PRESS_MS 20000
#define LIMIT_PRESS_MEMORY (1024u * LIMIT_MB)
#define LIMIT_PRESS_PARALLEL 4
#define LIMIT_COURIER_MS 30000
#define LIMIT_CONFIG_BYTES (64 * LIMIT_KB)
#define LIMIT_COURIER_PARALLEL 8 /* messages of one organisation; and as many webhooks */
#define LIMIT_LANE_SPARE 1       /* of a lane: never held by who holds all the others */
#define LIMIT_JOB_LEASE_MS (INT64_C(120) * 1000)
#define LIMIT_JOB_AGAIN 200 /* leases in vain for a part of ours being away */

/* Photos */
#define LIMIT_JPEG_PIXELS 100000000u

/* Blobs */
#define LIMIT_BLOB_CHUNK (64 * LIMIT_KB)
#define LIMIT_BLOB_BYTES (128u * LIMIT_MB)

#endif
