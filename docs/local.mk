# The lists in the manuals are written by the programs themselves, from their tables.
dist_man_MANS += docs/qvirtd.8
nodist_man_MANS = docs/qvirt.1 docs/qvirtd.conf.5
CLEANFILES += docs/domain-xml.txt docs/qvirt.1 docs/qvirtd.conf.5 docs/commands.part docs/settings.part docs/qvirtd.conf
EXTRA_DIST += docs/qvirt.1.in docs/qvirtd.conf.5.in docs/adding-an-attribute.md docs/architecture.md docs/conformance.md docs/fuzzing.md docs/guest_agent.md docs/interfaces.md docs/network.md docs/nwfilter.md docs/robustness.md docs/storage.md docs/tuning.md

docs/qvirt.1: docs/qvirt.1.in tools/qvirt$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) docs && ASAN_OPTIONS=detect_leaks=0 tools/qvirt manual > docs/commands.part && \
	sed -e '/^@COMMANDS@/{r docs/commands.part' -e 'd;}' $(srcdir)/docs/qvirt.1.in > $@

docs/qvirtd.conf: daemon/qvirtd$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) docs && ASAN_OPTIONS=detect_leaks=0 daemon/qvirtd --print-config > $@

# "# What it means" above "#name = value" becomes a paragraph.
docs/qvirtd.conf.5: docs/qvirtd.conf.5.in docs/qvirtd.conf
	$(AM_V_GEN)$(AWK) '/^# /{ doc = substr($$0, 3) } /^#[a-z_]+ = /{ name = substr($$1, 2); sub(/^[^=]*= /, ""); \
		gsub(/-/, "\\-"); gsub(/-/, "\\-", doc); printf ".TP\n\\fB%s\\fR = %s\n%s\n", name, $$0, doc }' docs/qvirtd.conf > docs/settings.part && \
	sed -e '/^@SETTINGS@/{r docs/settings.part' -e 'd;}' $(srcdir)/docs/qvirtd.conf.5.in > $@

# A sample with every setting commented out.
exampledir = $(docdir)
nodist_example_DATA = docs/qvirtd.conf

# Every element and attribute of a domain, out of the rows that read them.
nodist_example_DATA += docs/domain-xml.txt
docs/domain-xml.txt: tools/qvirt$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) docs && ASAN_OPTIONS=detect_leaks=0 tools/qvirt help xml > $@
