noinst_LIBRARIES += drivers/nwfilter/libnwfilter.a
drivers_nwfilter_libnwfilter_a_SOURCES = \
	drivers/nwfilter/binding.c \
	drivers/nwfilter/builtin.c \
	drivers/nwfilter/compile.c \
	drivers/nwfilter/driver.c \
	drivers/nwfilter/learn.c \
	drivers/nwfilter/nwfilter.h \
	drivers/nwfilter/private.h \
	drivers/nwfilter/rule.c \
	drivers/nwfilter/table.c \
	drivers/nwfilter/vars.c
