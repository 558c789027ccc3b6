# Integration tests start their own qvirtd under a temporary root and real QEMU; they want root.
# "make check" leaves them out; "make check-integration" and tools/check run them, one at a time.
integration_tests = \
	tests/integration/wire.py \
	tests/integration/daemon.py \
	tests/integration/network.py \
	tests/integration/lifecycle.py \
	tests/integration/nwfilter.py \
	tests/integration/bad_input.py \
	tests/integration/capabilities.py \
	tests/integration/readopt.py \
	tests/integration/clients.py \
	tests/integration/agent.py \
	tests/integration/events.py \
	tests/integration/hotplug.py \
	tests/integration/interfaces.py \
	tests/integration/interfaces_guest.py \
	tests/integration/qvirt.py \
	tests/integration/security.py \
	tests/integration/storage.py \
	tests/integration/stats.py \
	tests/chaos/faults.py \
	tests/chaos/qemu.py \
	tests/chaos/clients.py \
	tests/chaos/xml.py \
	tests/chaos/host.py \
	tests/integration/tune.py \
	tests/integration/cgroup_v2.py \
	tests/integration/linux.py

EXTRA_DIST += $(integration_tests) tests/integration/qvirt_test.py tests/integration/wire_client.py tests/integration/cgroup_v2.sh tests/integration/own_network.py tests/integration/linux_guest.py tests/data/domstats.txt

check-integration: all
	$(MAKE) -j1 check-TESTS TESTS="$(integration_tests)"

print-unit-tests:
	@echo $(unit_tests)

.PHONY: check-integration print-unit-tests
