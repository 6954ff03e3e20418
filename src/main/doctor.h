/*
 * Inside `chirograph doctor`: a line for each thing looked at. A fault counts, and makes the exit
 * status 1; a note is for knowing.
 */
#ifndef CHIROGRAPH_MAIN_DOCTOR_H
#define CHIROGRAPH_MAIN_DOCTOR_H

#include "main/command.h"

void doctor_good(const char *subject, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void doctor_note(const char *subject, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void doctor_bad(const char *subject, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What is outside the data folder: disk, clock, mail, gateways, time-stamps, fonts. */
void doctor_world(struct tool *t);

#endif
