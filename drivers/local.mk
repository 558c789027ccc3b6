include drivers/nwfilter/local.mk
include drivers/qemu/local.mk
include drivers/storage/local.mk
# The public headers of drivers whose folders hold nothing else yet.
EXTRA_DIST += drivers/network/network.h
