/* The filter driver's public face: filters (<filter>), for the daemon's glue, and their bindings to guests' interfaces,
 * for the QEMU driver. Rules are nftables' bridge family, in one table of this daemon's own.
 *
 * Threads: bindings are made and removed on workers (start steps and undo); look-ups on any; changes through callbacks
 * are asked for on the I/O thread and told there. */
#ifndef QV_NWFILTER_NWFILTER_H
#define QV_NWFILTER_NWFILTER_H
#include "conf/interface.h"
#include "conf/nwfilter.h"
#include "util/error.h"

/* Reads filters from @etc_dir/nwfilter (made with the built-in ones when it is not there) and the bindings of an earlier
 * daemon from @run_dir/nwfilter, whose rules it puts in force again; those of devices that are gone are forgotten.
 * @instance tells daemons of one host apart: NULL for the system's. Waits; before the I/O thread serves. */
bool nwfilter_start(const char *etc_dir, const char *run_dir, const char *instance, GError **err);
/* Stops listening; rules stay in force. */
void nwfilter_stop(void);

/* Enforces @interface->filter on the host device @dev (a tap on a bridge), with its parameters and MAC:
 * QV_ERR_NO_NWFILTER when there is no such filter. Nothing when the interface names none. Worker. */
bool nwfilter_bind(const Interface *interface, const char *dev, const char *domain, const guint8 domain_uuid[16], GError **err);
/* Removes every rule of @dev; success when there is none. Worker. */
bool nwfilter_unbind(const char *dev, GError **err);

/* --- filters. References, or NULL with QV_ERR_NO_NWFILTER. */
NwFilter *nwfilter_by_name(const char *name, GError **err);
NwFilter *nwfilter_by_uuid(const guint8 uuid[16], GError **err);
GPtrArray *nwfilter_list(void);                                   /* of NwFilter, by name; gives */
typedef void (*NwfilterDone)(gpointer result, const GError *err, gpointer user);
/* Result: NwFilter. One in use is changed in its bindings too, or not at all. */
void nwfilter_define(const char *xml, guint parse_flags, NwfilterDone done, gpointer user);
void nwfilter_undefine(const guint8 uuid[16], NwfilterDone done, gpointer user);

/* --- bindings */
typedef struct { char *dev, *filter; } NwfilterPort;
GPtrArray *nwfilter_bindings(void);                               /* of NwfilterPort; gives */
char *nwfilter_binding_xml(const char *dev, GError **err);        /* gives; QV_ERR_NO_NWFILTER_BINDING */
char *nwfilter_binding_filter(const char *dev, GError **err);
/* Result: NwfilterPort. */
void nwfilter_binding_create(const char *xml, guint parse_flags, NwfilterDone done, gpointer user);
void nwfilter_binding_delete(const char *dev, NwfilterDone done, gpointer user);
#endif
