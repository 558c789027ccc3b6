/* The guest as its agent describes it: virDomainGetGuestInfo, interface addresses, its own view of its processors. */
#include "daemon/glue.h"
#include "daemon/glue_agent.h"
#include "util/bitmap.h"

/* --- typed parameters */

enum { PARAMS_MAX = 2048 };      /* REMOTE_DOMAIN_GUEST_INFO_PARAMS_MAX */

typedef struct { GArray *params; Domain *dom; } Info;      /* of RemoteTypedParam */

static void put(Info *info, DomainStat stat, const char *format, va_list rest)
{
    RemoteTypedParam param = { 0 };
    g_autofree char *name = g_strdup_vprintf(format, rest);
    stat.name = name;
    if (info->params->len >= PARAMS_MAX)
        return;
    glue_param(&param, &stat);
    g_array_append_val(info->params, param);
}

static void put_text(Info *info, const char *text, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void put_text(Info *info, const char *text, const char *format, ...)
{
    va_list rest;
    if (!text)
        return;
    va_start(rest, format);
    put(info, (DomainStat){ .type = PARAM_STRING, .v.s = (char *)text }, format, rest);
    va_end(rest);
}

static void put_number(Info *info, ParamType type, gint64 number, const char *format, ...) G_GNUC_PRINTF(4, 5);
static void put_number(Info *info, ParamType type, gint64 number, const char *format, ...)
{
    DomainStat stat = { .type = (int)type };
    va_list rest;
    if (type == PARAM_INT)
        stat.v.i = (int)number;
    else if (type == PARAM_UINT)
        stat.v.u = (guint)number;
    else if (type == PARAM_BOOLEAN)
        stat.v.b = number != 0;
    else
        stat.v.ul = (guint64)number;
    va_start(rest, format);
    put(info, stat, format, rest);
    va_end(rest);
}

/* --- one kind of information each: the value of its command, to parameters */

static void put_users(Info *info, json_object *users)
{
    enum { MS = 1000 };
    put_number(info, PARAM_UINT, agent_length(users), "user.count");
    for (guint i = 0; i < agent_length(users); i++) {
        json_object *user = json_object_array_get_idx(users, i), *login = agent_member(user, "login-time");
        put_text(info, agent_text(user, "user"), "user.%u.name", i);
        put_text(info, agent_text(user, "domain"), "user.%u.domain", i);
        put_number(info, PARAM_ULLONG, login ? (gint64)(json_object_get_double(login) * MS) : 0, "user.%u.login-time", i);
    }
}

static void put_os(Info *info, json_object *os)
{
    static const char *const names[] = { "id", "name", "pretty-name", "version", "version-id", "machine", "variant", "variant-id",
                                         "kernel-release", "kernel-version" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        put_text(info, agent_text(os, names[i]), "os.%s", names[i]);
}

static void put_timezone(Info *info, json_object *zone)
{
    put_text(info, agent_text(zone, "zone"), "timezone.name");
    put_number(info, PARAM_INT, agent_number(zone, "offset"), "timezone.offset");
}

static void put_hostname(Info *info, json_object *name)
{
    put_text(info, agent_text(name, "host-name"), "hostname");
}

static void put_filesystems(Info *info, json_object *all)
{
    put_number(info, PARAM_UINT, agent_length(all), "fs.count");
    for (guint i = 0; i < agent_length(all); i++) {
        json_object *fs = json_object_array_get_idx(all, i), *disks = agent_member(fs, "disk");
        put_text(info, agent_text(fs, "name"), "fs.%u.name", i);
        put_text(info, agent_text(fs, "mountpoint"), "fs.%u.mountpoint", i);
        put_text(info, agent_text(fs, "type"), "fs.%u.fstype", i);
        if (agent_member(fs, "total-bytes"))
            put_number(info, PARAM_ULLONG, agent_number(fs, "total-bytes"), "fs.%u.total-bytes", i);
        if (agent_member(fs, "used-bytes"))
            put_number(info, PARAM_ULLONG, agent_number(fs, "used-bytes"), "fs.%u.used-bytes", i);
        put_number(info, PARAM_UINT, agent_length(disks), "fs.%u.disk.count", i);
        for (guint j = 0; j < agent_length(disks); j++) {
            json_object *disk = json_object_array_get_idx(disks, j);
            put_text(info, domain_agent_disk(info->dom, disk), "fs.%u.disk.%u.alias", i, j);
            put_text(info, agent_text(disk, "serial"), "fs.%u.disk.%u.serial", i, j);
            put_text(info, agent_text(disk, "dev"), "fs.%u.disk.%u.device", i, j);
        }
    }
}

static void put_disks(Info *info, json_object *all)
{
    put_number(info, PARAM_UINT, agent_length(all), "disk.count");
    for (guint i = 0; i < agent_length(all); i++) {
        json_object *disk = json_object_array_get_idx(all, i), *below = agent_member(disk, "dependencies");
        json_object *address = agent_member(disk, "address");
        put_text(info, agent_text(disk, "name"), "disk.%u.name", i);
        put_number(info, PARAM_BOOLEAN, json_object_get_boolean(agent_member(disk, "partition")), "disk.%u.partition", i);
        if (below)
            put_number(info, PARAM_UINT, agent_length(below), "disk.%u.dependency.count", i);
        for (guint j = 0; j < agent_length(below); j++)
            put_text(info, json_object_get_string(json_object_array_get_idx(below, j)), "disk.%u.dependency.%u.name", i, j);
        put_text(info, agent_text(disk, "alias"), "disk.%u.guest_alias", i);
        put_text(info, address ? domain_agent_disk(info->dom, address) : NULL, "disk.%u.alias", i);
        put_text(info, agent_text(address, "serial"), "disk.%u.serial", i);
        put_text(info, agent_text(address, "bus-type"), "disk.%u.guest_bus", i);
    }
}

static void put_interfaces(Info *info, json_object *all)
{
    put_number(info, PARAM_UINT, agent_length(all), "if.count");
    for (guint i = 0; i < agent_length(all); i++) {
        json_object *nic = json_object_array_get_idx(all, i), *addresses = agent_member(nic, "ip-addresses");
        put_text(info, agent_text(nic, "name"), "if.%u.name", i);
        put_text(info, agent_text(nic, "hardware-address"), "if.%u.hwaddr", i);
        put_number(info, PARAM_UINT, agent_length(addresses), "if.%u.addr.count", i);
        for (guint j = 0; j < agent_length(addresses); j++) {
            json_object *a = json_object_array_get_idx(addresses, j);
            put_text(info, agent_text(a, "ip-address-type"), "if.%u.addr.%u.type", i, j);
            put_text(info, agent_text(a, "ip-address"), "if.%u.addr.%u.addr", i, j);
            put_number(info, PARAM_UINT, agent_number(a, "prefix"), "if.%u.addr.%u.prefix", i, j);
        }
    }
}

/* virDomainGuestInfoTypes are the bits in this order. */
static const struct { const char *command; void (*put)(Info *info, json_object *value); } kinds[] = {
    { "guest-get-users", put_users },
    { "guest-get-osinfo", put_os },
    { "guest-get-timezone", put_timezone },
    { "guest-get-host-name", put_hostname },
    { "guest-get-fsinfo", put_filesystems },
    { "guest-get-disks", put_disks },
    { "guest-network-get-interfaces", put_interfaces },
};

static void info_known(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainGetGuestInfoRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    Info info = { g_array_new(FALSE, FALSE, sizeof(RemoteTypedParam)), dom };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        json_object *value = agent_member(result, kinds[i].command);
        if (value)
            kinds[i].put(&info, value);
    }
    ret.n_params = info.params->len;
    ret.params = (RemoteTypedParam *)(gpointer)g_array_free(info.params, FALSE);
    rpc_call_reply(user, &ret);
}

GLUE_WRITE(get_info, RemoteDomainGetGuestInfoArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    if (args->types >> G_N_ELEMENTS(kinds)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "unsupported guest information types 0x%x", args->types >> G_N_ELEMENTS(kinds) << G_N_ELEMENTS(kinds));
        return false;
    }
    json_object *commands = json_object_new_object();
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (!args->types || args->types & (1u << i))
            json_object_object_add(commands, kinds[i].command, NULL);
    domain_agent_ask(dom, commands, info_known, call);
    return true;
}

