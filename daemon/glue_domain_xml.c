/* A domain's XML: define, undefine, read back, metadata, name. */
#include "daemon/glue.h"

enum { XML_SECURE = 1, XML_INACTIVE = 2, XML_UPDATE_CPU = 4, XML_MIGRATABLE = 8 };    /* virDomainXMLFlags */
enum { DEFINE_VALIDATE = 1 };
enum { UNDEFINE_KNOWN = 0x7f };                                                        /* virDomainUndefineFlagsValues */

GLUE_HANDLER(define_xml, RemoteDomainDefineXmlArgs, RemoteDomainDefineXmlRet)
{
    qemu_define_xml(qvirtd.qemu, args->xml, 0, glue_done_handle, call);
    return RPC_LATER;
}

GLUE_HANDLER(define_xml_flags, RemoteDomainDefineXmlFlagsArgs, RemoteDomainDefineXmlFlagsRet)
{
    if (!glue_flags(call, args->flags, DEFINE_VALIDATE, err))
        return RPC_FAILED;
    qemu_define_xml(qvirtd.qemu, args->xml, args->flags, glue_done_handle, call);
    return RPC_LATER;
}

GLUE_WRITE(undefine, RemoteDomainUndefineArgs)
{
    domain_undefine(dom, 0, glue_done, call);
    return true;
}

/* A pair of flags that contradict each other. */
static bool exclusive(guint flags, guint one, guint other, const char *what, GError **err)
{
    if ((flags & (one | other)) != (one | other))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "cannot both keep and delete %s", what);
    return false;
}

GLUE_WRITE(undefine_flags, RemoteDomainUndefineFlagsArgs)
{
    enum { NVRAM = 4, KEEP_NVRAM = 8, TPM = 32, KEEP_TPM = 64 };
    if (!glue_flags(call, args->flags, UNDEFINE_KNOWN, err) ||
        !exclusive(args->flags, NVRAM, KEEP_NVRAM, "the firmware's variables", err) ||
        !exclusive(args->flags, TPM, KEEP_TPM, "the TPM's state", err))
        return false;
    domain_undefine(dom, args->flags, glue_done, call);
    return true;
}

GLUE_READ(get_xml, RemoteDomainGetXmlDescArgs, RemoteDomainGetXmlDescRet)
{
    if (!glue_flags(call, args->flags, XML_SECURE | XML_INACTIVE | XML_UPDATE_CPU | XML_MIGRATABLE, err))
        return RPC_FAILED;
    char *xml = domain_xml(dom, args->flags, err);
    if (!xml)
        return RPC_FAILED;
    ret->xml = g_strdup(xml);
    g_ref_string_release(xml);
    return RPC_DONE;
}

GLUE_HANDLER(xml_to_native, RemoteConnectDomainXmlToNativeArgs, RemoteConnectDomainXmlToNativeRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    qemu_xml_to_native(qvirtd.qemu, args->nativeFormat, args->domainXml, args->flags, glue_done_text, call);
    return RPC_LATER;
}

/* --- metadata */

static bool metadata_type_ok(int type, const char *uri, GError **err)
{
    enum { DESCRIPTION, TITLE, ELEMENT };
    if (type >= DESCRIPTION && type <= ELEMENT && (type != ELEMENT || uri))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, type == ELEMENT ? "metadata of an element needs its namespace's URI" :
                "unknown metadata type %d", type);
    return false;
}

GLUE_WRITE(set_metadata, RemoteDomainSetMetadataArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err) || !metadata_type_ok(args->type, args->uri, err))
        return false;
    domain_set_metadata(dom, args->type, args->metadata, args->key, args->uri, args->flags, glue_done, call);
    return true;
}

GLUE_READ(get_metadata, RemoteDomainGetMetadataArgs, RemoteDomainGetMetadataRet)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err) || !metadata_type_ok(args->type, args->uri, err))
        return RPC_FAILED;
    ret->metadata = domain_get_metadata(dom, args->type, args->uri, args->flags, err);
    return ret->metadata ? RPC_DONE : RPC_FAILED;
}

GLUE_WRITE(rename_it, RemoteDomainRenameArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    if (!args->new_name || !*args->new_name) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "the new name is empty");
        return false;
    }
    domain_rename(dom, args->new_name, args->flags, glue_done_zero, call);
    return true;
}

static const RpcHandlerRow glue_domain_xml_rows[] = {
    REMOTE(PROC_DOMAIN_DEFINE_XML, define_xml),
    REMOTE(PROC_DOMAIN_DEFINE_XML_FLAGS, define_xml_flags),
    REMOTE(PROC_DOMAIN_UNDEFINE, undefine),
    REMOTE(PROC_DOMAIN_UNDEFINE_FLAGS, undefine_flags),
    REMOTE(PROC_DOMAIN_GET_XML_DESC, get_xml),
    REMOTE(PROC_CONNECT_DOMAIN_XML_TO_NATIVE, xml_to_native),
    REMOTE(PROC_DOMAIN_SET_METADATA, set_metadata),
    REMOTE(PROC_DOMAIN_GET_METADATA, get_metadata),
    REMOTE(PROC_DOMAIN_RENAME, rename_it),
};
GLUE_AREA(glue_domain_xml);
