/* A procedure as the table describes it: for the server, clients and access rules. */
#ifndef QV_RPC_PROCEDURE_H
#define QV_RPC_PROCEDURE_H
#include "rpc/protocol.h"

typedef enum { RPC_READONLY_NONE, RPC_READONLY_ALLOWED, RPC_READONLY_DENIED, RPC_READONLY_CONDITIONAL } RpcReadonly;

typedef struct {
    guint32 program, number;
    const char *name, *api;        /* "DOMAIN_CREATE", "virDomainCreate" ("" for events) */
    RpcReadonly readonly;
    bool event, stream;
    const XdrType *args, *ret;     /* NULL: nothing */
} RpcProcedure;

extern const RpcProcedure rpc_procedures[];
extern const guint rpc_n_procedures;
/* NULL when there is none. */
const RpcProcedure *rpc_procedure_find(guint32 program, guint32 number);
/* Whether @program is one of the protocol's. */
bool rpc_program_known(guint32 program);
#endif