/* --- addresses of interfaces */

static void addresses_known(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainInterfaceAddressesRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    json_object *all = agent_member(result, "guest-network-get-interfaces");
    ret.ifaces = g_new0(RemoteDomainInterface, agent_length(all));
    for (guint i = 0; i < agent_length(all); i++) {
        json_object *nic = json_object_array_get_idx(all, i), *addresses = agent_member(nic, "ip-addresses");
        RemoteDomainInterface *to = &ret.ifaces[ret.n_ifaces++];
        to->name = g_strdup(agent_text(nic, "name") ? agent_text(nic, "name") : "");
        to->hwaddr = g_strdup(agent_text(nic, "hardware-address"));
        to->addrs = g_new0(RemoteDomainIpAddr, agent_length(addresses));
        for (guint j = 0; j < agent_length(addresses); j++) {
            json_object *a = json_object_array_get_idx(addresses, j);
            if (agent_text(a, "ip-address"))
                to->addrs[to->n_addrs++] = (RemoteDomainIpAddr){ g_strcmp0(agent_text(a, "ip-address-type"), "ipv6") == 0,
                                                                g_strdup(agent_text(a, "ip-address")), (guint)agent_number(a, "prefix") };
        }
    }
    rpc_call_reply(user, &ret);
}

void glue_agent_addresses(RpcCall *call, Domain *dom)
{
    json_object *commands = json_object_new_object();
    json_object_object_add(commands, "guest-network-get-interfaces", NULL);
    domain_agent_ask(dom, commands, addresses_known, call);
}

