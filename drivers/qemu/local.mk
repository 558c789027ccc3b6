noinst_LIBRARIES += drivers/qemu/libqemu.a
drivers_qemu_libqemu_a_SOURCES = \
	drivers/qemu/build.h \
	drivers/qemu/caps.h \
	drivers/qemu/command.h \
	drivers/qemu/define.h \
	drivers/qemu/qemu.h
