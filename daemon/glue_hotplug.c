/* Devices that come, go and change. */
#include "daemon/glue.h"

enum { DEVICE_FORCE = 4 };      /* virDomainDeviceModifyFlags: an update that a tray's lock does not stop */

GLUE_WRITE(attach_device, RemoteDomainAttachDeviceArgs)
{
    domain_attach_device(dom, args->xml, AFFECT_LIVE, glue_done, call);
    return true;
}

GLUE_WRITE(attach_device_flags, RemoteDomainAttachDeviceFlagsArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    domain_attach_device(dom, args->xml, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(detach_device, RemoteDomainDetachDeviceArgs)
{
    domain_detach_device(dom, args->xml, AFFECT_LIVE, glue_done, call);
    return true;
}

GLUE_WRITE(detach_device_flags, RemoteDomainDetachDeviceFlagsArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    domain_detach_device(dom, args->xml, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(detach_device_alias, RemoteDomainDetachDeviceAliasArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    domain_detach_device_alias(dom, args->alias, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(update_device_flags, RemoteDomainUpdateDeviceFlagsArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG | DEVICE_FORCE, err))
        return false;
    domain_update_device(dom, args->xml, args->flags, glue_done, call);
    return true;
}

static const RpcHandlerRow glue_hotplug_rows[] = {
    REMOTE(PROC_DOMAIN_ATTACH_DEVICE, attach_device),
    REMOTE(PROC_DOMAIN_ATTACH_DEVICE_FLAGS, attach_device_flags),
    REMOTE(PROC_DOMAIN_DETACH_DEVICE, detach_device),
    REMOTE(PROC_DOMAIN_DETACH_DEVICE_FLAGS, detach_device_flags),
    REMOTE(PROC_DOMAIN_DETACH_DEVICE_ALIAS, detach_device_alias),
    REMOTE(PROC_DOMAIN_UPDATE_DEVICE_FLAGS, update_device_flags),
};
GLUE_AREA(glue_hotplug);