/* --- processors, as the guest sees them: lists of numbers in libvirt's syntax */

static void put_vcpus(Info *info, json_object *all, const char *which, const char *name)
{
    g_autoptr(Bitmap) set = bitmap_new();
    for (guint i = 0; i < agent_length(all); i++) {
        json_object *vcpu = json_object_array_get_idx(all, i);
        gint64 id = agent_number(vcpu, "logical-id");
        if (id >= 0 && id < BITMAP_MAX && (!which || json_object_get_boolean(agent_member(vcpu, which))))
            bitmap_set(set, (guint)id);
    }
    g_autofree char *text = bitmap_format(set);
    put_text(info, text, "%s", name);
}

static void vcpus_known(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainGetGuestVcpusRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    json_object *all = agent_member(result, "guest-get-vcpus");
    Info info = { g_array_new(FALSE, FALSE, sizeof(RemoteTypedParam)), dom };
    put_vcpus(&info, all, NULL, "vcpus");
    put_vcpus(&info, all, "online", "online");
    put_vcpus(&info, all, "can-offline", "offlinable");
    ret.n_params = info.params->len;
    ret.params = (RemoteTypedParam *)(gpointer)g_array_free(info.params, FALSE);
    rpc_call_reply(user, &ret);
}

GLUE_WRITE(get_vcpus, RemoteDomainGetGuestVcpusArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    json_object *commands = json_object_new_object();
    json_object_object_add(commands, "guest-get-vcpus", NULL);
    domain_agent_ask(dom, commands, vcpus_known, call);
    return true;
}

GLUE_WRITE(set_vcpus, RemoteDomainSetGuestVcpusArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    g_autofree char *why = NULL;
    g_autoptr(Bitmap) set = bitmap_parse(args->cpumap, &why);
    if (!set) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "'%s' is no list of processors: %s", args->cpumap, why);
        return false;
    }
    json_object *list = json_object_new_array(), *what = json_object_new_object(), *commands = json_object_new_object();
    for (int i = bitmap_next(set, 0); i >= 0; i = bitmap_next(set, (guint)i + 1)) {
        json_object *vcpu = json_object_new_object();
        json_object_object_add(vcpu, "logical-id", json_object_new_int64(i));
        json_object_object_add(vcpu, "online", json_object_new_boolean(args->state));
        json_object_array_add(list, vcpu);
    }
    json_object_object_add(what, "vcpus", list);
    json_object_object_add(commands, "guest-set-vcpus", what);
    domain_agent_ask(dom, commands, glue_done, call);
    return true;
}

static const RpcHandlerRow glue_guest_info_rows[] = {
    REMOTE(PROC_DOMAIN_GET_GUEST_INFO, get_info),
    REMOTE(PROC_DOMAIN_GET_GUEST_VCPUS, get_vcpus),
    REMOTE(PROC_DOMAIN_SET_GUEST_VCPUS, set_vcpus),
};
GLUE_AREA(glue_guest_info);
