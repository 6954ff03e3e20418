/*
 * Is this a JPEG? Its markers are walked (ITU-T T.81 annex B) without decoding anything: a
 * frame header of sane size, a scan, an end. What stands after the end (phones append maps and
 * previews) is nobody's business here.
 */
#include "pdf/pdf.h"

#include "base/limits.h"

#define MARKER_SOI 0xD8
#define MARKER_EOI 0xD9
#define MARKER_SOS 0xDA
#define MARKER_TEM 0x01
#define MARKER_RST0 0xD0
#define MARKER_RST7 0xD7

struct walk {
	struct span in;
	size_t at;
	unsigned width, height;
	bool has_frame, has_scan;
};

/* SOF0…SOF15 less DHT (C4), JPG (C8) and DAC (CC) */
static bool is_frame(uint8_t marker)
{
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 &&
	       marker != 0xCC;
}

static bool is_lone(uint8_t marker)
{
	return marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_RST7);
}

static unsigned word_at(struct span s, size_t at)
{
	return (unsigned)s.data[at] << 8 | s.data[at + 1];
}

/* B.2.2: length, precision, lines, samples per line, components with three bytes each */
static bool read_frame(struct walk *w, size_t size)
{
	if (size < 8 || w->has_frame)
		return false;
	unsigned components = w->in.data[w->at + 7];
	w->height = word_at(w->in, w->at + 3);
	w->width = word_at(w->in, w->at + 5);
	w->has_frame = true;
	return w->width > 0 && w->height > 0 && components > 0 && components <= 4 &&
	       size >= 8 + 3 * (size_t)components &&
	       (uint64_t)w->width * w->height <= LIMIT_JPEG_PIXELS;
}

/* The next marker; fill bytes (FF FF) are skipped, stuffed bytes (FF 00) are data. */
static bool next_marker(struct walk *w, bool in_scan, uint8_t *marker)
{
	if (!in_scan && (w->at >= w->in.size || w->in.data[w->at] != 0xFF))
		return false;
	for (; w->at + 1 < w->in.size; w->at++) {
		*marker = w->in.data[w->at + 1];
		if (w->in.data[w->at] != 0xFF || *marker == 0xFF || *marker == 0)
			continue;
		if (in_scan && is_lone(*marker))
			continue;
		w->at += 2;
		return true;
	}
	return false;
}

static bool segment(struct walk *w, uint8_t marker)
{
	if (w->in.size - w->at < 2)
		return false;
	size_t size = word_at(w->in, w->at);
	if (size < 2 || size > w->in.size - w->at)
		return false;
	if (is_frame(marker) && !read_frame(w, size))
		return false;
	if (marker == MARKER_SOS && !w->has_frame)
		return false;
	w->has_scan = w->has_scan || marker == MARKER_SOS;
	w->at += size;
	return true;
}

static bool walk_markers(struct walk *w)
{
	bool in_scan = false;
	uint8_t marker;
	while (next_marker(w, in_scan, &marker)) {
		if (marker == MARKER_EOI)
			return w->has_scan;
		if (marker == MARKER_SOI || (!is_lone(marker) && !segment(w, marker)))
			return false;
		in_scan = marker == MARKER_SOS;
	}
	return false;
}

enum err jpeg_check(struct span in, unsigned *width, unsigned *height)
{
	struct walk w = {.in = in, .at = 2};
	*width = *height = 0;
	ENSURE(in.size > 4 && word_at(in, 0) == (0xFF00 | MARKER_SOI), ERR_JPEG);
	ENSURE(walk_markers(&w), ERR_JPEG);
	*width = w.width;
	*height = w.height;
	return OK;
}
