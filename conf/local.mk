noinst_LIBRARIES += conf/libconf.a
conf_libconf_a_SOURCES = \
	conf/chardev.h \
	conf/device.h \
	conf/display.h \
	conf/domain.h \
	conf/rng.h \
	conf/seclabel.c conf/seclabel.h \
	conf/tpm.h \
	conf/virtio.c conf/virtio.h \
	conf/xm.h
