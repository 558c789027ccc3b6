/* Detection works on texts; what the kernel does is tested on its real v1 or v2 hierarchy, as root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
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

/* A v2 tree made of plain files: what is read back, in the units it was set in. */
static void values_come_back_from_v2(void **state)
{
    static const struct { const char *file, *text; CgroupParam param; gint64 value; } cases[] = {
        { "cpu.weight", "100\n", CGROUP_CPU_SHARES, 2597 },
        { "cpu.max", "max 100000\n", CGROUP_CPU_QUOTA, -1 },
        { "cpu.max", "20000 50000\n", CGROUP_CPU_QUOTA, 20000 },
        { "cpu.max", "20000 50000\n", CGROUP_CPU_PERIOD, 50000 },
        { "memory.max", "max\n", CGROUP_MEMORY_HARD, G_MAXINT64 },
        { "memory.max", "4096\n", CGROUP_MEMORY_HARD, 4096 },
        { "io.bfq.weight", "default 300\n8:0 100\n", CGROUP_BLKIO_WEIGHT, 300 },
    };
    g_autofree char *root = g_dir_make_tmp("qvirt-test-XXXXXX", NULL), *controllers = g_build_filename(root, "cgroup.controllers", NULL);
    g_autofree char *mounts = g_strdup_printf("25 20 0:22 / %s rw - cgroup2 cgroup2 rw\n", root);
    guint64 device;
    gint64 value;

    assert_true(g_file_set_contents(controllers, "cpuset cpu io memory pids\n", -1, NULL));
    g_autoptr(CgroupHost) host = cgroup_host_new(mounts);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_build_filename(root, cases[i].file, NULL);
        assert_true(g_file_set_contents(path, cases[i].text, -1, NULL));
        assert_true(cgroup_get_number(host, ".", cases[i].param, &value, NULL));
        assert_int_equal(value, cases[i].value);
    }
    g_autofree char *swap = g_build_filename(root, "memory.swap.max", NULL), *io = g_build_filename(root, "io.max", NULL);
    assert_true(g_file_set_contents(swap, "1000\n", -1, NULL) && cgroup_get_swap(host, ".", &value, NULL));
    assert_int_equal(value, 5096);
    assert_true(g_file_set_contents(io, "8:0 rbps=max wbps=7 riops=9 wiops=max\n", -1, NULL));
    assert_true(cgroup_get_device(host, ".", CGROUP_BLKIO_WRITE_BPS, "8:0", &device, NULL) && device == 7);
    assert_true(cgroup_get_device(host, ".", CGROUP_BLKIO_READ_BPS, "8:0", &device, NULL) && device == 0);
    assert_true(cgroup_get_device(host, ".", CGROUP_BLKIO_READ_IOPS, "8:1", &device, NULL) && device == 0);
    assert_int_equal(cgroup_shares_kept(host, 2048), 2046);
    g_autofree char *command = g_strdup_printf("rm -r '%s'", root);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_v1_hierarchies),
        cmocka_unit_test(missing_controller_is_named),
        cmocka_unit_test(values_reach_the_kernel),
        cmocka_unit_test(values_come_back_from_v2),
    };
    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
