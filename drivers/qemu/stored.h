/* A persistent domain's definition, held as the text of its file and parsed when somebody asks: ten thousand defined
 * domains cost their text, and a start of the daemon costs reading it.
 *
 * The parsed form of the domains that were asked for last is kept (RECENT_MAX of them). I/O thread. */
#ifndef QV_QEMU_STORED_H
#define QV_QEMU_STORED_H
#include "drivers/qemu/index.h"

/* The definition is now @text (a g_ref_string, with secrets, as in the file), and @def when it is parsed already; both
 * are taken. */
void domain_store(Domain *dom, DomainDef *def, char *text);
void domain_unstore(Domain *dom);
/* What domain_store was given, parsed; borrowed until RECENT_MAX other domains were asked for: for this turn of the I/O
 * thread. NULL without @err for a transient domain; with it when the file was written by something that knew more. */
const DomainDef *domain_stored(Domain *dom, GError **err);
/* The text itself, for jobs that parse it themselves: a reference, or NULL. */
char *domain_stored_text(Domain *dom);
/* The same as XML; a reference (g_ref_string_release). */
char *domain_stored_xml(Domain *dom, bool secrets, GError **err);
void stored_free(Stored *stored);      /* any thread, when no daemon asks for it any more */
#endif
