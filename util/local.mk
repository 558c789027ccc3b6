noinst_LIBRARIES += util/libutil.a
util_libutil_a_SOURCES = \
	util/bitmap.c util/bitmap.h \
	util/cgroup.c util/cgroup.h \
	util/error.c util/error.h \
	util/host.c util/host.h \
	util/ids.c util/ids.h \
	util/log.c util/log.h \
	util/loop.c util/loop.h \
	util/size.c util/size.h
