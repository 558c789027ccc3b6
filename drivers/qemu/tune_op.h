/* One group of typed parameters: its fields, how they are read, and how they change a definition and a guest. */
#ifndef QV_QEMU_TUNE_OP_H
#define QV_QEMU_TUNE_OP_H
#include "drivers/qemu/change.h"
#include "drivers/qemu/tune.h"

enum { PARAM_INT = 1, PARAM_UINT = 2, PARAM_LLONG = 3, PARAM_ULLONG = 4, PARAM_STRING = 7 };      /* virTypedParameterType */

typedef struct { DomainTune what; char *disk; GArray *params; } TuneArgs;      /* Change.data */
typedef struct {
    const DomainTuneField *fields;
    guint n;
    /* Appends all fields. @group is NULL for a stored definition. I/O thread. */
    bool (*get)(Group *group, const DomainDef *def, const char *disk, GArray *out, GError **err);
    ChangeKind change;
} TuneGroup;
extern const TuneGroup tune_sched, tune_memory, tune_blkio, tune_numa, tune_disk;

const DomainStat *tune_param(const GArray *params, const char *name);         /* NULL: not given */
void tune_add_number(GArray *out, const char *name, int type, gint64 value);
void tune_add_text(GArray *out, const char *name, const char *value);
/* Tells the world of what was set: PREFIX.NAME, after "PREFIX.disk" when there is one. I/O thread. */
void tune_tell(Domain *dom, const char *prefix, const char *disk, const GArray *params);
gint64 tune_number(const DomainStat *param);
#endif
