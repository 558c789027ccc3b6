check_PROGRAMS += tests/bench/wire
tests_bench_wire_LDADD = $(GLIB_LIBS) $(XML_LIBS)
bench_files = tests/bench/bench tests/bench/sides.py tests/bench/guests.py
EXTRA_DIST += $(bench_files)

# One table: qvirtd, what the machine itself needs, and libvirtd where it is installed.
bench: all tests/bench/wire
	$(AM_TESTS_ENVIRONMENT) /usr/bin/python3 $(top_srcdir)/tests/bench/bench $(BENCH)

.PHONY: bench
