/* The host's side of guest memory: which kind of backend a piece of memory gets, and its properties. */
#ifndef QV_QEMU_MEMORY_BACKEND_H
#define QV_QEMU_MEMORY_BACKEND_H
#include "drivers/qemu/build.h"

/* One piece of the guest's own memory (not a module). */
typedef struct {
    const char *id;
    guint64 size;            /* bytes */
    int cell;                /* NUMA cell, or -1: the whole machine */
    guint32 access;          /* MemoryAccess, 0: as <memoryBacking> says */
    Tristate discard;        /* absent: as <memoryBacking> says */
} MemoryPiece;

/* Fills @p. *@ret_plain: nothing was asked for that only an object of its own can do. Errors: huge pages that the
 * host has no mount for. */
bool memory_backend_props(const QemuBuild *b, json_object *p, const MemoryPiece *piece, bool *ret_plain, GError **err);

/* The folders below which QEMU makes files of memory for @def, which a start makes (for QEMU's user, 0700) and
 * removes after the guest ended; empty for most guests. Gives, with the strings. */
GPtrArray *memory_folders(const DomainDef *def, const char *lib_dir, const char *domain_dir, GError **err);
#endif
