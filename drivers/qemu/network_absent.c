/* Stand-ins that refuse, for the network driver, until it is built in: then this file goes. */
#include "drivers/network/network.h"

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
