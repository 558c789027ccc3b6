/* What cards took of the host, given back. A record is "ALIAS<tab>field<tab>field ..."; its thing may never have been made,
 * or have gone with QEMU. */
#include <string.h>
#include "drivers/network/network.h"
#include "drivers/nwfilter/nwfilter.h"
#include "drivers/qemu/interface_start.h"
#include "util/ids.h"
#include "util/link.h"
#include "util/macvtap.h"
#include "util/qdisc.h"

/* The fields after the alias; false when the record has another number of them. */
static bool split(const char *record, guint n, GStrv *ret)
{
    g_auto(GStrv) fields = g_strsplit(record, "\t", -1);
    if (g_strv_length(fields) != n + 1)
        return false;
    *ret = g_steal_pointer(&fields);
    return true;
}

/* dev */
bool nic_undo_port(const char *record, gpointer user, GError **err)
{
    g_auto(GStrv) f = NULL;
    return !split(record, 1, &f) || link_leave_bridge(f[1], err);
}

/* dev, mac */
bool nic_undo_macvtap(const char *record, gpointer user, GError **err)
{
    g_auto(GStrv) f = NULL;
    guint8 mac[6];
    return !split(record, 2, &f) || !mac_parse(f[2], mac) || macvtap_remove(f[1], mac, err);
}

/* dev, former mac */
bool nic_undo_lower(const char *record, gpointer user, GError **err)
{
    g_auto(GStrv) f = NULL;
    guint8 mac[6];
    LinkChange change = { .mac = mac };
    return !split(record, 2, &f) || !mac_parse(f[2], mac) || !link_exists(f[1]) || link_change(f[1], &change, err);
}

/* dev, ifb */
bool nic_undo_qdisc(const char *record, gpointer user, GError **err)
{
    g_auto(GStrv) f = NULL;
    return !split(record, 2, &f) || qdisc_clear(f[1], f[2], err);
}

/* dev */
bool nic_undo_filter(const char *record, gpointer user, GError **err)
{
    g_auto(GStrv) f = NULL;
    return !split(record, 1, &f) || nwfilter_unbind(f[1], err);
}

/* path, dev */
bool nic_undo_script(const char *record, gpointer user, GError **err)
{
    g_auto(GStrv) f = NULL;
    if (!split(record, 2, &f))
        return true;
    const char *const argv[] = { f[1], f[2], NULL };
    g_autoptr(GError) why = NULL;
    if (!run_program(argv, &why))
        g_warning("the downscript of '%s' failed: %s", f[2], why->message);    /* trying again would not help */
    return true;
}

/* network, port */
bool nic_undo_network(const char *record, gpointer user, GError **err)
{
    g_auto(GStrv) f = NULL;
    return !split(record, 2, &f) || network_port_release(f[1], f[2], err);
}

/* dev */
bool nic_undo_ovs(const char *record, gpointer user, GError **err)
{
    g_auto(GStrv) f = NULL;
    return !split(record, 1, &f) || ovs_remove_port(f[1], err);
}

static const char *const kinds[] = { "nic-network", "nic-lower", "nic-macvtap", "nic-port", "nic-ovs", "nic-script", "nic-qdisc",
                                     "nic-filter", "nic-passt" };

static bool release_kind(Undo *undo, const char *kind, const char *alias, GError **err)
{
    g_auto(GStrv) names = undo_names(undo, kind);
    gsize len = strlen(alias);
    bool ok = true;

    for (guint i = g_strv_length(names); i-- > 0;)
        if (strncmp(names[i], alias, len) == 0 && names[i][len] == '\t')
            ok = undo_one(undo, kind, names[i], ok ? err : NULL) && ok;
    return ok;
}

bool interface_release(Undo *undo, const char *alias, GError **err)
{
    bool ok = true;
    for (guint i = G_N_ELEMENTS(kinds); i-- > 0;)
        ok = release_kind(undo, kinds[i], alias, ok ? err : NULL) && ok;
    return ok;
}
