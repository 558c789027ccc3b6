#include "config.h"
#include <string.h>
#include "conf/abi.h"

/* Storage chains nest; deeper than this no row is one of the guest's. */
enum { MAX_DEPTH = 6 };

typedef struct { GString *lines; guint n; } Collected;

/* Does anything below @e concern the guest? */
static bool guest_sees(const XmElem *e, guint depth)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        if (r->flags & XM_ABI || (r->elem && depth < MAX_DEPTH && guest_sees(r->elem, depth + 1)))
            return true;
    }
    return false;
}

/* A row counts by its flag, an element that appears or goes by what is in it. */
static bool counts(const XmRow *r)
{
    if (r->flags & XM_ABI)
        return true;
    return (r->kind == XM_LIST || r->kind == XM_CHILD) && guest_sees(r->elem, 0);
}

static void collect(const char *path, const XmRow *r, const char *was, const char *now, gpointer user)
{
    Collected *c = user;
    if (!counts(r))
        return;
    c->n++;
    g_string_append_printf(c->lines, "%s: %s -> %s%s\n", path, was ? was : "absent", now ? now : "absent",
                           r->kind == XM_SIZE ? " bytes" : "");
}

char *domain_def_abi_diff(const DomainDef *was, const DomainDef *now)
{
    Collected c = { g_string_new(NULL), 0 };
    xm_diff(&domain_elem, was, now, collect, &c);
    return g_string_free(c.lines, FALSE);
}

bool domain_def_abi_check(const DomainDef *was, const DomainDef *now, GError **err)
{
    Collected c = { g_string_new(NULL), 0 };
    xm_diff(&domain_elem, was, now, collect, &c);
    char *end = strchr(c.lines->str, '\n');
    if (end)
        *end = '\0';
    if (c.n == 1)
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "the target differs in %s; the guest must find its machine unchanged",
                    c.lines->str);
    else if (c.n)
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                    "the target differs in %s, and in %u more; the guest must find its machine unchanged", c.lines->str, c.n - 1);
    g_string_free(c.lines, TRUE);
    return !c.n;
}
