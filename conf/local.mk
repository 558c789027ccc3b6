noinst_LIBRARIES += conf/libconf.a
conf_libconf_a_SOURCES = \
	conf/abi.c conf/abi.h \
	conf/board.c conf/board.h \
	conf/chardev.c conf/chardev.h \
	conf/chardev_source.c \
	conf/clock.c conf/clock.h \
	conf/controller.c conf/controller.h \
	conf/cpu.c conf/cpu.h \
	conf/device.c conf/device.h \
	conf/disk.c conf/disk.h \
	conf/display.h \
	conf/domain.c conf/domain.h \
	conf/features.c conf/features.h \
	conf/filesystem.c conf/filesystem.h \
	conf/frame.c conf/frame.h \
	conf/graphics.c \
	conf/hostdev.c conf/hostdev.h \
	conf/interface.c conf/interface.h \
	conf/lease.c conf/lease.h \
	conf/memory.c conf/memory.h \
	conf/network.c conf/network.h \
	conf/network_port.c \
	conf/network_rules.c \
	conf/nwfilter.c conf/nwfilter.h \
	conf/nwfilter_match.c conf/nwfilter_match.h \
	conf/nwfilter_types.c conf/nwfilter_types.h \
	conf/os.c conf/os.h \
	conf/redirdev.c \
	conf/rng.c conf/rng.h \
	conf/qemu_ns.c conf/qemu_ns.h \
	conf/resctrl.c conf/resctrl.h \
	conf/rules.c conf/rules.h \
	conf/seclabel.c conf/seclabel.h \
	conf/sound.c \
	conf/storage_pool.c conf/storage_pool.h \
	conf/storage_rows.h \
	conf/storage_source.c \
	conf/tpm.c conf/tpm.h \
	conf/tune.c conf/tune.h \
	conf/video.c \
	conf/virtio.c conf/virtio.h \
	conf/xm.h \
	conf/xm_diff.c \
	conf/xm_doc.c \
	conf/xm_format.c \
	conf/xm_object.c \
	conf/xm_parse.c \
	conf/xm_rows.h \
	conf/xm_types.c
