# Unit tests: tests/unit/NAME.c is a cmocka program. Add a name here and, if it needs
# more than libutil, its libraries below.
include tests/unit/local.mk
include tests/bench/local.mk

source_tests = tests/source/layers.sh
TESTS += $(source_tests)
EXTRA_DIST += $(source_tests)
include tests/integration/local.mk
