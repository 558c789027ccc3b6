/* Rows of the protocols in filter rules. Private to conf/. */
#ifndef QV_CONF_NWFILTER_MATCH_H
#define QV_CONF_NWFILTER_MATCH_H
#include "conf/nwfilter.h"
extern const XmElem nwmatch_elems[NW_PROTOCOL__N];
#endif
