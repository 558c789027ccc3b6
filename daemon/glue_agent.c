/* What the guest agent is asked: small questions, each a command or two. glue_guest_info.c has the long answers. */
#include "daemon/glue.h"
#include "daemon/glue_agent.h"

/* --- building and reading JSON */

json_object *agent_member(json_object *object, const char *name)
{
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, name, &value) ? value : NULL;
}

const char *agent_text(json_object *object, const char *name)
{
    json_object *value = agent_member(object, name);
    return value ? json_object_get_string(value) : NULL;
}

gint64 agent_number(json_object *object, const char *name)
{
    json_object *value = agent_member(object, name);
    return value ? json_object_get_int64(value) : 0;
}

guint agent_length(json_object *array)
{
    return json_object_is_type(array, json_type_array) ? (guint)json_object_array_length(array) : 0;
}

static json_object *args_of(const char *name, json_object *value)
{
    json_object *args = json_object_new_object();
    json_object_object_add(args, name, value);
    return args;
}

static json_object *texts(char *const *words, guint n)
{
    json_object *array = json_object_new_array();
    for (guint i = 0; i < n; i++)
        json_object_array_add(array, json_object_new_string(words[i]));
    return array;
}

static void ask(Domain *dom, const char *command, json_object *args, DomainDone done, gpointer user)
{
    json_object *commands = json_object_new_object();
    json_object_object_add(commands, command, args);
    domain_agent_ask(dom, commands, done, user);
}

/* An answer that came, or false when the call has been failed. */
static bool came(const GError *err, RpcCall *call)
{
    if (err)
        rpc_call_fail(call, err);
    return !err;
}

/* --- raw commands, timeout */

enum { TIMEOUT_BLOCK = -2, TIMEOUT_DEFAULT = -1, MS = 1000 };       /* virDomainQemuAgentCommandTimeoutValues; else seconds */

static bool timeout_ok(int timeout, GError **err)
{
    if (timeout >= TIMEOUT_BLOCK && timeout <= G_MAXINT / MS)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "guest agent timeout '%d' is less than the minimum '%d'", timeout, TIMEOUT_BLOCK);
    return false;
}

static int timeout_ms(int timeout)
{
    return timeout < 0 ? timeout : timeout * MS;
}

static void command_done(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    QemuDomainAgentCommandRet ret = { 0 };
    if (!came(err, user))
        return;
    ret.result = g_strdup(result);
    rpc_call_reply(user, &ret);
}

GLUE_WRITE(command, QemuDomainAgentCommandArgs)
{
    if (!glue_flags(call, args->flags, 0, err) || !timeout_ok(args->timeout, err))
        return false;
    domain_agent_command(dom, args->cmd, timeout_ms(args->timeout), command_done, call);
    return true;
}

GLUE_READ(set_timeout, RemoteDomainAgentSetResponseTimeoutArgs, RemoteDomainAgentSetResponseTimeoutRet)
{
    if (!glue_flags(call, args->flags, 0, err) || !timeout_ok(args->timeout, err))
        return RPC_FAILED;
    domain_agent_set_timeout(dom, timeout_ms(args->timeout));
    return RPC_DONE;
}

/* --- file systems */

static void frozen(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainFsfreezeRet ret = { 0 };          /* FSTHAW has the same layout */
    if (!came(err, user))
        return;
    json_object_object_foreach((json_object *)result, name, value) {
        (void)name;
        ret.filesystems = json_object_get_int(value);
    }
    rpc_call_reply(user, &ret);
}

GLUE_WRITE(freeze, RemoteDomainFsfreezeArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    if (args->n_mountpoints)
        ask(dom, "guest-fsfreeze-freeze-list", args_of("mountpoints", texts(args->mountpoints, args->n_mountpoints)), frozen, call);
    else
        ask(dom, "guest-fsfreeze-freeze", NULL, frozen, call);
    return true;
}

GLUE_WRITE(thaw, RemoteDomainFsthawArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    if (args->n_mountpoints) {
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "specifying mountpoints is not supported: a guest thaws all of them");
        return false;
    }
    ask(dom, "guest-fsfreeze-thaw", NULL, frozen, call);
    return true;
}

