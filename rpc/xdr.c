#include "rpc/xdr.h"
#include <string.h>

/* virTypedParameterType */
enum { PARAM_INT = 1, PARAM_UINT, PARAM_LLONG, PARAM_ULLONG, PARAM_DOUBLE, PARAM_BOOLEAN, PARAM_STRING };

static const size_t kind_sizes[] = {
    [XDR_INT] = 4, [XDR_UINT] = 4, [XDR_HYPER] = 8, [XDR_UHYPER] = 8, [XDR_DOUBLE] = 8, [XDR_CHAR] = 1, [XDR_UCHAR] = 1,
    [XDR_USHORT] = 2, [XDR_STRING] = sizeof(char *), [XDR_OPAQUE] = 1, [XDR_TYPED_VALUE] = sizeof(RpcTypedValue),
};

static size_t element_size(const XdrField *field)
{
    return field->kind == XDR_STRUCT ? field->type->size : kind_sizes[field->kind];
}

/* --- encoding */

static void put_u32(GByteArray *out, guint32 value)
{
    guint32 wire = GUINT32_TO_BE(value);
    g_byte_array_append(out, (const guint8 *)&wire, sizeof wire);
}

static void put_u64(GByteArray *out, guint64 value)
{
    guint64 wire = GUINT64_TO_BE(value);
    g_byte_array_append(out, (const guint8 *)&wire, sizeof wire);
}

static void put_bytes(GByteArray *out, const void *data, guint size)
{
    static const guint8 padding[3];
    if (size)
        g_byte_array_append(out, data, size);
    if (size % 4)
        g_byte_array_append(out, padding, 4 - size % 4);
}

static bool put_string(GByteArray *out, const char *text)
{
    gsize size = text ? strlen(text) : 0;
    if (size > XDR_STRING_MAX)
        return false;
    put_u32(out, (guint32)size);
    put_bytes(out, text, (guint)size);
    return true;
}

static bool put_typed_value(GByteArray *out, const RpcTypedValue *value)
{
    put_u32(out, (guint32)value->type);
    switch (value->type) {
    case PARAM_INT:
    case PARAM_BOOLEAN:
    case PARAM_UINT:
        put_u32(out, value->ui);
        return true;
    case PARAM_LLONG:
    case PARAM_ULLONG:
    case PARAM_DOUBLE:
        put_u64(out, value->ul);
        return true;
    case PARAM_STRING:
        return put_string(out, value->s);
    default:
        return false;
    }
}

static bool put_element(GByteArray *out, const XdrField *field, const void *at)
{
    switch (field->kind) {
    case XDR_INT:
    case XDR_UINT:
        put_u32(out, *(const guint32 *)at);
        return true;
    case XDR_CHAR:
        put_u32(out, (guint32)(gint32)*(const gint8 *)at);
        return true;
    case XDR_UCHAR:
    case XDR_OPAQUE:
        put_u32(out, *(const guint8 *)at);
        return true;
    case XDR_USHORT:
        put_u32(out, *(const guint16 *)at);
        return true;
    case XDR_HYPER:
    case XDR_UHYPER:
    case XDR_DOUBLE:
        put_u64(out, *(const guint64 *)at);
        return true;
    case XDR_STRING:
        return put_string(out, *(char *const *)at);
    case XDR_TYPED_VALUE:
        return put_typed_value(out, at);
    case XDR_STRUCT:
        return xdr_encode(out, field->type, at);
    }
    return false;
}

static bool put_elements(GByteArray *out, const XdrField *field, const guint8 *at, guint n)
{
    if (field->kind == XDR_OPAQUE) {
        put_bytes(out, at, n);
        return true;
    }
    for (guint i = 0; i < n; i++) {
        if (!put_element(out, field, at + i * element_size(field)))
            return false;
    }
    return true;
}

static bool put_field(GByteArray *out, const XdrField *field, const guint8 *value)
{
    const guint8 *at = value + field->offset;
    const void *target = NULL;
    guint n;
    if (field->form == XDR_OPTIONAL || field->form == XDR_VAR)
        target = *(void *const *)(const void *)at;
    switch (field->form) {
    case XDR_ONE:
        return put_element(out, field, at);
    case XDR_FIXED:
        return put_elements(out, field, at, field->limit);
    case XDR_OPTIONAL:
        put_u32(out, target != NULL);
        return !target || put_element(out, field, field->kind == XDR_STRING ? at : target);
    case XDR_VAR:
        n = *(const guint *)(const void *)(value + field->count_offset);
        put_u32(out, n);
        return n <= field->limit && put_elements(out, field, target, n);
    }
    return false;
}

bool xdr_encode(GByteArray *out, const XdrType *type, const void *value)
{
    for (guint i = 0; i < type->n; i++) {
        if (!put_field(out, &type->fields[i], value))
            return false;
    }
    return true;
}

/* --- decoding */

typedef struct { const guint8 *at, *end; } Reader;

static bool take_u32(Reader *in, guint32 *ret)
{
    if (in->end - in->at < 4)
        return false;
    memcpy(ret, in->at, 4);
    *ret = GUINT32_FROM_BE(*ret);
    in->at += 4;
    return true;
}

static bool take_u64(Reader *in, guint64 *ret)
{
    if (in->end - in->at < 8)
        return false;
    memcpy(ret, in->at, 8);
    *ret = GUINT64_FROM_BE(*ret);
    in->at += 8;
    return true;
}

static bool take_bytes(Reader *in, void *ret, gsize size)
{
    gsize padded = (size + 3) & ~(gsize)3;
    if ((gsize)(in->end - in->at) < padded)
        return false;
    memcpy(ret, in->at, size);
    in->at += padded;
    return true;
}

