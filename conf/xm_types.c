/* Scalar types: how each is read, written, compared and made up, with the leniency of libvirt. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "conf/xm_rows.h"
#include "util/ids.h"
#include "util/size.h"

const char *xm_enum_name(const XmEnum *e, guint value)
{
    return value < e->n ? e->names[value] : NULL;
}

int xm_enum_value(const XmEnum *e, const char *name)
{
    for (guint i = 0; i < e->n; i++)
        if (e->names[i] && !strcmp(e->names[i], name))
            return i;
    return -1;
}

/* --- strings */

static bool str_parse(const XmRow *r, const char *text, gpointer v, char **why)
{
    *(char **)v = *text || !(r->flags & XM_EMPTY_ABSENT) ? g_strdup(text) : NULL;
    return true;
}

void xm_str_format(const XmRow *r, gconstpointer v, GString *out)
{
    g_string_append(out, *(char *const *)v);
}

bool xm_str_absent(gconstpointer v)
{
    return !*(gconstpointer const *)v;
}

bool xm_str_equal(gconstpointer a, gconstpointer b)
{
    return !g_strcmp0(*(char *const *)a, *(char *const *)b);
}

void xm_str_copy(gpointer to, gconstpointer from)
{
    *(char **)to = g_strdup(*(char *const *)from);
}

void xm_str_clear(gpointer v)
{
    g_clear_pointer((char **)v, g_free);
}

static void str_random(const XmRow *r, gpointer v, GRand *rnd)
{
    static const char *const words[] = { "a", "web01", "/tmp/x y.img", "<&>'\"", "\xc3\xa9t\xc3\xa9", "a,b=c" };
    *(char **)v = g_strdup(words[g_rand_int_range(rnd, 0, G_N_ELEMENTS(words))]);
}

const XmType xm_str = { "text", str_parse, xm_str_format, xm_str_absent, xm_str_equal, xm_str_copy, xm_str_clear, str_random };

/* --- numbers */

/* strtoull's leniency (leading blanks, a plus sign), never a minus, nothing behind. */
static bool read_unsigned(const char *text, int base, guint64 *ret)
{
    char *end;

    while (g_ascii_isspace(*text))
        text++;
    if (*text == '-')
        return false;
    errno = 0;
    *ret = g_ascii_strtoull(text, &end, base);
    return !errno && end != text && !*end;
}

