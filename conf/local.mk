noinst_LIBRARIES += conf/libconf.a
conf_libconf_a_SOURCES = \
	conf/device.h \
	conf/domain.h \
	conf/xm.h