GLUE_WRITE(trim, RemoteDomainFstrimArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    if (args->mountPoint) {
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "specifying a mount point is not supported: a guest trims all of them");
        return false;
    }
    ask(dom, "guest-fstrim", args_of("minimum", json_object_new_int64((gint64)args->minimum)), glue_done, call);
    return true;
}

static void fill_fsinfo(Domain *dom, json_object *fs, RemoteDomainFsinfo *info)
{
    json_object *disks = agent_member(fs, "disk");
    info->mountpoint = g_strdup(agent_text(fs, "mountpoint") ? agent_text(fs, "mountpoint") : "");
    info->name = g_strdup(agent_text(fs, "name") ? agent_text(fs, "name") : "");
    info->fstype = g_strdup(agent_text(fs, "type") ? agent_text(fs, "type") : "");
    info->dev_aliases = g_new0(char *, agent_length(disks));
    for (guint i = 0; i < agent_length(disks); i++) {
        const char *dst = domain_agent_disk(dom, json_object_array_get_idx(disks, i));
        if (dst)
            info->dev_aliases[info->n_dev_aliases++] = g_strdup(dst);
    }
}

static void fsinfo_done(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainGetFsinfoRet ret = { 0 };
    json_object *all = err ? NULL : agent_member(result, "guest-get-fsinfo");
    if (!came(err, user))
        return;
    ret.info = g_new0(RemoteDomainFsinfo, agent_length(all));
    for (guint i = 0; i < agent_length(all); i++)
        fill_fsinfo(dom, json_object_array_get_idx(all, i), &ret.info[ret.n_info++]);
    ret.ret = ret.n_info;
    rpc_call_reply(user, &ret);
}

GLUE_WRITE(get_fsinfo, RemoteDomainGetFsinfoArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    ask(dom, "guest-get-fsinfo", NULL, fsinfo_done, call);
    return true;
}

/* --- time */

enum { NS = 1000000000 };

static void time_known(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainGetTimeRet ret = { 0 };
    if (!came(err, user))
        return;
    gint64 ns = agent_number(result, "guest-get-time");
    ret.seconds = ns / NS;
    ret.nseconds = (guint)(ns % NS);
    rpc_call_reply(user, &ret);
}

GLUE_WRITE(get_time, RemoteDomainGetTimeArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    ask(dom, "guest-get-time", NULL, time_known, call);
    return true;
}

GLUE_WRITE(set_time, RemoteDomainSetTimeArgs)
{
    enum { SYNC = 1 };
    if (!glue_flags(call, args->flags, SYNC, err))
        return false;
    if (args->seconds > G_MAXINT64 / NS - 1 || args->seconds < 0 || args->nseconds >= NS) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "Time '%" G_GINT64_FORMAT "' is too big for guest agent", (gint64)args->seconds);
        return false;
    }
    json_object *when = args->flags & SYNC ? NULL : args_of("time", json_object_new_int64(args->seconds * NS + args->nseconds));
    ask(dom, "guest-set-time", when, glue_done, call);
    return true;
}

/* --- name, users */

static void hostname_known(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    if (!err && !agent_text(agent_member(result, "guest-get-host-name"), "host-name")) {
        g_autoptr(GError) why = g_error_new(QV_ERROR, QV_ERR_INTERNAL, "the guest agent tells no host name");
        rpc_call_fail(user, why);
        return;
    }
    glue_done_text(dom, err ? NULL : (gpointer)agent_text(agent_member(result, "guest-get-host-name"), "host-name"), err, user);
}

GLUE_WRITE(get_hostname, RemoteDomainGetHostnameArgs)
{
    enum { BY_LEASE = 1, BY_AGENT = 2 };
    if (!glue_flags(call, args->flags, BY_LEASE | BY_AGENT, err))
        return false;
    if (args->flags & BY_LEASE) {
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "host names are asked of the guest agent (--source agent), not of leases");
        return false;
    }
    ask(dom, "guest-get-host-name", NULL, hostname_known, call);
    return true;
}

