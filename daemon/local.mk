systemdsystemunit_DATA = daemon/qvirtd.service daemon/qvirtd.socket daemon/qvirtd-ro.socket
EXTRA_DIST += daemon/qvirtd.service.in daemon/qvirtd.socket daemon/qvirtd-ro.socket
CLEANFILES += daemon/qvirtd.service

daemon/qvirtd.service: daemon/qvirtd.service.in
	$(AM_V_GEN)$(MKDIR_P) daemon && sed -e 's|@sbindir[@]|$(sbindir)|' $(srcdir)/daemon/qvirtd.service.in > $@
