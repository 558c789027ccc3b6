# A fuzz target is its name here: tests/fuzz/NAME.c. It is built twice: as an ordinary test that runs its kept corpus
# (tests/fuzz/corpus/NAME), and for libFuzzer: make fuzz T=NAME SECONDS=60
FUZZ_TARGETS = domain network nwfilter rpc qmp journal values
fuzz_tests = tests/fuzz/corpus_domain tests/fuzz/corpus_network tests/fuzz/corpus_nwfilter tests/fuzz/corpus_rpc \
	tests/fuzz/corpus_qmp tests/fuzz/corpus_journal tests/fuzz/corpus_values
check_PROGRAMS += $(fuzz_tests)
TESTS += $(fuzz_tests)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/fuzz.h
tests_fuzz_corpus_domain_SOURCES = tests/fuzz/corpus.c tests/fuzz/domain.c
tests_fuzz_corpus_network_SOURCES = tests/fuzz/corpus.c tests/fuzz/network.c
tests_fuzz_corpus_nwfilter_SOURCES = tests/fuzz/corpus.c tests/fuzz/nwfilter.c
tests_fuzz_corpus_rpc_SOURCES = tests/fuzz/corpus.c tests/fuzz/rpc.c
tests_fuzz_corpus_rpc_LDADD = rpc/librpc.a $(LDADD)
tests_fuzz_corpus_qmp_SOURCES = tests/fuzz/corpus.c tests/fuzz/qmp.c
tests_fuzz_corpus_journal_SOURCES = tests/fuzz/corpus.c tests/fuzz/journal.c
tests_fuzz_corpus_values_SOURCES = tests/fuzz/corpus.c tests/fuzz/values.c

if FUZZING
EXTRA_PROGRAMS = tests/fuzz/fuzz_domain tests/fuzz/fuzz_network tests/fuzz/fuzz_nwfilter tests/fuzz/fuzz_rpc tests/fuzz/fuzz_qmp \
	tests/fuzz/fuzz_journal tests/fuzz/fuzz_values
tests_fuzz_fuzz_domain_SOURCES = tests/fuzz/domain.c
tests_fuzz_fuzz_domain_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_network_SOURCES = tests/fuzz/network.c
tests_fuzz_fuzz_network_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_nwfilter_SOURCES = tests/fuzz/nwfilter.c
tests_fuzz_fuzz_nwfilter_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_rpc_SOURCES = tests/fuzz/rpc.c
tests_fuzz_fuzz_rpc_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_rpc_LDADD = rpc/librpc.a $(LDADD)
tests_fuzz_fuzz_qmp_SOURCES = tests/fuzz/qmp.c
tests_fuzz_fuzz_qmp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_journal_SOURCES = tests/fuzz/journal.c
tests_fuzz_fuzz_journal_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_values_SOURCES = tests/fuzz/values.c
tests_fuzz_fuzz_values_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
endif

# A build of its own by clang with sanitizers, in fuzz-build; what a run finds stays in fuzz-build/corpus/T, what breaks in
# fuzz-build/findings.
fuzz:
	@test -n '$(T)' || { echo 'make fuzz T=NAME [SECONDS=60], NAME one of: $(FUZZ_TARGETS)'; exit 1; }
	$(MKDIR_P) fuzz-build
	cd fuzz-build && { test -f Makefile || CC=clang $(abs_top_srcdir)/configure --quiet --enable-fuzzing --enable-sanitizers; }
	$(MAKE) -s -C fuzz-build $(BUILT_SOURCES) tests/fuzz/fuzz_$(T)
	cd fuzz-build && $(MKDIR_P) corpus/$(T) findings && ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 \
	  tests/fuzz/fuzz_$(T) -max_total_time=$(or $(SECONDS),60) -max_len=16384 -timeout=10 -rss_limit_mb=2048 \
	  -artifact_prefix=findings/$(T)- corpus/$(T) $(abs_top_srcdir)/tests/fuzz/corpus/$(T)

.PHONY: fuzz
