noinst_LIBRARIES += conf/libconf.a
conf_libconf_a_SOURCES = \
	conf/chardev.h \
	conf/controller.h \
	conf/device.h \
	conf/disk.h \
	conf/display.h \
	conf/domain.h \
	conf/filesystem.h \
	conf/lease.h \
	conf/rng.h \
	conf/seclabel.c conf/seclabel.h \
	conf/tpm.h \
	conf/virtio.c conf/virtio.h \
	conf/xm.h
