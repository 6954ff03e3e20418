/*
 * Planned maintenance: the API and the signers' pages answer 503, /health still answers.
 */
#ifndef CHIROGRAPH_MAIN_MAINTENANCE_H
#define CHIROGRAPH_MAIN_MAINTENANCE_H

#include <stdbool.h>

bool maintenance_is_on(const char *data); /* one access(2) */

#endif