static bool number(const XmRow *r, const char *text, int base, guint64 type_max, guint64 *ret, char **why)
{
    guint64 max = r->max ? MIN(r->max, type_max) : type_max;

    if (!read_unsigned(text, base, ret)) {
        *why = g_strdup_printf("'%.64s' is not a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                               text, r->min, max);
        return false;
    }
    if (*ret < r->min || *ret > max || (!*ret && r->flags & XM_NONZERO)) {
        *why = g_strdup_printf("%" G_GUINT64_FORMAT " is outside %" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT,
                               *ret, r->flags & XM_NONZERO ? MAX(r->min, 1) : r->min, max);
        return false;
    }
    return true;
}

static void append_number(GString *out, guint64 value)
{
    char digits[24], *p = digits + sizeof digits;

    do
        *--p = '0' + value % 10;
    while (value /= 10);
    g_string_append_len(out, p, digits + sizeof digits - p);
}

static guint64 random_number(const XmRow *r, GRand *rnd, guint64 type_max)
{
    guint64 max = r->max ? MIN(r->max, type_max) : type_max, least = MAX(r->min, 1);
    guint64 value = ((guint64)g_rand_int(rnd) << 32 | g_rand_int(rnd)) >> g_rand_int_range(rnd, 0, 63);
    return CLAMP(value, least, max);
}

#define NUMBER_TYPE(name, c_type, type_max)                                                             \
    static bool name##_parse(const XmRow *r, const char *text, gpointer v, char **why)                  \
    {                                                                                                   \
        guint64 value;                                                                                  \
        if (!number(r, text, 10, type_max, &value, why))                                                \
            return false;                                                                               \
        *(c_type *)v = value;                                                                           \
        return true;                                                                                    \
    }                                                                                                   \
    static void name##_format(const XmRow *r, gconstpointer v, GString *out)                            \
    {                                                                                                   \
        append_number(out, *(const c_type *)v);                                                         \
    }                                                                                                   \
    static bool name##_absent(gconstpointer v)                                                          \
    {                                                                                                   \
        return !*(const c_type *)v;                                                                     \
    }                                                                                                   \
    static bool name##_equal(gconstpointer a, gconstpointer b)                                          \
    {                                                                                                   \
        return *(const c_type *)a == *(const c_type *)b;                                                \
    }                                                                                                   \
    static void name##_copy(gpointer to, gconstpointer from)                                            \
    {                                                                                                   \
        *(c_type *)to = *(const c_type *)from;                                                          \
    }                                                                                                   \
    static void name##_clear(gpointer v)                                                                \
    {                                                                                                   \
        *(c_type *)v = 0;                                                                               \
    }                                                                                                   \
    static void name##_random(const XmRow *r, gpointer v, GRand *rnd)                                   \
    {                                                                                                   \
        *(c_type *)v = random_number(r, rnd, type_max);                                                 \
    }
NUMBER_TYPE(u32, guint32, G_MAXUINT32)
NUMBER_TYPE(u64, guint64, G_MAXUINT64)
const XmType xm_u32 = { "number", u32_parse, u32_format, u32_absent, u32_equal, u32_copy, u32_clear, u32_random };
const XmType xm_u64 = { "number", u64_parse, u64_format, u64_absent, u64_equal, u64_copy, u64_clear, u64_random };

/* --- numbers where 0 says something */

#define OPT_TYPE(name, c_type, base, type_max)                                                          \
    static bool name##_parse(const XmRow *r, const char *text, gpointer v, char **why)                  \
    {                                                                                                   \
        guint64 value;                                                                                  \
        if (!number(r, text, base, type_max, &value, why))                                              \
            return false;                                                                               \
        *(c_type *)v = (c_type){ true, value };                                                         \
        return true;                                                                                    \
    }                                                                                                   \
    static bool name##_absent(gconstpointer v)                                                          \
    {                                                                                                   \
        return !((const c_type *)v)->set;                                                               \
    }                                                                                                   \
    static bool name##_equal(gconstpointer a, gconstpointer b)                                          \
    {                                                                                                   \
        const c_type *x = a, *y = b;                                                                    \
        return x->set == y->set && (!x->set || x->v == y->v);                                           \
    }                                                                                                   \
    static void name##_copy(gpointer to, gconstpointer from)                                            \
    {                                                                                                   \
        *(c_type *)to = *(const c_type *)from;                                                          \
    }                                                                                                   \
    static void name##_clear(gpointer v)                                                                \
    {                                                                                                   \
        *(c_type *)v = (c_type){ false, 0 };                                                            \
    }                                                                                                   \
    static void name##_random(const XmRow *r, gpointer v, GRand *rnd)                                   \
    {                                                                                                   \
        *(c_type *)v = (c_type){ true, random_number(r, rnd, type_max) };                               \
    }
OPT_TYPE(opt_u32, OptU32, 10, G_MAXUINT32)
OPT_TYPE(opt_u64, OptU64, 10, G_MAXUINT64)
OPT_TYPE(hex, OptU32, 0, G_MAXUINT32)
OPT_TYPE(opt_i32, OptI32, 10, G_MAXINT32)

static void opt_u32_format(const XmRow *r, gconstpointer v, GString *out)
{
    append_number(out, ((const OptU32 *)v)->v);
}

static void opt_u64_format(const XmRow *r, gconstpointer v, GString *out)
{
    append_number(out, ((const OptU64 *)v)->v);
}

static void opt_i32_format(const XmRow *r, gconstpointer v, GString *out)
{
    g_string_append_printf(out, "%d", ((const OptI32 *)v)->v);
}

static void hex_format(const XmRow *r, gconstpointer v, GString *out)
{
    char text[20];
    g_snprintf(text, sizeof text, "0x%0*x", (int)r->width, ((const OptU32 *)v)->v);
    g_string_append(out, text);
}

static bool opt_i32_signed(const XmRow *r, const char *text, gpointer v, char **why)
{
    char *end;

    errno = 0;
    gint64 value = g_ascii_strtoll(text, &end, 10);
    if (!errno && end != text && !*end && value < 0 && value >= G_MININT32 && !r->min) {
        *(OptI32 *)v = (OptI32){ true, value };
        return true;
    }
    return opt_i32_parse(r, text, v, why);
}

const XmType xm_opt_u32 = { "number", opt_u32_parse, opt_u32_format, opt_u32_absent, opt_u32_equal, opt_u32_copy,
                            opt_u32_clear, opt_u32_random };
const XmType xm_opt_u64 = { "number", opt_u64_parse, opt_u64_format, opt_u64_absent, opt_u64_equal, opt_u64_copy,
                            opt_u64_clear, opt_u64_random };
const XmType xm_opt_i32 = { "number, may be negative", opt_i32_signed, opt_i32_format, opt_i32_absent, opt_i32_equal,
                            opt_i32_copy, opt_i32_clear, opt_i32_random };
const XmType xm_hex = { "hexadecimal number", hex_parse, hex_format, hex_absent, hex_equal, hex_copy, hex_clear,
                        hex_random };

/* --- enumerations */

static bool enum_parse(const XmRow *r, const char *text, gpointer v, char **why)
{
    int value = xm_enum_value(r->en, text);

    if (value > 0 || (!value && !(r->flags & XM_NONZERO))) {
        *(guint32 *)v = value;
        return true;
    }
    GString *names = g_string_new(NULL);
    for (guint i = r->flags & XM_NONZERO || !r->en->names[0] ? 1 : 0; i < r->en->n; i++)
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", r->en->names[i] ? r->en->names[i] : "-");
    g_autofree char *near = qv_error_nearest(text, r->en->names, r->en->n);
    *why = g_strdup_printf("'%.64s' is not a known %s; use one of %s%s", text, r->en->what, names->str, near);
    g_string_free(names, TRUE);
    return false;
}

static void enum_format(const XmRow *r, gconstpointer v, GString *out)
{
    const char *name = xm_enum_name(r->en, *(const guint32 *)v);
    g_string_append(out, name ? name : "");
}

static void enum_random(const XmRow *r, gpointer v, GRand *rnd)
{
    *(guint32 *)v = r->en->n > 1 ? g_rand_int_range(rnd, 1, r->en->n) : 0;
}

const XmType xm_enum = { "one of", enum_parse, enum_format, u32_absent, u32_equal, u32_copy, u32_clear, enum_random };

static bool tristate_parse(const char *yes, const char *no, const char *text, gpointer v, char **why)
{
    if (strcmp(text, yes) && strcmp(text, no)) {
        *why = g_strdup_printf("'%.64s' is neither '%s' nor '%s'", text, yes, no);
        return false;
    }
    *(Tristate *)v = strcmp(text, yes) ? TRI_NO : TRI_YES;
    return true;
}

static bool onoff_parse(const XmRow *r, const char *text, gpointer v, char **why)
{
    return tristate_parse("on", "off", text, v, why);
}

static void onoff_format(const XmRow *r, gconstpointer v, GString *out)
{
    g_string_append(out, *(const Tristate *)v == TRI_YES ? "on" : "off");
}

static bool yesno_parse(const XmRow *r, const char *text, gpointer v, char **why)
{
    return tristate_parse("yes", "no", text, v, why);
}

static void yesno_format(const XmRow *r, gconstpointer v, GString *out)
{
    g_string_append(out, *(const Tristate *)v == TRI_YES ? "yes" : "no");
}

static void tristate_random(const XmRow *r, gpointer v, GRand *rnd)
{
    *(Tristate *)v = g_rand_boolean(rnd) ? TRI_YES : TRI_NO;
}

const XmType xm_onoff = { "on, off", onoff_parse, onoff_format, u32_absent, u32_equal, u32_copy, u32_clear, tristate_random };
const XmType xm_yesno = { "yes, no", yesno_parse, yesno_format, u32_absent, u32_equal, u32_copy, u32_clear, tristate_random };

/* --- sets and identifiers */

static bool bits_parse(const XmRow *r, const char *text, gpointer v, char **why)
{
    return (*(Bitmap **)v = bitmap_parse(text, why)) != NULL;
}

static void bits_format(const XmRow *r, gconstpointer v, GString *out)
{
    bitmap_format_to(*(Bitmap *const *)v, out);
}

static bool bits_equal(gconstpointer a, gconstpointer b)
{
    return bitmap_equal(*(Bitmap *const *)a, *(Bitmap *const *)b);
}

static void bits_copy(gpointer to, gconstpointer from)
{
    *(Bitmap **)to = bitmap_copy(*(Bitmap *const *)from);
}

static void bits_clear(gpointer v)
{
    g_clear_pointer((Bitmap **)v, bitmap_free);
}

static void bits_random(const XmRow *r, gpointer v, GRand *rnd)
{
    Bitmap *map = *(Bitmap **)v = bitmap_new();
    for (int n = g_rand_int_range(rnd, 1, 6); n > 0; n--)
        bitmap_set(map, g_rand_int_range(rnd, 0, 130));
}

const XmType xm_bitmap = { "list of numbers", bits_parse, bits_format, xm_str_absent, bits_equal, bits_copy, bits_clear,
                           bits_random };

static bool mac_field(const XmRow *r, const char *text, gpointer v, char **why)
{
    guint8 mac[6];

    if (!mac_parse(text, mac)) {
        *why = g_strdup_printf("'%.64s' is not a MAC address like 52:54:00:12:34:56", text);
        return false;
    }
    *(char **)v = mac_format(mac);
    return true;
}

static void mac_field_random(const XmRow *r, gpointer v, GRand *rnd)
{
    guint8 mac[6] = { 0x52, 0x54, 0, g_rand_int(rnd), g_rand_int(rnd), g_rand_int(rnd) };
    *(char **)v = mac_format(mac);
}

static bool uuid_field(const XmRow *r, const char *text, gpointer v, char **why)
{
    guint8 uuid[16];

    if (!uuid_parse(text, uuid)) {
        *why = g_strdup_printf("'%.64s' is not a UUID", text);
        return false;
    }
    *(char **)v = uuid_format(uuid);
    return true;
}

static void uuid_field_random(const XmRow *r, gpointer v, GRand *rnd)
{
    guint8 uuid[16];
    for (guint i = 0; i < 16; i++)
        uuid[i] = g_rand_int(rnd);
    *(char **)v = uuid_format(uuid);
}

const XmType xm_mac = { "MAC address", mac_field, xm_str_format, xm_str_absent, xm_str_equal, xm_str_copy, xm_str_clear, mac_field_random };
const XmType xm_uuid = { "UUID", uuid_field, xm_str_format, xm_str_absent, xm_str_equal, xm_str_copy, xm_str_clear, uuid_field_random };
