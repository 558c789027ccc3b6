/* Fault points: named places where a test makes work fail or the daemon die.
 *   if (!fault_point("start-spawn", err))
 *       return false;
 * QVIRT_FAULT=start-spawn:fail makes that point fail with an error that names it;
 * QVIRT_FAULT=start-spawn:kill ends the process there by SIGKILL; start-spawn@2:kill when it is passed
 * the second time. "trace" logs each point that is passed. Several are separated by commas.
 * Without the variable a point costs one comparison. Any thread. */
#ifndef QV_UTIL_FAULT_H
#define QV_UTIL_FAULT_H
#include "util/error.h"

bool fault_point(const char *name, GError **err);
#endif
