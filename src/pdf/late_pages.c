/* What draws the evidence pages: pango brings cairo, fontconfig and glib along. base/late.h says
 * why. */
#define LATE late_pages
#define LATE_LIST "pdf/late_pages.def"
#define LATE_LIBRARIES LATE_PAGES
#include "base/late_stubs.h"
