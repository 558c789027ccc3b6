noinst_LIBRARIES += util/libutil.a
util_libutil_a_SOURCES = \
	util/error.c util/error.h
