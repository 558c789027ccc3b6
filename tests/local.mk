# Unit tests: tests/unit/NAME.c is a cmocka program. Add a name here and, if it needs
# more than libutil, its libraries below.
include tests/unit/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk

# What the driver makes of XML, without a daemon: for tests and for looking.
noinst_PROGRAMS += tests/xmltool
tests_xmltool_SOURCES = tests/xmltool.c

source_tests = tests/source/layers.sh tests/source/dist.sh
TESTS += $(source_tests)
EXTRA_DIST += $(source_tests) tests/data/network
EXTRA_DIST += $(wildcard $(srcdir)/tests/data/nwfilter/*.xml)
include tests/integration/local.mk
