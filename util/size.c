#include "util/size.h"
#include <errno.h>
#include <string.h>

guint64 size_unit(const char *unit)
{
    static const char letters[] = "kmgtpe";
    const char *at;
    guint64 base, bytes = 1;

    if (!g_ascii_strcasecmp(unit, "b") || !g_ascii_strcasecmp(unit, "byte") || !g_ascii_strcasecmp(unit, "bytes"))
        return 1;
    if (!*unit || !(at = strchr(letters, g_ascii_tolower(*unit))))
        return 0;
    if (!unit[1] || !g_ascii_strcasecmp(unit + 1, "ib"))
        base = 1024;
    else if (!g_ascii_strcasecmp(unit + 1, "b"))
        base = 1000;
    else
        return 0;
    for (const char *p = letters; p <= at; p++)
        bytes *= base;
    return bytes;
}

bool size_scale(guint64 number, const char *unit, guint64 dflt, guint64 *ret_bytes)
{
    guint64 scale = unit ? size_unit(unit) : dflt;

    return scale && !__builtin_mul_overflow(number, scale, ret_bytes);
}

bool size_parse_number(const char *text, guint64 *ret)
{
    char *end;

    while (g_ascii_isspace(*text))
        text++;
    if (!g_ascii_isdigit(*text))
        return false;
    errno = 0;
    *ret = g_ascii_strtoull(text, &end, 10);
    while (g_ascii_isspace(*end))
        end++;
    return !errno && !*end;
}
