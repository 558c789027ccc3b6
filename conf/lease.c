#include "config.h"
#include "conf/lease.h"

static const XmRow target_rows[] = {
    A_STR(Lease, path, "path", .flags = XM_REQUIRED, .doc = "file of the lease area"),
    A_U64(Lease, offset, "offset", .doc = "bytes into it"),
};
static const XmElem target_elem = ELEM("target", Lease, target_rows);

static bool lease_check(gconstpointer obj, char **why)
{
    if (((const Lease *)obj)->key)
        return true;
    *why = g_strdup("a <lease> needs a <key>");
    return false;
}

static const XmRow lease_rows[] = {
    LEAF_STR(Lease, lockspace, "lockspace", .doc = "name of the lock space"),
    LEAF_STR(Lease, key, "key", .doc = "name of the lease in it"),
    INLINE  ("target", target_elem, .flags = XM_REQUIRED),
};
const XmElem lease_elem = ELEM("lease", Lease, lease_rows, .has_line = true, .check = lease_check);
