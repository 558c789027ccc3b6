/* What QEMU answers becomes numbers: real answers of QEMU 7.2, cut to what is read, and answers that make no sense. */
#include "drivers/qemu/stats.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define BLOCKSTATS "[{'device':'','qdev':'/machine/peripheral/virtio-disk1/virtio-backend','node-name':'libvirt-2-format'," \
    "'stats':{'rd_operations':3,'rd_bytes':1536,'rd_total_time_ns':70,'wr_operations':2,'wr_bytes':1024,'wr_total_time_ns':60," \
    "'flush_operations':1,'flush_total_time_ns':5,'wr_highest_offset':4096},'parent':{'node-name':'libvirt-2-storage'," \
    "'stats':{'wr_highest_offset':8192}},'backing':{'node-name':'libvirt-3-format','stats':{'wr_highest_offset':0}," \
    "'parent':{'node-name':'libvirt-3-storage','stats':{'wr_highest_offset':77}}}}," \
    "{'qdev':'ide0-1-0','stats':{'rd_operations':0}}]"
#define NODES "[{'node-name':'libvirt-2-format','write_threshold':0,'image':{'virtual-size':4194304,'actual-size':204800}}," \
    "{'node-name':'no-image'},7]"
#define GUEST "{'last-update':1700000000,'stats':{'stat-swap-in':2048,'stat-swap-out':-1,'stat-free-memory':18446744073709551615," \
    "'stat-total-memory':67108864,'stat-major-faults':12}}"
#define CPUS "[{'cpu-index':1,'qom-path':'/machine/unattached/device[2]','thread-id':22,'target':'x86_64'}," \
    "{'cpu-index':0,'qom-path':'/machine/unattached/device[0]','thread-id':21}]"
#define SCHEMA "[{'provider':'kvm','target':'vm','stats':[{'name':'pages_4k','type':'instant'},{'name':'max_x','type':'peak'}]}," \
    "{'provider':'kvm','target':'vcpu','stats':[{'name':'exits','type':'cumulative'},{'name':'h','type':'log2-histogram'}]}]"
#define KVM_VCPU "[{'provider':'kvm','qom-path':'/machine/unattached/device[0]','stats':[{'name':'exits','value':9}," \
    "{'name':'guest_mode','value':true},{'name':'h','value':[1,2]}]}]"

typedef struct {
    const char *name;
    guint ask;
    const char *answer;        /* ' stands for " */
    bool understood;
    void (*check)(const GuestStats *s);
} Case;

static void check_fronts(const GuestStats *s)
{
    const StatFront *f = stats_front(s, "virtio-disk1");
    assert_int_equal(s->fronts->len, 2);
    assert_non_null(f);
    assert_int_equal(f->rd.reqs, 3);
    assert_int_equal(f->wr.bytes, 1024);
    assert_int_equal(f->fl.times, 5);
    assert_null(stats_front(s, "virtio-disk"));
    assert_null(stats_front(s, "disk1"));
    assert_non_null(stats_front(s, "ide0-1-0"));
    StorageSource src = { .index = 3 };
    assert_int_equal(stats_node(s, &src, "storage")->highest, 77);
    src.index = 2;
    assert_int_equal(stats_node(s, &src, "storage")->highest, 8192);
    src.index = 9;
    assert_null(stats_node(s, &src, "storage"));
}

static void check_nodes(const GuestStats *s)
{
    StorageSource src = { .index = 2 };
    assert_int_equal(stats_node(s, &src, "format")->capacity, 4194304);
    assert_int_equal(stats_node(s, &src, "format")->physical, 204800);
    assert_int_equal(g_hash_table_size(s->nodes), 1);
}

static void check_balloon(const GuestStats *s)
{
    assert_true(s->has_balloon);
    assert_int_equal(s->balloon_kib, 49152);
}

