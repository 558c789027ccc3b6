include drivers/interface/local.mk
include drivers/network/local.mk
include drivers/nwfilter/local.mk
include drivers/qemu/local.mk
include drivers/storage/local.mk
