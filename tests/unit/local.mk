unit_libs = drivers/qemu/libqemu.a conf/libconf.a util/libutil.a $(CMOCKA_LIBS) $(DEPS_LIBS)

unit_tests = tests/unit/error
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

tests_unit_error_SOURCES = tests/unit/error.c
tests_unit_error_LDADD = $(unit_libs)
