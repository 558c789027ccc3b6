noinst_LIBRARIES += rpc/librpc.a
rpc_librpc_a_SOURCES = \
	rpc/client.c rpc/client.h \
	rpc/connection.c \
	rpc/message.h \
	rpc/procedure.h \
	rpc/server.c rpc/server.h rpc/server_private.h \
	rpc/stream.c \
	rpc/xdr.c rpc/xdr.h
nodist_rpc_librpc_a_SOURCES = rpc/protocol.c rpc/protocol.h

# The protocol is described once, in protocol.table; structures, codecs and the dispatch table are made of it.
EXTRA_DIST += rpc/protocol.table rpc/generate.py
BUILT_SOURCES += rpc/protocol.h
CLEANFILES += rpc/protocol.h rpc/protocol.c

rpc/protocol.h: rpc/protocol.table rpc/generate.py
	$(AM_V_GEN)$(MKDIR_P) rpc && $(PYTHON) $(srcdir)/rpc/generate.py $(srcdir)/rpc/protocol.table rpc/protocol.h rpc/protocol.c

rpc/protocol.c: rpc/protocol.h
