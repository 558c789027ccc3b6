check_PROGRAMS += tests/bench/wire
tests_bench_wire_LDADD = $(GLIB_LIBS)
