/* libqpdf, for press. base/late.h says why. */
#define LATE late_qpdf
#define LATE_LIST "pdf/late_qpdf.def"
#define LATE_LIBRARIES LATE_QPDF
#include "base/late_stubs.h"
