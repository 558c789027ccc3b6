# A test is its name here: NAME is built from NAME.c and linked with LDADD below.
unit_tests = \
	tests/unit/abi \
	tests/unit/address \
	tests/unit/actor \
	tests/unit/agent \
	tests/unit/cgroup \
	tests/unit/command \
	tests/unit/chardev_start \
	tests/unit/disk \
	tests/unit/domain_property \
	tests/unit/enum_values \
	tests/unit/error \
	tests/unit/graphics_start \
	tests/unit/index \
	tests/unit/link \
	tests/unit/network \
	tests/unit/nwfilter \
	tests/unit/pci_bus \
	tests/unit/qmp \
	tests/unit/settings \
	tests/unit/stats \
	tests/unit/rules \
	tests/unit/image \
	tests/unit/undo \
	tests/unit/values \
	tests/unit/xdr \
	tests/unit/xm

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

# The default of every program that names no LDADD of its own.
LDADD = drivers/qemu/libqemu.a drivers/network/libnetwork.a drivers/nwfilter/libnwfilter.a conf/libconf.a util/libutil.a $(CMOCKA_LIBS) $(DEPS_LIBS)

tests_unit_settings_LDADD = daemon/libdaemon.a $(LDADD)
tests_unit_xdr_LDADD = rpc/librpc.a $(LDADD)
