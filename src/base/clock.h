/*
 * Time. All times inside are int64 Unix milliseconds, UTC; text only at the edge.
 * Only the edges of the program read the clock: the domain is handed `now`.
 * Builds with -Dtest_seams=true add the offset (int64 ms, host order) found in the
 * 8-byte file named by CHIROGRAPH_TEST_CLOCK, mapped once at start (clock_seam_open).
 */
#ifndef CHIROGRAPH_BASE_CLOCK_H
#define CHIROGRAPH_BASE_CLOCK_H

#include "base/bytes.h"

#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)
#define CLOCK_TEXT_SIZE 32

int64_t clock_now(void);       /* wall clock, Unix ms */
int64_t clock_monotonic(void); /* ms, for deadlines inside one process */
void clock_seam_open(void);    /* before the sandbox; does nothing in builds without seams */

/* "2026-01-01T00:00:00.000Z" */
void clock_format_ms(int64_t t, char out[CLOCK_TEXT_SIZE]);
/* "2026-01-01T00:00:00Z" */
void clock_format_s(int64_t t, char out[CLOCK_TEXT_SIZE]);
/* "Mon, 02 Nov 2026 12:00:00 GMT" (RFC 9110 §5.6.7) */
void clock_format_http(int64_t t, char out[CLOCK_TEXT_SIZE]);
/* In a zone, for people: "2026-01-01 09:30:00 -03:00" */
void clock_format_zone(int64_t t, const char *zone, char out[CLOCK_TEXT_SIZE]);

struct date {
	int year, month, day;
};

enum err CHECKED date_parse(
    struct span text, struct date *out); /* YYYY-MM-DD, a day that exists; ERR_DATE */
/* First millisecond of a day in an IANA zone ("America/Sao_Paulo"); ERR_ZONE when unknown. */
enum err CHECKED date_start(struct date d, const char *zone, int64_t *out);
struct date date_next(struct date d);
int64_t date_days(struct date d); /* since 1970-01-01 */
enum err CHECKED clock_parse(
    struct span text, int64_t *out); /* RFC 3339, any offset, or YYYY-MM-DD (UTC); ERR_DATE */
bool zone_known(
    const char *zone); /* reads tzdata; zones are loaded once and cached, so call at start */

#endif
