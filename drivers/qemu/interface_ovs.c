/* Programs that a card needs: the user's scripts, and ovs-vsctl, the only way into Open vSwitch's database. */
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "drivers/qemu/interface_start.h"
#include "util/file.h"
#include "util/process.h"

enum { PROGRAM_TIMEOUT_MS = 30000 };

/* What the program wrote, at most the first kilobyte. Gives. */
static char *words_of(int fd)
{
    char text[1024];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[MAX(n, 0)] = '\0';
    return g_strdup(g_strstrip(text));
}

bool run_program(const char *const *argv, GError **err)
{
    g_auto(Fd) output = memfd_create("output", MFD_CLOEXEC), pidfd = -1;
    ProcessSpec spec = { .argv = (char *const *)(gpointer)argv, .stdin_fd = -1, .stdout_fd = output, .stderr_fd = output };
    pid_t pid;
    int status;

    if (!process_spawn(&spec, &pid, &pidfd, err))
        return false;
    if (!process_wait(pidfd, PROGRAM_TIMEOUT_MS, &status)) {
        process_kill(pidfd, SIGKILL);
        process_wait(pidfd, 1000, &status);
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_TIMEOUT, "'%s' did not end within %d s", argv[0], PROGRAM_TIMEOUT_MS / 1000);
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    g_autofree char *words = words_of(output);
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "'%s' failed (%s %d)%s%s", argv[0], WIFEXITED(status) ? "exit status" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), *words ? ": " : "", words);
    return false;
}

/* --- Open vSwitch */

static char *find_ovs(GError **err)
{
    char *path = g_find_program_in_path("ovs-vsctl");
    if (!path)
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                    "<virtualport type='openvswitch'> needs Open vSwitch: its program ovs-vsctl is not there; install openvswitch-switch");
    return path;
}

static void add(GPtrArray *argv, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add(GPtrArray *argv, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(argv, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add_vlans(GPtrArray *argv, const Interface *nic)
{
    const GPtrArray *tags = nic->vlan.tags;
    GString *trunks = g_string_new(NULL);
    for (guint i = 0; tags && i < tags->len; i++) {
        const VlanTag *tag = g_ptr_array_index(tags, i);
        bool native = tag->native || (nic->vlan.trunk != TRI_YES && tags->len == 1);
        if (native)
            add(argv, "tag=%u", tag->id.v);
        if (tag->native)
            add(argv, "vlan_mode=%s", tag->native == NATIVE_TAGGED ? "native-tagged" : "native-untagged");
        if (nic->vlan.trunk == TRI_YES)
            g_string_append_printf(trunks, "%s%u", trunks->len ? "," : "", tag->id.v);
    }
    if (trunks->len)
        add(argv, "trunk=%s", trunks->str);
    g_string_free(trunks, TRUE);
}

bool ovs_add_port(const char *bridge, const char *dev, const Interface *nic, const DomainDef *def, GError **err)
{
    g_autofree char *program = find_ovs(err);
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    if (!program)
        return false;
    static const char *const head[] = { "--timeout=5", "--", "--may-exist", "add-port" };
    add(argv, "%s", program);
    for (guint i = 0; i < G_N_ELEMENTS(head); i++)
        add(argv, "%s", head[i]);
    add(argv, "%s", bridge);
    add(argv, "%s", dev);
    add_vlans(argv, nic);
    static const char *const set[] = { "--", "set", "Interface" };
    for (guint i = 0; i < G_N_ELEMENTS(set); i++)
        add(argv, "%s", set[i]);
    add(argv, "%s", dev);
    add(argv, "external-ids:attached-mac=\"%s\"", nic->mac.address);
    if (nic->vport.interfaceid)
        add(argv, "external-ids:iface-id=\"%s\"", nic->vport.interfaceid);
    add(argv, "external-ids:vm-id=\"%s\"", def->frame.uuid);
    if (nic->vport.profileid)
        add(argv, "external-ids:port-profile=\"%s\"", nic->vport.profileid);
    add(argv, "external-ids:iface-status=active");
    g_ptr_array_add(argv, NULL);
    return run_program((const char *const *)argv->pdata, err);
}

bool ovs_remove_port(const char *dev, GError **err)
{
    g_autofree char *program = find_ovs(NULL);      /* none: nothing was ever added */
    const char *const argv[] = { program, "--timeout=5", "--", "--if-exists", "del-port", dev, NULL };
    return !program || run_program(argv, err);
}
