noinst_LIBRARIES += util/libutil.a
util_libutil_a_SOURCES = \
	util/bitmap.c util/bitmap.h \
	util/cgroup.c util/cgroup.h \
	util/error.c util/error.h \
	util/fault.c util/fault.h \
	util/file.c util/file.h \
	util/host.c util/host.h \
	util/ids.c util/ids.h \
	util/image.c util/image.h \
	util/log.c util/log.h \
	util/loop.c util/loop.h \
	util/owner.c util/owner.h \
	util/process.c util/process.h \
	util/size.c util/size.h \
	util/undo.c util/undo.h
