#define G_LOG_DOMAIN "undo"
#include "util/undo.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "util/fault.h"
#include "util/file.h"

typedef struct { char *kind, *name; } Action;

struct Undo {
    GPtrArray *actions;
    const UndoKind *kinds;
    gpointer user;
    char *journal;
    Fd fd;                 /* -1: no journal, or nothing pushed yet */
    bool keep;
};

static void action_free(gpointer data)
{
    Action *action = data;

    g_free(action->kind);
    g_free(action->name);
    g_free(action);
}

static void add_action(Undo *undo, const char *kind, const char *name)
{
    Action *action = g_new(Action, 1);

    *action = (Action){ g_strdup(kind), g_strdup(name) };
    g_ptr_array_add(undo->actions, action);
}

Undo *undo_new(const char *journal, const UndoKind *kinds, gpointer user)
{
    Undo *undo = g_new0(Undo, 1);

    undo->actions = g_ptr_array_new_with_free_func(action_free);
    undo->journal = g_strdup(journal);
    undo->kinds = kinds;
    undo->user = user;
    undo->fd = -1;
    return undo;
}

/* One line a record, "KIND NAME", the name with its odd bytes escaped. */
static char *record_line(const char *kind, const char *name)
{
    g_autofree char *escaped = g_strescape(name, NULL);
    return g_strdup_printf("%s %s\n", kind, escaped);
}

static void read_record(Undo *undo, const char *line)
{
    const char *blank = strchr(line, ' ');

    if (!blank || blank == line)
        return;
    g_autofree char *kind = g_strndup(line, (gsize)(blank - line));
    g_autofree char *name = g_strcompress(blank + 1);
    add_action(undo, kind, name);
}

Undo *undo_resume(const char *journal, const UndoKind *kinds, gpointer user, GError **err)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *text = NULL;

    if (!g_file_get_contents(journal, &text, NULL, &why) && !g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "cannot read journal '%s': %s", journal, why->message);
        return NULL;
    }
    Undo *undo = undo_new(journal, kinds, user);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    /* The last piece has no newline: empty, or torn by the kill. */
    for (guint i = 0; lines[i] && lines[i + 1]; i++)
        read_record(undo, lines[i]);
    return undo;
}

static bool open_journal(Undo *undo, GError **err)
{
    if (undo->fd < 0)
        undo->fd = open(undo->journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return undo->fd >= 0 || qv_error_errno(err, errno, "cannot open journal '%s'", undo->journal);
}

bool undo_push(Undo *undo, const char *kind, const char *name, GError **err)
{
    g_autofree char *line = record_line(kind, name);

    if (undo->journal && (!open_journal(undo, err) || !file_write_all(undo->fd, line, strlen(line), err)))
        return false;
    add_action(undo, kind, name);
    return true;
}

static bool run_action(const Undo *undo, const Action *action, GError **err)
{
    g_autofree char *point = g_strconcat("undo-", action->kind, NULL);

    for (const UndoKind *k = undo->kinds; k->kind; k++)
        if (!strcmp(k->kind, action->kind))
            return fault_point(point, err) && k->undo(action->name, undo->user, err);
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "this version does not know how to undo '%s'", action->kind);
    return false;
}

/* The file again, of what is still listed. */
static void rewrite(Undo *undo)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) err = NULL;

    if (!undo->journal)
        return;
    if (undo->fd >= 0)
        close(undo->fd);
    undo->fd = -1;
    for (guint i = 0; i < undo->actions->len; i++) {
        const Action *action = undo->actions->pdata[i];
        g_autofree char *line = record_line(action->kind, action->name);
        g_string_append(text, line);
    }
    if (!text->len)
        unlink(undo->journal);
    else if (!g_file_set_contents_full(undo->journal, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &err))
        g_warning("cannot shorten journal '%s', what it lists too much is undone again: %s", undo->journal, err->message);
}

bool undo_one(Undo *undo, const char *kind, const char *name, GError **err)
{
    for (guint i = undo->actions->len; i-- > 0;) {
        const Action *action = undo->actions->pdata[i];
        if (strcmp(action->kind, kind) || strcmp(action->name, name))
            continue;
        if (!run_action(undo, action, err))
            return false;
        g_ptr_array_remove_index(undo->actions, i);
        rewrite(undo);
        return true;
    }
    return true;
}

GStrv undo_names(const Undo *undo, const char *kind)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; i < undo->actions->len; i++) {
        const Action *action = undo->actions->pdata[i];
        if (!strcmp(action->kind, kind))
            g_strv_builder_add(names, action->name);
    }
    return g_strv_builder_end(names);
}

void undo_commit(Undo *undo)
{
    g_ptr_array_set_size(undo->actions, 0);
    rewrite(undo);
}

void undo_keep(Undo *undo)
{
    undo->keep = true;
}

bool undo_run(Undo *undo)
{
    for (guint i = undo->actions->len; i-- > 0;) {
        const Action *action = undo->actions->pdata[i];
        g_autoptr(GError) err = NULL;
        if (run_action(undo, action, &err))
            g_ptr_array_remove_index(undo->actions, i);
        else
            g_warning("cannot give back %s '%s': %s", action->kind, action->name, err ? err->message : "no reason given");
    }
    rewrite(undo);
    return undo->actions->len == 0;
}

void undo_free(Undo *undo)
{
    if (!undo->keep && undo->actions->len)
        undo_run(undo);
    if (undo->fd >= 0)
        close(undo->fd);
    g_ptr_array_unref(undo->actions);
    g_free(undo->journal);
    g_free(undo);
}
