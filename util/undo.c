#define G_LOG_DOMAIN "undo"
#include "util/undo.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "util/file.h"

typedef struct {
    char *kind, *name;
    UndoFn fn;
    gpointer user;
} Action;

struct Undo {
    GPtrArray *actions;
    char *journal;
    Fd fd;                 /* -1: no journal, or nothing pushed yet */
};

static void action_free(gpointer data)
{
    Action *action = data;

    g_free(action->kind);
    g_free(action->name);
    g_free(action);
}

Undo *undo_new(const char *journal)
{
    Undo *undo = g_new0(Undo, 1);

    undo->actions = g_ptr_array_new_with_free_func(action_free);
    undo->journal = g_strdup(journal);
    undo->fd = -1;
    return undo;
}

/* One line a record, "KIND NAME", the name with its odd bytes escaped. */
static bool record(Undo *undo, const char *kind, const char *name, GError **err)
{
    g_autofree char *escaped = g_strescape(name, NULL);
    g_autofree char *line = g_strdup_printf("%s %s\n", kind, escaped);

    if (!undo->journal)
        return true;
    if (undo->fd < 0)
        undo->fd = open(undo->journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (undo->fd < 0)
        return qv_error_errno(err, errno, "cannot open journal '%s'", undo->journal);
    return file_write_all(undo->fd, line, strlen(line), err);
}

bool undo_push(Undo *undo, const char *kind, const char *name, UndoFn fn, gpointer user, GError **err)
{
    Action *action;

    if (!record(undo, kind, name, err))
        return false;
    action = g_new0(Action, 1);
    action->kind = g_strdup(kind);
    action->name = g_strdup(name);
    action->fn = fn;
    action->user = user;
    g_ptr_array_add(undo->actions, action);
    return true;
}

static bool run_newest_first(GPtrArray *actions)
{
    bool all = true;

    for (guint i = actions->len; i-- > 0;) {
        Action *action = actions->pdata[i];
        g_autoptr(GError) err = NULL;
        if (action->fn(action->name, action->user, &err))
            continue;
        all = false;
        g_warning("cannot give back %s '%s': %s", action->kind, action->name, err ? err->message : "no reason given");
    }
    return all;
}

void undo_commit(Undo *undo)
{
    g_ptr_array_set_size(undo->actions, 0);
    if (undo->journal && undo->fd >= 0)
        unlink(undo->journal);
}

void undo_free(Undo *undo)
{
    /* What could not be given back stays in the journal for the next daemon to try. */
    if (run_newest_first(undo->actions) && undo->journal && undo->fd >= 0)
        unlink(undo->journal);
    if (undo->fd >= 0)
        close(undo->fd);
    g_ptr_array_unref(undo->actions);
    g_free(undo->journal);
    g_free(undo);
}

static void record_free(gpointer data)
{
    UndoRecord *rec = data;

    g_free(rec->kind);
    g_free(rec->name);
    g_free(rec);
}

static UndoRecord *record_parse(const char *line)
{
    const char *blank = strchr(line, ' ');
    UndoRecord *rec;

    if (!blank || blank == line)
        return NULL;
    rec = g_new0(UndoRecord, 1);
    rec->kind = g_strndup(line, (gsize)(blank - line));
    rec->name = g_strcompress(blank + 1);
    return rec;
}

GPtrArray *undo_journal_read(const char *journal, GError **err)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(record_free);
    g_autoptr(GError) why = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(journal, &text, NULL, &why)) {
        if (g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return g_steal_pointer(&records);
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "cannot read journal '%s': %s", journal, why->message);
        return NULL;
    }
    lines = g_strsplit(text, "\n", -1);
    /* The last piece has no newline: empty, or torn by the kill. */
    for (guint i = g_strv_length(lines); i-- > 0;) {
        UndoRecord *rec = lines[i + 1] ? record_parse(lines[i]) : NULL;
        if (rec)
            g_ptr_array_add(records, rec);
    }
    return g_steal_pointer(&records);
}
