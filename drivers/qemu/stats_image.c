/* The image files of domains: what an off domain's statistics and a running one's file sizes need of the disk. One job
 * at a time for all, so that a file system that hangs holds up one worker and the reads that want files only. */
#include "drivers/qemu/each.h"
#include "drivers/qemu/stats.h"
#include "util/image.h"

typedef struct {
    Domain *dom;
    char *text;                    /* the stored definition (a g_ref_string); NULL: @images are known */
    GPtrArray *images;
} Look;

typedef struct {
    GPtrArray *looks;
    void (*done)(gpointer user);
    gpointer user;
} Read;

static void image_free(gpointer data)
{
    StatImage *image = data;
    g_free(image->path);
    g_free(image->target);
    g_free(image);
}

static void look_free(gpointer data)
{
    Look *look = data;
    g_clear_pointer(&look->text, g_ref_string_release);
    g_clear_pointer(&look->images, g_ptr_array_unref);
    domain_unref(look->dom);
    g_free(look);
}

/* Every disk, also those without a file: their names are wanted too. */
static GPtrArray *images_of(const DomainDef *def)
{
    GPtrArray *images = g_ptr_array_new_with_free_func(image_free);
    EACH_DEVICE(def, DEV_DISK, Disk, disk) {
        bool local = disk->src.type == SOURCE_FILE || disk->src.type == SOURCE_BLOCK;
        StatImage *image = g_new0(StatImage, 1);
        *image = (StatImage){ .path = g_strdup(disk->src.path), .target = g_strdup(disk->dst), .format = disk->src.format, .local = local };
        g_ptr_array_add(images, image);
    }
    return images;
}

static GPtrArray *images_copy(const GPtrArray *images)
{
    GPtrArray *copies = g_ptr_array_new_with_free_func(image_free);
    for (guint i = 0; i < images->len; i++) {
        StatImage *copy = g_memdup2(images->pdata[i], sizeof *copy);
        copy->path = g_strdup(copy->path);
        copy->target = g_strdup(copy->target);
        g_ptr_array_add(copies, copy);
    }
    return copies;
}

static Look *look_new(Domain *dom)
{
    DomainStats *s = domain_stats_of(dom);
    Look *look = g_new0(Look, 1);
    look->dom = domain_ref(dom);
    if (dom->live) {
        look->images = images_of(dom->live);
        return look;
    }
    look->text = domain_stored_text(dom);
    if (s->images && s->images_of && s->images_of == look->text)
        look->images = images_copy(s->images);
    return look;
}

static void read_image(StatImage *image)
{
    ImageSize size;
    image->known = image->local && image->path && image_size(image->path, image->format == FORMAT_QCOW2, &size, NULL);
    if (!image->known)
        return;
    image->allocation = size.allocation;
    image->capacity = size.capacity;
    image->physical = size.physical;
}

static bool read_job(gpointer user, GError **err)
{
    Read *read = user;
    for (guint i = 0; i < read->looks->len && !actors_stopping(); i++) {
        Look *look = read->looks->pdata[i];
        if (!look->images && look->text) {
            g_autoptr(DomainDef) def = domain_def_parse(look->text, strlen(look->text), NULL, 0, NULL);
            look->images = def ? images_of(def) : NULL;
        }
        for (guint j = 0; look->images && j < look->images->len; j++)
            read_image(look->images->pdata[j]);
    }
    return true;
}

static void read_done(gpointer user, const GError *err)
{
    Read *read = user;
    for (guint i = 0; i < read->looks->len; i++) {
        Look *look = read->looks->pdata[i];
        DomainStats *s = domain_stats_of(look->dom);
        g_clear_pointer(&s->images, g_ptr_array_unref);
        g_clear_pointer(&s->images_of, g_ref_string_release);
        s->images = g_steal_pointer(&look->images);
        s->images_of = g_steal_pointer(&look->text);
    }
    g_ptr_array_unref(read->looks);
    read->done(read->user);
    g_free(read);
}

void stats_images_read(GPtrArray *doms, void (*done)(gpointer user), gpointer user)
{
    static Actor *actor;
    Read *read = g_new(Read, 1);
    if (!actor)
        actor = actor_new();
    *read = (Read){ g_ptr_array_new_with_free_func(look_free), done, user };
    for (guint i = 0; i < doms->len; i++)
        g_ptr_array_add(read->looks, look_new(doms->pdata[i]));
    actor_push(actor, "image sizes", read_job, read_done, read);
}

const StatImage *stats_image(const DomainStats *s, const char *target)
{
    for (guint i = 0; s && s->images && i < s->images->len; i++) {
        const StatImage *image = s->images->pdata[i];
        if (g_strcmp0(image->target, target) == 0)
            return image;
    }
    return NULL;
}
