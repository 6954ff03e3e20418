/*
 * Evidence pages: names, reasons and drawings are other people's text. The first line is the
 * drawings, the rest the evidence; what is printed has no box for a character.
 */
#include "base/limits.h"
#include "fuzz.h"
#include "pdf/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pages_counts counts = {0};
	struct span evidence = span_of(data, size), drawings = span_cut(&evidence, '\n');
	struct buf out;
	buf_init(&out, 16 * LIMIT_MB);
	if (pdf_pages_counted(evidence, drawings, &out, &counts) == OK)
		promise(counts.pages > 0 && counts.unknown_glyphs == 0 &&
			span_starts(buf_span(&out), "%PDF-"));
	buf_free(&out);
	return 0;
}
