noinst_LIBRARIES += util/libutil.a
util_libutil_a_SOURCES = \
	util/cgroup.c util/cgroup.h \
	util/error.c util/error.h \
	util/host.c util/host.h \
	util/log.c util/log.h
