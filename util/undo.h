/* Undo: what half-done work must give back, in reverse order.
 *   static const UndoKind kinds[] = { { "tap", tap_undo }, { "folder", folder_undo }, { NULL } };
 *   g_autoptr(Undo) undo = undo_new(journal_path, kinds, driver);
 *   if (!undo_push(undo, "tap", "vnet0", err)) ...   before the tap is made
 *   undo_keep(undo) or undo_commit(undo);            success
 * Leaving the scope without either runs every action, newest first. An action must bear that its thing was never
 * made, since it is pushed first, and knows nothing but the name: after a kill the next daemon runs it from the
 * journal (undo_resume). One that fails is logged and stays in the journal; the rest still run.
 *
 * With a journal, each push first appends a record of kind and name to that file. The file goes when all is undone or
 * committed. It lies on a tmpfs and is not synced: its things die with the host as well. One thread at a time. */
#ifndef QV_UTIL_UNDO_H
#define QV_UTIL_UNDO_H
#include "util/error.h"

typedef struct Undo Undo;
typedef struct {
    const char *kind;                                               /* NULL ends the table */
    bool (*undo)(const char *name, gpointer user, GError **err);
} UndoKind;

/* @journal: a path, or NULL for memory only. @kinds and @user are borrowed for the life of the Undo. */
Undo *undo_new(const char *journal, const UndoKind *kinds, gpointer user);
/* The same with what @journal already lists, so that it can be run or added to; records of unknown kinds are kept in
 * the file and named in the log. A journal that does not exist is empty. NULL when it cannot be read. */
Undo *undo_resume(const char *journal, const UndoKind *kinds, gpointer user, GError **err);
/* @kind is one of the table; @name may hold any byte. */
bool undo_push(Undo *undo, const char *kind, const char *name, GError **err);
/* Runs the action of @kind and @name alone, as when the thing goes before the rest; nothing when it is not listed. */
bool undo_one(Undo *undo, const char *kind, const char *name, GError **err);
/* The names that are listed under @kind, oldest first. Gives. */
GStrv undo_names(const Undo *undo, const char *kind);
void undo_commit(Undo *undo);            /* forgets all, the journal too */
void undo_keep(Undo *undo);              /* undo_free will run nothing and leave the journal */
/* Runs everything, newest first; false when something stays (in the journal, and in the Undo). */
bool undo_run(Undo *undo);
void undo_free(Undo *undo);              /* undo_run unless committed or kept */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Undo, undo_free)
#endif
