#include "util/bitmap.h"
#include <string.h>

/* A list of every second number is no longer; ranges repeated for megabytes would only cost time. */
enum { WORD = 64, MAX_TEXT = 64 << 10 };

struct Bitmap {
    guint n_words;
    guint64 *words;
};

Bitmap *bitmap_new(void)
{
    return g_new0(Bitmap, 1);
}

Bitmap *bitmap_copy(const Bitmap *map)
{
    if (!map)
        return NULL;
    Bitmap *copy = bitmap_new();
    copy->n_words = map->n_words;
    copy->words = g_memdup2(map->words, map->n_words * sizeof *map->words);
    return copy;
}

void bitmap_free(Bitmap *map)
{
    if (!map)
        return;
    g_free(map->words);
    g_free(map);
}

void bitmap_set(Bitmap *map, guint bit)
{
    guint need = bit / WORD + 1;

    g_return_if_fail(bit < BITMAP_MAX);
    if (need > map->n_words) {
        map->words = g_renew(guint64, map->words, need);
        memset(map->words + map->n_words, 0, (need - map->n_words) * sizeof *map->words);
        map->n_words = need;
    }
    map->words[bit / WORD] |= G_GUINT64_CONSTANT(1) << bit % WORD;
}

void bitmap_clear(Bitmap *map, guint bit)
{
    if (bit / WORD < map->n_words)
        map->words[bit / WORD] &= ~(G_GUINT64_CONSTANT(1) << bit % WORD);
}

bool bitmap_has(const Bitmap *map, guint bit)
{
    return map && bit / WORD < map->n_words && map->words[bit / WORD] >> bit % WORD & 1;
}

int bitmap_next(const Bitmap *map, guint from)
{
    for (guint bit = from; map && bit < map->n_words * WORD; bit++)
        if (bitmap_has(map, bit))
            return bit;
    return -1;
}

guint bitmap_count(const Bitmap *map)
{
    guint n = 0;
    for (guint i = 0; map && i < map->n_words; i++)
        n += __builtin_popcountll(map->words[i]);
    return n;
}

bool bitmap_equal(const Bitmap *a, const Bitmap *b)
{
    guint n = MAX(a ? a->n_words : 0, b ? b->n_words : 0);

    for (guint i = 0; i < n; i++)
        if ((a && i < a->n_words ? a->words[i] : 0) != (b && i < b->n_words ? b->words[i] : 0))
            return false;
    return !a == !b;
}

bool bitmap_overlaps(const Bitmap *a, const Bitmap *b)
{
    for (guint i = 0; a && b && i < MIN(a->n_words, b->n_words); i++)
        if (a->words[i] & b->words[i])
            return true;
    return false;
}

/* A number at *text, which moves behind it and behind blanks. */
static bool take_number(const char **text, guint *ret)
{
    const char *p = *text;
    guint64 value = 0;

    if (!g_ascii_isdigit(*p))
        return false;
    for (; g_ascii_isdigit(*p); p++)
        if ((value = value * 10 + (*p - '0')) >= BITMAP_MAX)
            return false;
    while (g_ascii_isspace(*p))
        p++;
    *text = p;
    *ret = value;
    return true;
}

/* "N", "N-M" or "^N". */
static bool take_item(Bitmap *map, const char **text)
{
    bool negated = **text == '^';
    guint first, last;

    *text += negated;
    if (!take_number(text, &first))
        return false;
    last = first;
    if (!negated && **text == '-') {
        (*text)++;
        while (g_ascii_isspace(**text))
            (*text)++;
        if (!take_number(text, &last) || last < first)
            return false;
    }
    for (guint bit = first; bit <= last; bit++)
        negated ? bitmap_clear(map, bit) : bitmap_set(map, bit);
    return true;
}

static Bitmap *refuse(const char *text, const char *reason, char **why)
{
    if (why)
        *why = g_strdup_printf("'%.64s' %s", text, reason);
    return NULL;
}

Bitmap *bitmap_parse(const char *text, char **why)
{
    g_autoptr(Bitmap) map = bitmap_new();
    const char *p = text;

    if (strlen(text) > MAX_TEXT)
        return refuse(text, "is too long a list", why);
    for (;;) {
        while (g_ascii_isspace(*p))
            p++;
        if (!take_item(map, &p) || (*p && *p != ','))
            return refuse(text, "is not a list of numbers like 0-3,^2,8 (each below 16384)", why);
        if (!*p)
            break;
        p++;
    }
    return bitmap_count(map) ? g_steal_pointer(&map) : refuse(text, "is an empty set", why);
}

void bitmap_format_to(const Bitmap *map, GString *out)
{
    gsize start = out->len;

    for (int first = bitmap_next(map, 0); first >= 0;) {
        int last = first;
        while (bitmap_has(map, last + 1))
            last++;
        g_string_append_printf(out, "%s%d", out->len > start ? "," : "", first);
        if (last > first)
            g_string_append_printf(out, "-%d", last);
        first = bitmap_next(map, last + 1);
    }
}

char *bitmap_format(const Bitmap *map)
{
    GString *out = g_string_new(NULL);
    bitmap_format_to(map, out);
    return g_string_free(out, FALSE);
}
