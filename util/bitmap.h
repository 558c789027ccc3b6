/* Bitmap: a set of small numbers (CPUs, NUMA nodes), in libvirt's list syntax: "1-4,^3,6".
 * Numbers go to BITMAP_MAX - 1; anything else is refused, so a hostile text costs nothing.
 * One thread at a time. */
#ifndef QV_UTIL_BITMAP_H
#define QV_UTIL_BITMAP_H
#include <glib.h>
#include <stdbool.h>

enum { BITMAP_MAX = 16384 };
typedef struct Bitmap Bitmap;

Bitmap *bitmap_new(void);
Bitmap *bitmap_copy(const Bitmap *map);     /* NULL gives NULL */
void bitmap_free(Bitmap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bitmap, bitmap_free)

/* NULL and *why (given; may be NULL) when @text is no list. An empty set is refused too. */
Bitmap *bitmap_parse(const char *text, char **why);
char *bitmap_format(const Bitmap *map);     /* "1-2,4,6"; gives */
void bitmap_format_to(const Bitmap *map, GString *out);

void bitmap_set(Bitmap *map, guint bit);
void bitmap_clear(Bitmap *map, guint bit);
bool bitmap_has(const Bitmap *map, guint bit);
bool bitmap_equal(const Bitmap *a, const Bitmap *b);
bool bitmap_overlaps(const Bitmap *a, const Bitmap *b);
guint bitmap_count(const Bitmap *map);
/* The least member at or after @from, or -1. for (int i = bitmap_next(m, 0); i >= 0; i = bitmap_next(m, i + 1)) */
int bitmap_next(const Bitmap *map, guint from);
#endif
