/* XDR (RFC 4506) by description: a structure is a list of fields, and one engine encodes, decodes and
 * frees them all. Descriptions are generated from protocol.table.
 * Any thread. */
#ifndef QV_RPC_XDR_H
#define QV_RPC_XDR_H
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* A typed parameter's value; type is virTypedParameterType. */
typedef struct {
    gint32 type;
    union { gint32 i; guint32 ui; gint64 l; guint64 ul; double d; gint32 b; char *s; };
} RpcTypedValue;

typedef enum {
    XDR_INT, XDR_UINT, XDR_HYPER, XDR_UHYPER, XDR_DOUBLE, XDR_CHAR, XDR_UCHAR, XDR_USHORT, XDR_STRING, XDR_OPAQUE,
    XDR_TYPED_VALUE, XDR_STRUCT,
} XdrKind;
typedef enum { XDR_ONE, XDR_OPTIONAL, XDR_VAR, XDR_FIXED } XdrForm;

typedef struct XdrType XdrType;
typedef struct {
    XdrKind kind;
    XdrForm form;
    guint limit;               /* elements of XDR_VAR at most, of XDR_FIXED exactly */
    size_t offset, count_offset;
    const XdrType *type;       /* XDR_STRUCT */
} XdrField;
struct XdrType { size_t size; const XdrField *fields; guint n; };

enum { XDR_STRING_MAX = 4194304 };

/* Appends; false when something in @value is over its limit, with what was appended left behind. */
bool xdr_encode(GByteArray *out, const XdrType *type, const void *value);
/* Fills @value, which is zeros; on failure what was filled must still be cleared. Bytes behind are ignored.
 * Memory taken is bounded by @size, not by the lengths the bytes claim. */
bool xdr_decode(const guint8 *data, gsize size, const XdrType *type, void *value);
/* Frees what @value points to and zeroes it. */
void xdr_clear(const XdrType *type, void *value);
#endif
