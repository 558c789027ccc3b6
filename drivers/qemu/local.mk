noinst_LIBRARIES += drivers/qemu/libqemu.a
drivers_qemu_libqemu_a_SOURCES = \
	drivers/qemu/audio_define.c \
	drivers/qemu/build.h \
	drivers/qemu/caps.h \
	drivers/qemu/chardev_define.c drivers/qemu/chardev_define.h \
	drivers/qemu/command.h \
	drivers/qemu/define.h \
	drivers/qemu/display_define.c drivers/qemu/display_define.h \
	drivers/qemu/each.h \
	drivers/qemu/graphics_define.c \
	drivers/qemu/qemu.h \
	drivers/qemu/rng_define.c \
	drivers/qemu/tpm_define.c \
	drivers/qemu/video_define.c
