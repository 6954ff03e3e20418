/*
 * See the header. The signed attributes over a digest are deterministic, so front makes them
 * anew from the bytes it holds and compares them with what it had keyd sign.
 */
#include "pdf/recheck.h"

#include "pdf/build.h"
#include "pdf/seal.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static bool has_text(struct span in, const char *text)
{
	return in.size > 0 && memmem(in.data, in.size, text, strlen(text)) != NULL;
}

static bool is_hex(struct span s)
{
	for (size_t i = 0; i < s.size; i++)
		if (s.data[i] == 0 || strchr("0123456789abcdef", s.data[i]) == NULL)
			return false;
	return s.size > 0 && s.size % 2 == 0;
}

static enum err check_gap(struct span file, struct seal_gap gap)
{
	ENSURE(gap.at >= 1 && gap.at < file.size, ERR_PEER_GONE);
	ENSURE(gap.digits < file.size - gap.at, ERR_PEER_GONE);
	size_t end = gap.at + gap.digits;
	ENSURE(file.data[gap.at - 1] == '<' && file.data[end] == '>', ERR_PEER_GONE);
	ENSURE(is_hex(span_of(file.data + gap.at, gap.digits)), ERR_PEER_GONE);
	return OK;
}

enum err seal_recheck(
    struct span file, struct seal_gap gap, struct span chain, struct span signed_attributes)
{
	struct buf meant CLEANUP(buf_free) = {0};
	uint8_t digest[SHA256_SIZE];
	char range[96];
	buf_init(&meant, 64 * LIMIT_KB);
	TRY(check_gap(file, gap));
	struct span head = span_of(file.data, gap.at - 1);
	size_t after = gap.at + gap.digits + 1;
	struct span rest = span_of(file.data + after, file.size - after);
	snprintf(range, sizeof(range), "/ByteRange [0 %zu %zu %zu", head.size, after, rest.size);
	ENSURE(has_text(head, range) || has_text(rest, range), ERR_PEER_GONE);
	TRY(pdf_digest(head, rest, digest));
	TRY(seal_attributes(chain, digest, &meant));
	ENSURE(span_equal(buf_span(&meant), signed_attributes), ERR_PEER_GONE);
	return OK;
}
