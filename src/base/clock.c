/*
 * Time at the edge of the program: reading it, and writing it in UTC. Calendar arithmetic is the
 * proleptic Gregorian one. Zones have a file of their own, so that this one keeps no state.
 */
#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifdef CHIROGRAPH_TEST_SEAMS
static const int64_t *seam_offset;

void clock_seam_open(void)
{
	const char *path = getenv("CHIROGRAPH_TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *p = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		seam_offset = p;
}

static int64_t seam(void)
{
	return seam_offset ? __atomic_load_n(seam_offset, __ATOMIC_RELAXED) : 0;
}
#else
void clock_seam_open(void)
{
}

static int64_t seam(void)
{
	return 0;
}
#endif

int64_t clock_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + seam();
}

int64_t clock_monotonic(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Days since 1970-01-01 of a civil date (H. Hinnant, "chrono-compatible low-level date
 * algorithms"). */
int64_t date_days(struct date d)
{
	int64_t y = d.year - (d.month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static struct date civil_from_days(int64_t z)
{
	z += 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	return (struct date){
	    (int)(yoe + era * 400 + (month <= 2)), (int)month, (int)(doy - (153 * mp + 2) / 5 + 1)};
}

struct moment {
	struct date date;
	int hour, minute, second, ms, weekday; /* 0: Sunday */
};

static struct moment moment_of(int64_t t)
{
	int64_t day = t / CLOCK_DAY - (t % CLOCK_DAY < 0);
	int rest = (int)(t - day * CLOCK_DAY);
	return (struct moment){civil_from_days(day), rest / 3600000, rest / 60000 % 60,
	    rest / 1000 % 60, rest % 1000, (int)(((day + 4) % 7 + 7) % 7)};
}

void clock_format_ms(int64_t t, char out[CLOCK_TEXT_SIZE])
{
	struct moment m = moment_of(t);
	snprintf(out, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", m.date.year % 10000,
	    m.date.month, m.date.day, m.hour, m.minute, m.second, m.ms);
}

void clock_format_s(int64_t t, char out[CLOCK_TEXT_SIZE])
{
	struct moment m = moment_of(t);
	snprintf(out, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", m.date.year % 10000,
	    m.date.month, m.date.day, m.hour, m.minute, m.second);
}

void clock_format_http(int64_t t, char out[CLOCK_TEXT_SIZE])
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct moment m = moment_of(t);
	snprintf(out, CLOCK_TEXT_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[m.weekday],
	    m.date.day, months[m.date.month - 1], m.date.year % 10000, m.hour, m.minute, m.second);
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && is_leap ? 29 : days[month - 1];
}

/* size decimal digits at the start of text, or -1. */
static int digits(struct span text, size_t at, size_t size)
{
	int v = 0;
	for (size_t i = 0; i < size; i++) {
		if (at + i >= text.size || text.data[at + i] < '0' || text.data[at + i] > '9')
			return -1;
		v = v * 10 + (text.data[at + i] - '0');
	}
	return v;
}

enum err date_parse(struct span text, struct date *out)
{
	ENSURE(text.size == 10 && text.data[4] == '-' && text.data[7] == '-', ERR_DATE);
	struct date d = {digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)};
	ENSURE(d.year >= 1800 && d.month >= 1 && d.month <= 12, ERR_DATE);
	ENSURE(d.day >= 1 && d.day <= days_in(d.year, d.month), ERR_DATE);
	*out = d;
	return OK;
}

struct date date_next(struct date d)
{
	return civil_from_days(date_days(d) + 1);
}

static enum err parse_time(struct span text, int64_t *ms, size_t *end)
{
	int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
	ENSURE(text.size >= 20 && text.data[13] == ':' && text.data[16] == ':', ERR_DATE);
	ENSURE(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60,
	    ERR_DATE);
	*ms = ((int64_t)hour * 60 + minute) * CLOCK_MINUTE + second * CLOCK_SECOND;
	*end = 19;
	if (text.data[19] != '.')
		return OK;
	int64_t unit = 100;
	for (*end = 20; *end < text.size && digits(text, *end, 1) >= 0; (*end)++, unit /= 10)
		*ms += digits(text, *end, 1) * unit;
	ENSURE(*end > 20 && *end <= 29, ERR_DATE);
	return OK;
}

static enum err parse_offset(struct span text, size_t at, int64_t *ms)
{
	*ms = 0;
	ENSURE(at < text.size, ERR_DATE);
	if (text.data[at] == 'Z' && text.size == at + 1)
		return OK;
	int hour = digits(text, at + 1, 2), minute = digits(text, at + 4, 2);
	ENSURE(text.size == at + 6 && text.data[at + 3] == ':', ERR_DATE);
	ENSURE(text.data[at] == '+' || text.data[at] == '-', ERR_DATE);
	ENSURE(hour >= 0 && hour < 24 && minute >= 0 && minute < 60, ERR_DATE);
	*ms = ((int64_t)hour * 60 + minute) * CLOCK_MINUTE * (text.data[at] == '-' ? -1 : 1);
	return OK;
}

enum err clock_parse(struct span text, int64_t *out)
{
	struct date d;
	int64_t time = 0, offset = 0;
	size_t end = 0;
	ENSURE(text.size >= 10, ERR_DATE);
	TRY(date_parse(span_of(text.data, 10), &d));
	if (text.size > 10) {
		ENSURE(text.size >= 20 && text.data[10] == 'T', ERR_DATE);
		TRY(parse_time(text, &time, &end));
		TRY(parse_offset(text, end, &offset));
	}
	*out = date_days(d) * CLOCK_DAY + time - offset;
	return OK;
}
