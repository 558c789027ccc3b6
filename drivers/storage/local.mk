noinst_LIBRARIES += drivers/storage/libstorage.a
drivers_storage_libstorage_a_SOURCES = \
	drivers/storage/driver.c \
	drivers/storage/job.h \
	drivers/storage/pool.c \
	drivers/storage/scan.c \
	drivers/storage/storage.h \
	drivers/storage/volume.c
