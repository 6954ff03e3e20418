/*
 * Days and times in a zone. Zones come from tzdata and are loaded once, before the sandbox closes
 * the files: a version 2+ TZif file (RFC 8536) is a list of moments at which an offset begins, and
 * a rule for the time after the last one. The rule is left to the last offset: zones with running
 * daylight saving list their changes to 2037.
 */
#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ZONES_MAX 32
#define ZONE_CHANGES_MAX 512

struct zone {
	char name[48];
	size_t count;
	int64_t first_offset;
	struct {
		int64_t at, offset; /* seconds */
	} changes[ZONE_CHANGES_MAX];
};

static struct zone *zones[ZONES_MAX];
static size_t zone_count;
static pthread_mutex_t zone_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t big_endian(const uint8_t *p, size_t size)
{
	uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < size; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

struct tzif {
	size_t isutc, isstd, leap, times, types, chars;
};

static bool tzif_header(struct span in, struct tzif *h)
{
	if (in.size < 44 || memcmp(in.data, "TZif", 4) != 0)
		return false;
	const uint8_t *p = in.data + 20;
	*h = (struct tzif){(size_t)big_endian(p, 4), (size_t)big_endian(p + 4, 4),
	    (size_t)big_endian(p + 8, 4), (size_t)big_endian(p + 12, 4),
	    (size_t)big_endian(p + 16, 4), (size_t)big_endian(p + 20, 4)};
	return h->isutc <= 256 && h->isstd <= 256 && h->leap <= 256 && h->times <= 4096 &&
	       h->types <= 256 && h->types > 0 && h->chars <= 4096;
}

static size_t tzif_size(const struct tzif *h, size_t time_size)
{
	return 44 + h->times * (time_size + 1) + h->types * 6 + h->chars +
	       h->leap * (time_size + 4) + h->isstd + h->isutc;
}

static bool zone_parse(struct span in, struct zone *z)
{
	struct tzif h;
	if (!tzif_header(in, &h) || in.size < tzif_size(&h, 4))
		return false;
	size_t skip = tzif_size(&h, 4);
	in = span_of(in.data + skip, in.size - skip);
	if (!tzif_header(in, &h) || in.size < tzif_size(&h, 8))
		return false;
	const uint8_t *times = in.data + 44, *kinds = times + h.times * 8, *types = kinds + h.times;
	size_t from = h.times > ZONE_CHANGES_MAX ? h.times - ZONE_CHANGES_MAX : 0;
	z->first_offset = big_endian(types, 4);
	for (size_t i = from; i < h.times; i++) {
		if (kinds[i] >= h.types)
			return false;
		z->changes[z->count].at = big_endian(times + i * 8, 8);
		z->changes[z->count++].offset = big_endian(types + (size_t)kinds[i] * 6, 4);
	}
	return true;
}

static bool zone_name_is_safe(const char *name)
{
	size_t n =
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");
	return n > 0 && n < 48 && name[n] == 0 && name[0] != '/' && strstr(name, "//") == NULL;
}

static struct zone *zone_load(const char *name)
{
	char path[96];
	uint8_t bytes[16384];
	if (!zone_name_is_safe(name) || zone_count == ZONES_MAX)
		return NULL;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
	if (fd >= 0)
		close(fd);
	struct zone *z = n > 0 ? mem_alloc(sizeof *z) : NULL;
	if (z == NULL)
		return NULL;
	snprintf(z->name, sizeof z->name, "%s", name);
	if (zone_parse(span_of(bytes, (size_t)n), z))
		return zones[zone_count++] = z;
	mem_free(z, sizeof *z);
	return NULL;
}

static const struct zone *zone_find(const char *name)
{
	const struct zone *found = NULL;
	pthread_mutex_lock(&zone_lock);
	for (size_t i = 0; i < zone_count && found == NULL; i++)
		if (strcmp(zones[i]->name, name) == 0)
			found = zones[i];
	if (found == NULL)
		found = zone_load(name);
	pthread_mutex_unlock(&zone_lock);
	return found;
}

bool zone_known(const char *zone)
{
	return strcmp(zone, "UTC") == 0 || zone_find(zone) != NULL;
}

static int64_t zone_offset(const struct zone *z, int64_t seconds)
{
	int64_t offset = z->first_offset;
	for (size_t i = 0; i < z->count && z->changes[i].at <= seconds; i++)
		offset = z->changes[i].offset;
	return offset;
}

void clock_format_zone(int64_t t, const char *zone, char out[CLOCK_TEXT_SIZE])
{
	const struct zone *z = strcmp(zone, "UTC") == 0 ? NULL : zone_find(zone);
	int64_t offset = z ? zone_offset(z, t / 1000) : 0;
	unsigned minutes = (unsigned)((offset < 0 ? -offset : offset) / 60);
	char utc[CLOCK_TEXT_SIZE];
	clock_format_s(t + offset * 1000, utc);
	snprintf(out, CLOCK_TEXT_SIZE, "%.10s %.8s %c%02u:%02u", utc, utc + 11,
	    offset < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
}

enum err date_start(struct date d, const char *zone, int64_t *out)
{
	int64_t local = date_days(d) * 86400;
	*out = local * 1000;
	if (strcmp(zone, "UTC") == 0)
		return OK;
	const struct zone *z = zone_find(zone);
	ENSURE(z != NULL, ERR_ZONE);
	int64_t utc = local - zone_offset(z, local);
	utc = local - zone_offset(z, utc); /* the offset in force at that very moment */
	*out = utc * 1000;
	return OK;
}
