noinst_LIBRARIES += conf/libconf.a
conf_libconf_a_SOURCES = \
	conf/chardev.h \
	conf/controller.c conf/controller.h \
	conf/device.h \
	conf/disk.c conf/disk.h \
	conf/display.h \
	conf/domain.h \
	conf/filesystem.c conf/filesystem.h \
	conf/lease.c conf/lease.h \
	conf/rng.h \
	conf/seclabel.c conf/seclabel.h \
	conf/storage_rows.h \
	conf/storage_source.c \
	conf/tpm.h \
	conf/virtio.c conf/virtio.h \
	conf/xm.h
