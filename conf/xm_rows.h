/* What the files of the engine share: reaching fields, and walking rows. Private to conf/xm_*.c. */
#ifndef QV_CONF_XM_ROWS_H
#define QV_CONF_XM_ROWS_H
#include "conf/xm.h"

static inline gpointer xm_at(gconstpointer obj, gsize off)
{
    return (char *)obj + off;
}

/* Does @row exist for this object's variant? */
static inline bool xm_applies(const XmElem *e, const XmRow *row, gconstpointer obj)
{
    return !row->when || !e->variant || row->when >> e->variant(obj) & 1;
}

/* Is the row a child element (as against an attribute, text or inclusion)? */
static inline bool xm_is_child(const XmRow *row)
{
    return row->kind != XM_ATTR && row->kind != XM_TEXT && row->kind != XM_INCLUDE;
}

static inline bool xm_is_scalar(const XmRow *row)
{
    return row->kind == XM_ATTR || row->kind == XM_TEXT || row->kind == XM_LEAF || row->kind == XM_SIZE;
}

#endif
