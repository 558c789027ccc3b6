include drivers/qemu/local.mk
