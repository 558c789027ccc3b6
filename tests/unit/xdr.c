/* The codec: every procedure of the table survives coding back and forth, and no bytes break the decoder. */
#include "rpc/procedure.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* A value for every field: strings, pointers and short arrays, of random content. */
static void fill(GRand *random, const XdrType *type, guint8 *value, guint depth);

static size_t size_of(const XdrField *f)
{
    static const size_t sizes[] = { [XDR_INT] = 4, [XDR_UINT] = 4, [XDR_HYPER] = 8, [XDR_UHYPER] = 8, [XDR_DOUBLE] = 8,
                                    [XDR_CHAR] = 1, [XDR_UCHAR] = 1, [XDR_USHORT] = 2, [XDR_STRING] = sizeof(char *),
                                    [XDR_OPAQUE] = 1, [XDR_TYPED_VALUE] = sizeof(RpcTypedValue) };
    return f->kind == XDR_STRUCT ? f->type->size : sizes[f->kind];
}

static void fill_element(GRand *random, const XdrField *f, guint8 *at, guint depth)
{
    RpcTypedValue *value = (RpcTypedValue *)(void *)at;
    if (f->kind == XDR_STRING) {
        *(char **)(void *)at = g_strnfill(g_rand_int_range(random, 0, 9), 'x');
    } else if (f->kind == XDR_STRUCT) {
        fill(random, f->type, at, depth + 1);
    } else if (f->kind == XDR_TYPED_VALUE) {
        value->type = g_rand_int_range(random, 1, 8);
        if (value->type == 7)
            value->s = g_strdup("seven");
        else
            value->ui = g_rand_int(random);
    } else {
        for (size_t i = 0; i < size_of(f); i++)
            at[i] = (guint8)g_rand_int(random);
    }
}

static void fill(GRand *random, const XdrType *type, guint8 *value, guint depth)
{
    for (guint i = 0; i < type->n; i++) {
        const XdrField *f = &type->fields[i];
        guint8 *at = value + f->offset;
        guint n = f->form == XDR_FIXED ? f->limit : 1;
        if (f->form == XDR_VAR) {
            n = (guint)g_rand_int_range(random, 0, (gint)MIN(f->limit, 4u) + 1);
            *(guint *)(void *)(value + f->count_offset) = n;
        }
        if (f->form == XDR_OPTIONAL && g_rand_boolean(random))
            continue;
        if ((f->form == XDR_VAR && n) || (f->form == XDR_OPTIONAL && f->kind != XDR_STRING)) {
            *(void **)(void *)at = g_malloc0_n(n, size_of(f));
            at = *(void **)(void *)at;
        }
        for (guint k = 0; k < n; k++)
            fill_element(random, f, at + k * size_of(f), depth);
    }
}

static void round_trip(GRand *random, const XdrType *type)
{
    g_autoptr(GByteArray) first = g_byte_array_new(), second = g_byte_array_new();
    g_autofree void *value = g_malloc0(type->size), *back = g_malloc0(type->size);
    fill(random, type, value, 0);
    assert_true(xdr_encode(first, type, value));
    assert_int_equal(first->len % 4, 0);
    assert_true(xdr_decode(first->data, first->len, type, back));
    assert_true(xdr_encode(second, type, back));
    assert_int_equal(first->len, second->len);
    assert_memory_equal(first->data, second->data, first->len);
    xdr_clear(type, value);
    xdr_clear(type, back);
}

/* The same bytes cut short, and with one of them changed. */
static void damage(GRand *random, const XdrType *type)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree void *value = g_malloc0(type->size);
    fill(random, type, value, 0);
    assert_true(xdr_encode(bytes, type, value));
    xdr_clear(type, value);
    for (guint cut = 0; cut < bytes->len; cut += 4) {
        g_autofree guint8 *part = g_memdup2(bytes->data, cut);
        assert_false(xdr_decode(part, cut, type, value));
        xdr_clear(type, value);
        memset(value, 0, type->size);
    }
    for (guint i = 0; bytes->len && i < 20; i++) {
        bytes->data[g_rand_int_range(random, 0, (gint)bytes->len)] = (guint8)g_rand_int(random);
        xdr_decode(bytes->data, bytes->len, type, value);
        xdr_clear(type, value);
        memset(value, 0, type->size);
    }
}

static void each_type(void (*check)(GRand *random, const XdrType *type))
{
    g_autoptr(GRand) random = g_rand_new_with_seed(9);
    for (guint i = 0; i < rpc_n_procedures; i++) {
        if (rpc_procedures[i].args)
            check(random, rpc_procedures[i].args);
        if (rpc_procedures[i].ret)
            check(random, rpc_procedures[i].ret);
    }
}

static void every_procedure_survives_coding(void **state)
{
    each_type(round_trip);
}

static void damaged_bytes_are_refused_or_understood(void **state)
{
    each_type(damage);
}

/* RFC 4506 by hand: a domain handle. */
static void bytes_are_those_of_the_rfc(void **state)
{
    static const guint8 wanted[] = { 0, 0, 0, 2, 'g', '1', 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0xff, 0xff, 0xff, 0xff };
    const RpcProcedure *procedure = rpc_procedure_find(REMOTE_PROGRAM, PROC_DOMAIN_CREATE);
    RemoteDomainCreateArgs args = { .dom = { .name = (char *)"g1", .uuid = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 }, .id = -1 } };
    g_autoptr(GByteArray) out = g_byte_array_new();
    assert_true(xdr_encode(out, procedure->args, &args));
    assert_int_equal(out->len, sizeof wanted);
    assert_memory_equal(out->data, wanted, sizeof wanted);
}

static void a_huge_count_takes_no_memory(void **state)
{
    static const guint8 bytes[] = { 0, 0, 0x40, 0, 0, 0, 0, 0 };        /* 16384 domains in four bytes */
    const RpcProcedure *procedure = rpc_procedure_find(REMOTE_PROGRAM, PROC_CONNECT_GET_ALL_DOMAIN_STATS);
    RemoteConnectGetAllDomainStatsArgs args = { 0 };
    assert_false(xdr_decode(bytes, sizeof bytes, procedure->args, &args));
    assert_null(args.doms);
}

static void a_string_holds_no_nul(void **state)
{
    static const guint8 bytes[] = { 0, 0, 0, 4, 'a', 0, 'b', 'c' };
    const RpcProcedure *procedure = rpc_procedure_find(REMOTE_PROGRAM, PROC_DOMAIN_LOOKUP_BY_NAME);
    RemoteDomainLookupByNameArgs args = { 0 };
    assert_false(xdr_decode(bytes, sizeof bytes, procedure->args, &args));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_procedure_survives_coding),
        cmocka_unit_test(damaged_bytes_are_refused_or_understood),
        cmocka_unit_test(bytes_are_those_of_the_rfc),
        cmocka_unit_test(a_huge_count_takes_no_memory),
        cmocka_unit_test(a_string_holds_no_nul),
    };
    return cmocka_run_group_tests_name("xdr", tests, NULL, NULL);
}