static void check_guest(const GuestStats *s)
{
    static const struct { int tag; bool has; guint64 value; } wanted[] = {
        { 0, true, 2 }, { 1, false, 0 }, { 2, true, 12 }, { 3, false, 0 }, { 4, false, 0 }, { 5, true, 65536 }, { 9, true, 1700000000 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        assert_int_equal(s->has_guest[wanted[i].tag], wanted[i].has);
        if (wanted[i].has)
            assert_int_equal(s->guest[wanted[i].tag], wanted[i].value);
    }
}

static void check_cpus(const GuestStats *s)
{
    assert_int_equal(s->vcpus->len, 2);
    assert_int_equal(((StatVcpu *)s->vcpus->pdata[0])->tid, 21);
    assert_int_equal(((StatVcpu *)s->vcpus->pdata[1])->index, 1);
}

static void check_iothreads(const GuestStats *s)
{
    assert_int_equal(s->iothreads->len, 1);
    assert_int_equal(((StatIothread *)s->iothreads->pdata[0])->id, 12);
    assert_int_equal(((StatIothread *)s->iothreads->pdata[0])->max_ns, 32768);
}

static void check_dirty(const GuestStats *s)
{
    assert_int_equal(s->dirty.status, 2);
    assert_true(s->has_dirty_rate);
    assert_int_equal(s->dirty.rate, 14);
    assert_string_equal(s->dirty.mode, "page-sampling");
}

static void check_errors(const GuestStats *s)
{
    assert_int_equal(s->errors->len, 2);
    assert_int_equal(((StatError *)s->errors->pdata[0])->error, 2);
    assert_int_equal(((StatError *)s->errors->pdata[1])->error, 1);
}

static void check_schema(const GuestStats *s)
{
    assert_int_equal(GPOINTER_TO_UINT(g_hash_table_lookup(s->kvm_kinds, "vcpu/exits")), KVM_CUMULATIVE + 1);
    assert_int_equal(GPOINTER_TO_UINT(g_hash_table_lookup(s->kvm_kinds, "vm/max_x")), KVM_PEAK + 1);
    assert_null(g_hash_table_lookup(s->kvm_kinds, "vcpu/h"));
}

static void check_kvm_vcpu(const GuestStats *s)
{
    assert_int_equal(s->kvm_vcpu->len, 2);
    assert_int_equal(((StatKvm *)s->kvm_vcpu->pdata[0])->value, 9);
    assert_true(((StatKvm *)s->kvm_vcpu->pdata[1])->is_bool);
}

static const Case cases[] = {
    { "blockstats: fronts and nodes", ASK_FRONTS, BLOCKSTATS, true, check_fronts },
    { "blockstats: no list", ASK_FRONTS, "{'x':1}", false, NULL },
    { "named nodes", ASK_NODES, NODES, true, check_nodes },
    { "named nodes: a number", ASK_NODES, "5", false, NULL },
    { "balloon", ASK_BALLOON, "{'actual':50331648}", true, check_balloon },
    { "balloon: nothing", ASK_BALLOON, "{}", false, NULL },
    { "guest memory: -1 is unknown", ASK_GUEST_MEMORY, GUEST, true, check_guest },
    { "guest memory: no stats", ASK_GUEST_MEMORY, "{'last-update':0}", false, NULL },
    { "vcpus in order", ASK_VCPUS, CPUS, true, check_cpus },
    { "vcpus: text", ASK_VCPUS, "'none'", false, NULL },
    { "iothreads", ASK_IOTHREADS, "[{'id':'iothread12','thread-id':5,'poll-max-ns':32768},{'id':'mon_iothread'},{}]", true, check_iothreads },
    { "dirty rate", ASK_DIRTY, "{'status':'measured','start-time':7,'calc-time':1,'mode':'page-sampling','dirty-rate':14}", true, check_dirty },
    { "dirty rate: a new status", ASK_DIRTY, "{'status':'pondering'}", false, NULL },
    { "disk errors", ASK_ERRORS, "[{'qdev':'a','io-status':'nospace'},{'qdev':'b','io-status':'failed'},{'qdev':'c','io-status':'ok'},{}]", true, check_errors },
    { "kvm: kinds", ASK_KVM_SCHEMA, SCHEMA, true, check_schema },
    { "kvm: numbers and booleans, no histograms", ASK_KVM_VCPU, KVM_VCPU, true, check_kvm_vcpu },
    { "kvm: none under TCG", ASK_KVM_VM, "[]", true, NULL },
};

static const StatQuery *query_of(guint ask)
{
    for (guint i = 0; i < n_stat_queries; i++)
        if (stat_queries[i].ask == ask)
            return &stat_queries[i];
    return NULL;
}

static void test_case(void **state)
{
    const Case *c = *state;
    g_autofree char *text = g_strdelimit(g_strdup(c->answer), "'", '"');
    json_object *answer = json_tokener_parse(text);
    g_autoptr(GuestStats) s = guest_stats_new();
    assert_non_null(answer);
    assert_int_equal(query_of(c->ask)->parse(s, answer), c->understood);
    assert_int_equal(query_of(c->ask)->parse(s, answer), c->understood);      /* again: replaced, not added */
    if (c->check)
        c->check(s);
    json_object_put(answer);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, test_case, NULL, NULL, (void *)&cases[i] };
    return _cmocka_run_group_tests("stats", tests, G_N_ELEMENTS(cases), NULL, NULL);
}
