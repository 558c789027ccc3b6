bin_PROGRAMS += tools/qvirt
tools_qvirt_SOURCES = \
	tools/cli/cli.h \
	tools/cli/console.c tools/cli/console.h \
	tools/cli/domain.c \
	tools/cli/domain_xml.c tools/cli/domain_xml.h \
	tools/cli/explain.c \
	tools/cli/help.c tools/cli/help.h \
	tools/cli/host.c \
	tools/cli/life.c \
	tools/cli/main.c \
	tools/cli/output.c \
	tools/cli/reference.c \
	tools/cli/top.c \
	tools/cli/uri.c \
	tools/cli/watch.c \
	tools/cli/xml.c
tools_qvirt_LDADD = rpc/librpc.a conf/libconf.a util/libutil.a $(DEPS_LIBS)

bashcompletiondir = $(datadir)/bash-completion/completions
bashcompletion_DATA = tools/qvirt.bash-completion
EXTRA_DIST += tools/qvirt.bash-completion
install-data-hook:
	cd $(DESTDIR)$(bashcompletiondir) && mv -f qvirt.bash-completion qvirt
uninstall-hook:
	rm -f $(DESTDIR)$(bashcompletiondir)/qvirt
