#define G_LOG_DOMAIN "audit"
#include "daemon/access.h"
#include "daemon/glue.h"
#include <pwd.h>

static bool audit_on = true;

void access_set_audit(bool on)
{
    audit_on = on;
}

/* Calls that make sense before CONNECT_OPEN; of the qemu program, none. */
static const guint32 before_open[] = {
    PROC_AUTH_LIST, PROC_AUTH_POLKIT, PROC_AUTH_SASL_INIT, PROC_AUTH_SASL_START, PROC_AUTH_SASL_STEP,
    PROC_CONNECT_OPEN, PROC_CONNECT_CLOSE, PROC_CONNECT_SUPPORTS_FEATURE, PROC_CONNECT_SET_IDENTITY,
};

static bool needs_open(guint32 program, guint32 procedure)
{
    for (guint i = 0; program == REMOTE_PROGRAM && i < G_N_ELEMENTS(before_open); i++) {
        if (before_open[i] == procedure)
            return false;
    }
    return true;
}

/* Flags of reads that reveal secrets (or, of XML, are for migration), by the structure that holds them. */
static bool reads_secret(RpcCall *call)
{
    enum { XML_SECURE = 1, XML_MIGRATABLE = 8, VCPU_GUEST = 8, ADDRESSES_AGENT = 1, SECURE = 1 };
    const void *args = rpc_call_args(call);
    switch (rpc_call_procedure(call)) {
    case PROC_DOMAIN_GET_XML_DESC:
        return ((const RemoteDomainGetXmlDescArgs *)args)->flags & (XML_SECURE | XML_MIGRATABLE);
    case PROC_DOMAIN_GET_VCPUS_FLAGS:
        return ((const RemoteDomainGetVcpusFlagsArgs *)args)->flags & VCPU_GUEST;
    case PROC_DOMAIN_INTERFACE_ADDRESSES:
        return ((const RemoteDomainInterfaceAddressesArgs *)args)->source == ADDRESSES_AGENT;
    case PROC_DOMAIN_SNAPSHOT_GET_XML_DESC:
        return ((const RemoteDomainSnapshotGetXmlDescArgs *)args)->flags & SECURE;
    case PROC_DOMAIN_MANAGED_SAVE_GET_XML_DESC:
        return ((const RemoteDomainManagedSaveGetXmlDescArgs *)args)->flags & SECURE;
    case PROC_DOMAIN_CHECKPOINT_GET_XML_DESC:
        return ((const RemoteDomainCheckpointGetXmlDescArgs *)args)->flags & SECURE;
    default:
        return true;
    }
}

static bool changes(RpcCall *call)
{
    RpcReadonly rule = rpc_call_readonly(call);
    return rule == RPC_READONLY_DENIED || (rule == RPC_READONLY_CONDITIONAL && reads_secret(call));
}

static void audit(RpcCall *call, const char *verdict)
{
    pid_t pid;
    uid_t uid;
    gid_t gid;
    if (!audit_on)
        return;
    rpc_client_creds(rpc_call_client(call), &pid, &uid, &gid);
    g_info("%s: %s by uid %u, process %d", verdict, rpc_call_name(call), (guint)uid, (int)pid);
}

void access_ended(RpcCall *call, const GError *err)
{
    g_autofree char *failed = err ? g_strconcat("failed (", err->message, ")", NULL) : NULL;
    if (!rpc_client_readonly(rpc_call_client(call)) && changes(call))
        audit(call, failed ? failed : "done");
}

bool access_allow(RpcCall *call, GError **err)
{
    if (needs_open(rpc_call_program(call), rpc_call_procedure(call)) && !session_of(call)->opened) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "hypervisor connection not open");
        return false;
    }
    if (!changes(call))
        return true;
    bool refused = rpc_client_readonly(rpc_call_client(call));
    if (refused)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_DENIED, "read only access prevents %s", rpc_call_name(call));
    audit(call, refused ? "refused" : "allowed");
    return !refused;
}
