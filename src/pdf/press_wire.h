/*
 * What front and press say to each other: one request a process. Files travel as sealed memfds,
 * so that neither side can change or shorten what the other is reading.
 *
 *   analyse  u32 allow_unlock, fd in            u32 err, report, u32 has, [fd normalised]
 *   jpeg     fd in                              u32 err, u32 width, u32 height
 *   seal     u32 verdict, i64 now,              u32 err, u32 count, count × bytes attributes
 *            fd input, evidence, drawings, chain
 *            count × bytes signature            u32 err, u32 count, count × (u32 has, [fd base], fd
 * tail) verify   fd file, fd original, fd chain     u32 err
 */
#ifndef CHIROGRAPH_PDF_PRESS_WIRE_H
#define CHIROGRAPH_PDF_PRESS_WIRE_H

#include "base/wire.h"
#include "pdf/pdf.h"

enum press_request {
	PRESS_ANALYSE = 1,
	PRESS_JPEG = 2,
	PRESS_SEAL = 3,
	PRESS_VERIFY = 4,
};

#define PRESS_SIGNATURE_MAX 1024

#endif
