noinst_LIBRARIES += drivers/interface/libinterface.a
drivers_interface_libinterface_a_SOURCES = \
	drivers/interface/host.c \
	drivers/interface/interface.h
