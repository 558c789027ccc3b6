/* Detection works on texts; what the kernel does is tested on its real v1 or v2 hierarchy, as root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include "util/cgroup.h"

static void finds_v1_hierarchies(void **state)
{
    g_autoptr(CgroupHost) host = cgroup_host_new(
        "25 20 0:22 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "26 20 0:23 / /cg/mem\\040ory rw shared:3 - cgroup cgroup rw,memory\n"
        "27 20 0:24 / /proc rw - proc proc rw\n");
    g_autofree char *cpu = cgroup_folder(host, "machine/x", CGROUP_CPUACCT);
    g_autofree char *memory = cgroup_folder(host, "machine/x", CGROUP_MEMORY);

    assert_int_equal(cgroup_host_controllers(host), CGROUP_CPU | CGROUP_CPUACCT | CGROUP_MEMORY);
    assert_string_equal(cpu, "/cg/cpu,cpuacct/machine/x");
    assert_string_equal(memory, "/cg/mem ory/machine/x");
    assert_null(cgroup_folder(host, "machine/x", CGROUP_BLKIO));
}

static void missing_controller_is_named(void **state)
{
    g_autoptr(CgroupHost) host = cgroup_host_new("");
    g_autoptr(GError) err = NULL;

    assert_false(cgroup_create(host, "machine/x", CGROUP_MEMORY, &err));
    assert_true(g_error_matches(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED));
    assert_non_null(g_strstr_len(err->message, -1, "'memory'"));
}

static void values_reach_the_kernel(void **state)
{
    g_autoptr(CgroupHost) host = cgroup_host_new(NULL);
    g_autofree char *group = g_strdup_printf("qvirt-test-%d/a", getpid());
    g_autofree char *top = g_strdup_printf("qvirt-test-%d", getpid());
    g_autoptr(GError) err = NULL;

    if (getuid() || !(cgroup_host_controllers(host) & CGROUP_CPU))
        skip();
    if (!cgroup_create(host, group, CGROUP_CPU, &err)) {
        print_message("# cannot make cgroups here: %s\n", err->message);
        skip();
    }
    assert_true(cgroup_set(host, group, CGROUP_CPU_PERIOD, 50000, &err));
    assert_true(cgroup_set(host, group, CGROUP_CPU_QUOTA, 10000, &err));
    assert_true(cgroup_set(host, group, CGROUP_CPU_SHARES, 2048, &err));
    g_autofree char *quota = cgroup_get(host, group, CGROUP_CPU_QUOTA, &err);
    assert_true(g_str_has_prefix(quota, "10000"));
    g_autofree char *shares = cgroup_get(host, group, CGROUP_CPU_SHARES, &err);
    assert_true(!g_strcmp0(shares, "2048") || !g_strcmp0(shares, "79"));
    cgroup_remove(host, top);
    g_autofree char *folder = cgroup_folder(host, top, CGROUP_CPU);
    assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_v1_hierarchies),
        cmocka_unit_test(missing_controller_is_named),
        cmocka_unit_test(values_reach_the_kernel),
    };
    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