GLUE_WRITE(set_password, RemoteDomainSetUserPasswordArgs)
{
    enum { ENCRYPTED = 1 };
    if (!glue_flags(call, args->flags, ENCRYPTED, err))
        return false;
    const char *password = args->password ? args->password : "";
    g_autofree char *encoded = g_base64_encode((const guchar *)password, strlen(password));
    json_object *what = args_of("username", json_object_new_string(args->user ? args->user : ""));
    json_object_object_add(what, "password", json_object_new_string(encoded));
    json_object_object_add(what, "crypted", json_object_new_boolean(args->flags & ENCRYPTED));
    ask(dom, "guest-set-user-password", what, glue_done, call);
    return true;
}

static void keys_known(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainAuthorizedSshKeysGetRet ret = { 0 };
    if (!came(err, user))
        return;
    json_object *keys = agent_member(agent_member(result, "guest-ssh-get-authorized-keys"), "keys");
    ret.keys = g_new0(char *, agent_length(keys));
    for (guint i = 0; i < agent_length(keys); i++)
        ret.keys[ret.n_keys++] = g_strdup(json_object_get_string(json_object_array_get_idx(keys, i)));
    rpc_call_reply(user, &ret);
}

GLUE_WRITE(get_keys, RemoteDomainAuthorizedSshKeysGetArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    ask(dom, "guest-ssh-get-authorized-keys", args_of("username", json_object_new_string(args->user)), keys_known, call);
    return true;
}

GLUE_WRITE(set_keys, RemoteDomainAuthorizedSshKeysSetArgs)
{
    enum { APPEND = 1, REMOVE = 2 };
    if (!glue_flags(call, args->flags, APPEND | REMOVE, err))
        return false;
    if ((args->flags & (APPEND | REMOVE)) == (APPEND | REMOVE)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "keys are appended or removed, not both");
        return false;
    }
    json_object *what = args_of("username", json_object_new_string(args->user));
    json_object_object_add(what, "keys", texts(args->keys, args->n_keys));
    if (args->flags & REMOVE) {
        ask(dom, "guest-ssh-remove-authorized-keys", what, glue_done, call);
        return true;
    }
    json_object_object_add(what, "reset", json_object_new_boolean(!(args->flags & APPEND)));
    ask(dom, "guest-ssh-add-authorized-keys", what, glue_done, call);
    return true;
}

/* --- sleep */

GLUE_WRITE(suspend, RemoteDomainPmSuspendForDurationArgs)
{
    static const char *const commands[] = { "guest-suspend-ram", "guest-suspend-disk", "guest-suspend-hybrid" };      /* virNodeSuspendTarget */
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    if (args->duration || args->target >= G_N_ELEMENTS(commands)) {
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, args->duration ? "Duration not supported. Use 0 for now" : "unknown suspend target");
        return false;
    }
    domain_agent_tell(dom, commands[args->target], NULL, glue_done, call);
    return true;
}

static const RpcHandlerRow glue_agent_rows[] = {
    QEMU(PROC_QEMU_DOMAIN_AGENT_COMMAND, command),
    REMOTE(PROC_DOMAIN_AGENT_SET_RESPONSE_TIMEOUT, set_timeout),
    REMOTE(PROC_DOMAIN_FSFREEZE, freeze),
    REMOTE(PROC_DOMAIN_FSTHAW, thaw),
    REMOTE(PROC_DOMAIN_FSTRIM, trim),
    REMOTE(PROC_DOMAIN_GET_FSINFO, get_fsinfo),
    REMOTE(PROC_DOMAIN_GET_TIME, get_time),
    REMOTE(PROC_DOMAIN_SET_TIME, set_time),
    REMOTE(PROC_DOMAIN_GET_HOSTNAME, get_hostname),
    REMOTE(PROC_DOMAIN_SET_USER_PASSWORD, set_password),
    REMOTE(PROC_DOMAIN_AUTHORIZED_SSH_KEYS_GET, get_keys),
    REMOTE(PROC_DOMAIN_AUTHORIZED_SSH_KEYS_SET, set_keys),
    REMOTE(PROC_DOMAIN_PM_SUSPEND_FOR_DURATION, suspend),
};
GLUE_AREA(glue_agent);
