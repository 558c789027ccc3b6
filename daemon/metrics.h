/* What Prometheus and its kind scrape: OpenMetrics text over HTTP, on RUN/metrics.sock and, when configured, on a loopback
 * TCP port. docs/metrics.md names the families.
 *
 * Everything runs on the I/O thread. A scrape asks all running guests at once (domain_stats_ask) and is answered with what
 * is known then. Requests are bounded in size, clients in number, and both in time: who is slow is cut off. */
#ifndef QV_DAEMON_METRICS_H
#define QV_DAEMON_METRICS_H
#include <glib.h>
#include <stdbool.h>
#include "daemon/settings.h"

bool metrics_start(const DaemonConfig *config, GError **err);
void metrics_stop(void);
/* The text of a scrape, of @domains (Domain). Gives. */
GString *metrics_text(const GPtrArray *domains);
#endif
