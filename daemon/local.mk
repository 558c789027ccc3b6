# Everything but main is a library, so that unit tests reach it.
noinst_LIBRARIES += daemon/libdaemon.a
daemon_libdaemon_a_SOURCES = \
	daemon/access.c daemon/access.h \
	daemon/daemon.h \
	daemon/glue.c daemon/glue.h \
	daemon/glue_agent.c daemon/glue_agent.h \
	daemon/glue_connect.c \
	daemon/glue_cpu.c \
	daemon/glue_console.c \
	daemon/glue_domain.c \
	daemon/glue_domain_misc.c \
	daemon/glue_domain_xml.c \
	daemon/glue_events.c daemon/glue_events.h \
	daemon/glue_hotplug.c \
	daemon/glue_iface.c \
	daemon/glue_interface.c \
	daemon/glue_guest_info.c \
	daemon/glue_network.c daemon/glue_network.h \
	daemon/glue_network_port.c \
	daemon/glue_ksm.c \
	daemon/glue_node.c \
	daemon/glue_nwfilter.c \
	daemon/glue_stats.c \
	daemon/glue_pin.c \
	daemon/glue_size.c \
	daemon/glue_tune.c \
	daemon/glue_storage.c \
	daemon/glue_volume.c \
	daemon/metrics.c daemon/metrics.h \
	daemon/metrics_text.c \
	daemon/service.c daemon/service.h \
	daemon/settings.c daemon/settings.h

systemdsystemunit_DATA = daemon/qvirtd.service daemon/qvirtd.socket daemon/qvirtd-ro.socket
EXTRA_DIST += docs/metrics.md
EXTRA_DIST += daemon/qvirtd.service.in daemon/qvirtd.socket daemon/qvirtd-ro.socket
CLEANFILES += daemon/qvirtd.service

daemon/qvirtd.service: daemon/qvirtd.service.in
	$(AM_V_GEN)$(MKDIR_P) daemon && sed -e 's|@sbindir[@]|$(sbindir)|' $(srcdir)/daemon/qvirtd.service.in > $@

sbin_PROGRAMS += daemon/qvirtd
daemon_qvirtd_SOURCES = daemon/main.c
daemon_qvirtd_LDADD = daemon/libdaemon.a drivers/qemu/libqemu.a drivers/interface/libinterface.a drivers/network/libnetwork.a drivers/nwfilter/libnwfilter.a drivers/storage/libstorage.a conf/libconf.a rpc/librpc.a util/libutil.a $(DEPS_LIBS)