/* A string with a NUL inside would say one thing here and another to whoever reads it as a C string. */
static bool take_string(Reader *in, char **ret)
{
    guint32 size;
    if (!take_u32(in, &size) || size > XDR_STRING_MAX || size > (gsize)(in->end - in->at) || memchr(in->at, 0, size))
        return false;
    *ret = g_malloc((gsize)size + 1);
    (*ret)[size] = '\0';
    return take_bytes(in, *ret, size);
}

static bool take_typed_value(Reader *in, RpcTypedValue *ret)
{
    guint32 type;
    if (!take_u32(in, &type))
        return false;
    ret->type = (gint32)type;
    switch (ret->type) {
    case PARAM_INT:
    case PARAM_BOOLEAN:
    case PARAM_UINT:
        return take_u32(in, &ret->ui);
    case PARAM_LLONG:
    case PARAM_ULLONG:
    case PARAM_DOUBLE:
        return take_u64(in, &ret->ul);
    case PARAM_STRING:
        return take_string(in, &ret->s);
    default:
        return false;
    }
}

static bool take_struct(Reader *in, const XdrType *type, guint8 *value);

static bool take_small(Reader *in, XdrKind kind, void *at)
{
    guint32 wide;
    if (!take_u32(in, &wide))
        return false;
    if (kind == XDR_USHORT)
        *(guint16 *)at = (guint16)wide;
    else
        *(guint8 *)at = (guint8)wide;
    return true;
}

static bool take_element(Reader *in, const XdrField *field, void *at)
{
    switch (field->kind) {
    case XDR_INT:
    case XDR_UINT:
        return take_u32(in, at);
    case XDR_HYPER:
    case XDR_UHYPER:
    case XDR_DOUBLE:
        return take_u64(in, at);
    case XDR_CHAR:
    case XDR_UCHAR:
    case XDR_OPAQUE:
    case XDR_USHORT:
        return take_small(in, field->kind, at);
    case XDR_STRING:
        return take_string(in, at);
    case XDR_TYPED_VALUE:
        return take_typed_value(in, at);
    case XDR_STRUCT:
        return take_struct(in, field->type, at);
    }
    return false;
}

static bool take_elements(Reader *in, const XdrField *field, guint8 *at, guint n)
{
    if (field->kind == XDR_OPAQUE)
        return take_bytes(in, at, n);
    for (guint i = 0; i < n; i++) {
        if (!take_element(in, field, at + i * element_size(field)))
            return false;
    }
    return true;
}

static bool take_optional(Reader *in, const XdrField *field, guint8 *at)
{
    guint32 present;
    if (!take_u32(in, &present) || present > 1)
        return false;
    if (!present)
        return true;
    if (field->kind == XDR_STRING)
        return take_string(in, (char **)(void *)at);
    void *target = g_malloc0(element_size(field));
    *(void **)(void *)at = target;
    return take_element(in, field, target);
}

/* No element takes less than four bytes on the wire (opaque ones: one), so a count that the rest of the
 * message cannot hold is refused before anything is allocated. */
static bool take_var(Reader *in, const XdrField *field, guint8 *value)
{
    guint32 n;
    gsize least = field->kind == XDR_OPAQUE ? 1 : 4;
    if (!take_u32(in, &n) || n > field->limit || n * least > (gsize)(in->end - in->at))
        return false;
    guint8 *items = n ? g_malloc0_n(n, element_size(field)) : NULL;
    *(void **)(void *)(value + field->offset) = items;
    *(guint *)(void *)(value + field->count_offset) = n;
    return !n || take_elements(in, field, items, n);
}

static bool take_field(Reader *in, const XdrField *field, guint8 *value)
{
    switch (field->form) {
    case XDR_ONE:
        return take_element(in, field, value + field->offset);
    case XDR_FIXED:
        return take_elements(in, field, value + field->offset, field->limit);
    case XDR_OPTIONAL:
        return take_optional(in, field, value + field->offset);
    case XDR_VAR:
        return take_var(in, field, value);
    }
    return false;
}

static bool take_struct(Reader *in, const XdrType *type, guint8 *value)
{
    for (guint i = 0; i < type->n; i++) {
        if (!take_field(in, &type->fields[i], value))
            return false;
    }
    return true;
}

bool xdr_decode(const guint8 *data, gsize size, const XdrType *type, void *value)
{
    Reader in = { data, data + size };
    return take_struct(&in, type, value);
}

/* --- freeing */

static void clear_element(const XdrField *field, void *at)
{
    RpcTypedValue *value = at;
    if (field->kind == XDR_STRING)
        g_clear_pointer((char **)at, g_free);
    else if (field->kind == XDR_STRUCT)
        xdr_clear(field->type, at);
    else if (field->kind == XDR_TYPED_VALUE && value->type == PARAM_STRING)
        g_clear_pointer(&value->s, g_free);
}

static void clear_pointed(const XdrField *field, guint8 *at, guint n)
{
    guint8 *items = *(void **)(void *)at;
    for (guint i = 0; items && i < n; i++)
        clear_element(field, items + i * element_size(field));
    g_free(items);
    *(void **)(void *)at = NULL;
}

void xdr_clear(const XdrType *type, void *value)
{
    for (guint i = 0; i < type->n; i++) {
        const XdrField *field = &type->fields[i];
        guint8 *at = (guint8 *)value + field->offset;
        if (field->form == XDR_VAR)
            clear_pointed(field, at, *(guint *)(void *)((guint8 *)value + field->count_offset));
        else if (field->form == XDR_OPTIONAL && field->kind != XDR_STRING)
            clear_pointed(field, at, 1);
        else if (field->form != XDR_FIXED)
            clear_element(field, at);
    }
}
