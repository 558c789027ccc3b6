# The demo guest's disk: assembled here, so that trying qvirt out needs no image from anywhere.
EXTRA_DIST += tools/demo/boot.S tools/demo/demo.xml
noinst_DATA = tools/demo/demo.img
CLEANFILES += tools/demo/demo.img tools/demo/boot.o

tools/demo/demo.img: tools/demo/boot.S
	$(AM_V_GEN)$(MKDIR_P) tools/demo && $(AS) --32 -o tools/demo/boot.o $(srcdir)/tools/demo/boot.S && \
	  $(LD) -m elf_i386 -N -Ttext 0x7c00 --oformat binary -o $@.tmp tools/demo/boot.o && \
	  truncate -s 1M $@.tmp && mv $@.tmp $@
