/* Undo: what half-done work must give back, in reverse order.
 *   g_autoptr(Undo) undo = undo_new(journal_path);
 *   if (!undo_push(undo, "tap", "vnet0", tap_undo, NULL, err)) ...   before the tap is made
 *   undo_commit(undo);            success: nothing is undone any more
 * Leaving the scope without undo_commit runs every action, newest first. An action must bear that
 * its thing was never made, since it is pushed first. One that fails is logged; the rest still run.
 *
 * With a journal, each push first appends a record of kind and name to that file, so that after
 * a kill the next daemon can undo what it finds there (undo_journal_read). The file goes when all is
 * undone or committed. It lies on a tmpfs and is not synced: its things die with the host as well.
 * One thread at a time. */
#ifndef QV_UTIL_UNDO_H
#define QV_UTIL_UNDO_H
#include "util/error.h"

typedef struct Undo Undo;
typedef bool (*UndoFn)(const char *name, gpointer user, GError **err);

Undo *undo_new(const char *journal);     /* NULL: memory only */
/* @kind is a word of the table of whoever reads the journal; @name may hold any byte. @user is borrowed. */
bool undo_push(Undo *undo, const char *kind, const char *name, UndoFn fn, gpointer user, GError **err);
void undo_commit(Undo *undo);
void undo_free(Undo *undo);              /* runs what was not committed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Undo, undo_free)

typedef struct { char *kind, *name; } UndoRecord;
/* The records of a journal, newest first (the order to undo them in); a torn last line is left out.
 * A journal that does not exist is empty. Gives. */
GPtrArray *undo_journal_read(const char *journal, GError **err);
#endif
