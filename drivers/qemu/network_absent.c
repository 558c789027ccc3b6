/* Stand-ins that refuse, for the network and filter drivers, until those are built in: then this file goes. */
#include "drivers/network/network.h"
#include "drivers/nwfilter/nwfilter.h"

void network_port_free(NetworkPort *port)
{
}

NetworkPort *network_port_take(const Interface *interface, const char *domain, const guint8 domain_uuid[16], const char *id, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_NO_NETWORK, "no network with matching name '%s': this build has no network driver",
                interface->source.network);
    return NULL;
}

bool network_port_release(const char *network, const char *id, GError **err)
{
    return true;
}

bool nwfilter_bind(const Interface *interface, const char *dev, const char *domain, const guint8 domain_uuid[16], GError **err)
{
    if (!interface->filter.filter)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<filterref filter='%s'> needs the filter driver, which this build does not have",
                interface->filter.filter);
    return false;
}

bool nwfilter_unbind(const char *dev, GError **err)
{
    return true;
}
