noinst_LIBRARIES += drivers/qemu/libqemu.a
drivers_qemu_libqemu_a_SOURCES = \
	drivers/qemu/actor.c drivers/qemu/actor.h \
	drivers/qemu/address.c drivers/qemu/address.h \
	drivers/qemu/address_build.c \
	drivers/qemu/address_dimm.c \
	drivers/qemu/address_pci.c \
	drivers/qemu/address_scsi.c \
	drivers/qemu/address_serial.c \
	drivers/qemu/address_usb.c \
	drivers/qemu/adopt.c \
	drivers/qemu/agent.c drivers/qemu/agent.h \
	drivers/qemu/agent_op.c \
	drivers/qemu/audio_build.c \
	drivers/qemu/audio_define.c \
	drivers/qemu/build.c drivers/qemu/build.h \
	drivers/qemu/capabilities_host.c \
	drivers/qemu/capabilities_xml.c drivers/qemu/capabilities_xml.h \
	drivers/qemu/caps.c drivers/qemu/caps.h \
	drivers/qemu/caps_data.h \
	drivers/qemu/caps_op.c \
	drivers/qemu/caps_probe.c \
	drivers/qemu/change.c drivers/qemu/change.h \
	drivers/qemu/chardev_build.c drivers/qemu/chardev_build.h \
	drivers/qemu/chardev_define.c drivers/qemu/chardev_define.h \
	drivers/qemu/chardev_source_build.c \
	drivers/qemu/chardev_start.c drivers/qemu/chardev_start.h \
	drivers/qemu/command.c drivers/qemu/command.h \
	drivers/qemu/controller_build.c \
	drivers/qemu/controller_define.c \
	drivers/qemu/controller_rules.c drivers/qemu/controller_rules.h \
	drivers/qemu/cpu_bits.c drivers/qemu/cpu_bits.h \
	drivers/qemu/cpu_build.c \
	drivers/qemu/cpu_choose.c \
	drivers/qemu/cpu_host.c \
	drivers/qemu/cpu_models.c drivers/qemu/cpu_models.h \
	drivers/qemu/define.c drivers/qemu/define.h \
	drivers/qemu/define_op.c \
	drivers/qemu/disk_build.c \
	drivers/qemu/disk_chain.c \
	drivers/qemu/disk_define.c \
	drivers/qemu/disk_nodes.c drivers/qemu/disk_nodes.h \
	drivers/qemu/disk_rules.c drivers/qemu/disk_rules.h \
	drivers/qemu/disk_storage.c \
	drivers/qemu/display_build.h \
	drivers/qemu/display_define.c drivers/qemu/display_define.h \
	drivers/qemu/domain_caps.c \
	drivers/qemu/driver.c drivers/qemu/driver.h \
	drivers/qemu/each.h \
	drivers/qemu/events.c drivers/qemu/events.h \
	drivers/qemu/filesystem_build.c \
	drivers/qemu/firmware.c drivers/qemu/firmware.h \
	drivers/qemu/firmware_build.c \
	drivers/qemu/firmware_define.c \
	drivers/qemu/firmware_start.c \
	drivers/qemu/firmware_template.h \
	drivers/qemu/frame_build.c drivers/qemu/frame_build.h \
	drivers/qemu/frame_define.c \
	drivers/qemu/frame_rules.c \
	drivers/qemu/graphics_build.c \
	drivers/qemu/graphics_define.c \
	drivers/qemu/graphics_start.c drivers/qemu/graphics_start.h \
	drivers/qemu/group.c drivers/qemu/group.h \
	drivers/qemu/group_devices.c drivers/qemu/group_devices.h \
	drivers/qemu/guest_graphics.c \
	drivers/qemu/guest_op.c \
	drivers/qemu/guest_policy.c \
	drivers/qemu/hostdev_build.c \
	drivers/qemu/hostdev_define.c \
	drivers/qemu/hotplug.c drivers/qemu/hotplug.h \
	drivers/qemu/hotplug_command.c \
	drivers/qemu/hotplug_disk.c \
	drivers/qemu/hotplug_interface.c \
	drivers/qemu/hotplug_small.c \
	drivers/qemu/index.c drivers/qemu/index.h \
	drivers/qemu/input_build.c \
	drivers/qemu/interface_build.c \
	drivers/qemu/interface_define.c drivers/qemu/interface_define.h \
	drivers/qemu/interface_op.c \
	drivers/qemu/interface_ovs.c \
	drivers/qemu/interface_passt.c \
	drivers/qemu/interface_release.c \
	drivers/qemu/interface_rules.c \
	drivers/qemu/interface_start.c drivers/qemu/interface_start.h \
	drivers/qemu/label.c drivers/qemu/label.h \
	drivers/qemu/kept.c drivers/qemu/kept.h \
	drivers/qemu/life.c \
	drivers/qemu/memory_backend.c drivers/qemu/memory_backend.h \
	drivers/qemu/memory_build.c \
	drivers/qemu/misc_build.c drivers/qemu/misc_build.h \
	drivers/qemu/misc_define.c drivers/qemu/misc_define.h \
	drivers/qemu/numa_build.c \
	drivers/qemu/pci_board.c \
	drivers/qemu/pci_bus.c drivers/qemu/pci_bus.h \
	drivers/qemu/pci_connect.c \
	drivers/qemu/pin_op.c \
	drivers/qemu/prepare.c \
	drivers/qemu/size_op.c \
	drivers/qemu/qemu.h \
	drivers/qemu/qmp.c drivers/qemu/qmp.h \
	drivers/qemu/redirdev_build.c \
	drivers/qemu/release.c \
	drivers/qemu/rng_build.c \
	drivers/qemu/rng_define.c \
	drivers/qemu/smbios_build.c \
	drivers/qemu/start.c drivers/qemu/start.h \
	drivers/qemu/start_files.c \
	drivers/qemu/stats.h \
	drivers/qemu/stats_ask.c \
	drivers/qemu/stats_fill.c \
	drivers/qemu/stats_image.c \
	drivers/qemu/stats_parse.c \
	drivers/qemu/stats_period.c \
	drivers/qemu/stats_read.c \
	drivers/qemu/start_process.c \
	drivers/qemu/stored.c drivers/qemu/stored.h \
	drivers/qemu/load.c \
	drivers/qemu/start_tune.c \
	drivers/qemu/tpm_build.c \
	drivers/qemu/tpm_define.c \
	drivers/qemu/tpm_start.c drivers/qemu/tpm_start.h \
	drivers/qemu/tune.h \
	drivers/qemu/tune_cpu.c \
	drivers/qemu/tune_define.c \
	drivers/qemu/tune_disk.c \
	drivers/qemu/tune_memory.c \
	drivers/qemu/tune_op.c drivers/qemu/tune_op.h \
	drivers/qemu/disk_throttle.c drivers/qemu/disk_throttle.h \
	drivers/qemu/video_build.c \
	drivers/qemu/video_define.c \
	drivers/qemu/virtio_props.c drivers/qemu/virtio_props.h
