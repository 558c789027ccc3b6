noinst_LIBRARIES += drivers/network/libnetwork.a
drivers_network_libnetwork_a_SOURCES = \
	drivers/network/define.c \
	drivers/network/dnsmasq.c \
	drivers/network/driver.c \
	drivers/network/driver.h \
	drivers/network/network.h \
	drivers/network/port.c \
	drivers/network/rules.c \
	drivers/network/server.c \
	drivers/network/start.c \
	drivers/network/update.c
