/*
 * A drawn signature arrives as strokes, not as an image: nothing to decode, nothing to
 * exploit, and sharp at any size. Its canonical text (four decimals) is what is hashed.
 */
#include "web/signer.h"

#include "base/limits.h"

static enum err bad(const struct fields *f)
{
	return fields_fault(f, ERR_FIELD_VALUE, "strokes",
	    "It must be a list of strokes, each a list of points [x, y] between 0 and 1.");
}

static enum err put_point(const struct fields *f, json_t *point, bool is_first, struct buf *out)
{
	json_t *x = json_array_get(point, 0), *y = json_array_get(point, 1);
	if (json_array_size(point) < 2 || !json_is_number(x) || !json_is_number(y))
		return bad(f);
	double a = json_number_value(x), b = json_number_value(y);
	if (!(a >= 0 && a <= 1 && b >= 0 && b <= 1))
		return bad(f);
	buf_format(out, "%s[%.4f,%.4f]", is_first ? "" : ",", a, b);
	return OK;
}

static enum err put_stroke(const struct fields *f, json_t *stroke, bool is_first, struct buf *out)
{
	size_t i;
	json_t *point;
	if (!json_is_array(stroke) || json_array_size(stroke) == 0)
		return bad(f);
	buf_put_str(out, is_first ? "[" : ",[");
	json_array_foreach(stroke, i, point) TRY(put_point(f, point, i == 0, out));
	buf_put_byte(out, ']');
	return OK;
}

static size_t count_points(json_t *strokes)
{
	size_t i, total = 0;
	json_t *stroke;
	json_array_foreach(strokes, i, stroke) total += json_array_size(stroke);
	return total;
}

enum err strokes_canonical(const struct fields *f, json_t *strokes, struct buf *out)
{
	size_t i;
	json_t *stroke;
	if (strokes == NULL)
		return fields_fault(f, ERR_FIELD_MISSING, "strokes", NULL);
	if (!json_is_array(strokes))
		return bad(f);
	size_t points = count_points(strokes);
	if (json_array_size(strokes) > LIMIT_STROKES || points > LIMIT_STROKE_POINTS)
		return fields_fault(f, ERR_TOO_MANY, "strokes", "Draw with fewer strokes.");
	if (points < 2)
		return fields_fault(f, ERR_FIELD_LENGTH, "strokes", "Nothing was drawn.");
	buf_put_byte(out, '[');
	json_array_foreach(strokes, i, stroke) TRY(put_stroke(f, stroke, i == 0, out));
	buf_put_byte(out, ']');
	return buf_done(out);
}
