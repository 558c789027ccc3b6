/* Sizes with units, as libvirt's XML writes them (formatdomain, "memory allocation").
 * Pure functions, any thread. */
#ifndef QV_UTIL_SIZE_H
#define QV_UTIL_SIZE_H
#include <glib.h>
#include <stdbool.h>

/* Bytes in one @unit: "b"/"bytes" 1; "KB" 1000, "k"/"KiB" 1024, ... to "EB", "E"/"EiB"; case does not
 * count. 0 when there is no such unit. */
guint64 size_unit(const char *unit);
/* @number times the unit (@dflt bytes when @unit is NULL). false on overflow of 64 bits. */
bool size_scale(guint64 number, const char *unit, guint64 dflt, guint64 *ret_bytes);
/* A decimal number without sign, blanks around allowed; false when it is none or too large. */
bool size_parse_number(const char *text, guint64 *ret);
#endif
