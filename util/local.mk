noinst_LIBRARIES += util/libutil.a
util_libutil_a_SOURCES = \
	util/bitmap.c util/bitmap.h \
	util/cgroup.c util/cgroup.h \
	util/cgroup_devices.c util/cgroup_devices.h \
	util/error.c util/error.h \
	util/fault.c util/fault.h \
	util/file.c util/file.h \
	util/host.c util/host.h \
	util/ids.c util/ids.h \
	util/image.c util/image.h \
	util/inet.c util/inet.h \
	util/log.c util/log.h \
	util/link.c util/link.h \
	util/link_bridge.c \
	util/loop.c util/loop.h \
	util/macvtap.c util/macvtap.h \
	util/netlink.c util/netlink.h \
	util/nft.c util/nft.h \
	util/owner.c util/owner.h \
	util/process.c util/process.h \
	util/qdisc.c util/qdisc.h \
	util/size.c util/size.h \
	util/tap.c util/tap.h \
	util/undo.c util/undo.h
