# Integration tests start their own qvirtd under a temporary root and real QEMU; they want root.
# "make check" leaves them out; "make check-integration" and tools/check run them, one at a time.
integration_tests = \
	tests/integration/wire.py

EXTRA_DIST += $(integration_tests) tests/integration/lib.sh tests/integration/qvirt_test.py

check-integration: all
	$(MAKE) -j1 check-TESTS TESTS="$(integration_tests)"

print-unit-tests:
	@echo $(unit_tests)

.PHONY: check-integration print-unit-tests
