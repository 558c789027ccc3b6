/* Tables shared by <disk> and the elements of its images; conf/storage_source.c. */
#ifndef QV_CONF_STORAGE_ROWS_H
#define QV_CONF_STORAGE_ROWS_H
#include "conf/disk.h"

extern const XmElem storage_source_elem;     /* <source> of a <disk>: in a StorageSource */
extern const XmElem metadata_cache_elem;     /* <metadata_cache>: in a StorageSource */
#endif
