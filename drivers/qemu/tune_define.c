/* What tuning means once the number of threads is known: one element for each thread. */
#include "config.h"
#include "drivers/qemu/define.h"
#include "util/bitmap.h"

static gint by_first(gconstpointer a, gconstpointer b)
{
    const CpuSched *const *x = a, *const *y = b;
    return bitmap_next((*x)->ids, 0) - bitmap_next((*y)->ids, 0);
}

static CpuSched *for_one(const CpuSched *s, int id)
{
    CpuSched *one = g_new0(CpuSched, 1);
    *one = (CpuSched){ .ids = bitmap_new(), .scheduler = g_strdup(s->scheduler), .priority = s->priority };
    bitmap_set(one->ids, id);
    return one;
}

static void one_each(GPtrArray *list)
{
    guint n = list ? list->len : 0;
    for (guint i = 0; i < n; i++) {
        const CpuSched *s = g_ptr_array_index(list, i);
        for (int id = bitmap_next(s->ids, 0); id >= 0; id = bitmap_next(s->ids, id + 1))
            g_ptr_array_add(list, for_one(s, id));
    }
    for (guint i = 0; i < n; i++) {
        CpuSched *s = g_ptr_array_steal_index(list, 0);
        bitmap_free(s->ids);
        g_free(s->scheduler);
        g_free(s);
    }
    if (n)
        g_ptr_array_sort(list, by_first);
}

/* --- iothreads */

static bool id_taken(const GPtrArray *ids, guint id)
{
    for (guint i = 0; i < ids->len; i++)
        if (((const IoThread *)g_ptr_array_index(ids, i))->id == id)
            return true;
    return false;
}

/* Threads that are counted but not listed get the lowest numbers left. */
static void complete_iothreads(Vcpus *v)
{
    if (!v->iothread_ids || !v->iothread_ids->len)
        return;
    for (guint id = 1; v->iothread_ids->len < v->iothreads; id++) {
        if (id_taken(v->iothread_ids, id))
            continue;
        IoThread *t = g_new0(IoThread, 1);
        t->id = id;
        g_ptr_array_add(v->iothread_ids, t);
    }
    v->iothreads = v->iothread_ids->len;
}

bool pass_tune(DomainDef *def, G_GNUC_UNUSED const DefineCtx *ctx, G_GNUC_UNUSED GError **err)
{
    Tune *t = &def->frame.tune;
    one_each(t->cpu.vcpusched);
    one_each(t->cpu.iothreadsched);
    complete_iothreads(&def->frame.vcpus);
    if (t->numa.present && !t->numa.nodeset && !t->numa.placement)
        t->numa.placement = 2;      /* auto, as the processors are */
    return true;
}
