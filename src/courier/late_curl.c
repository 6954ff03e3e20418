/* libcurl, for courier. base/late.h says why. */
#define LATE late_curl
#define LATE_LIST "courier/late_curl.def"
#define LATE_LIBRARIES LATE_CURL
#include "base/late_stubs.h"
