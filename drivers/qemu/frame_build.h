/* Parts of the frame's command line, by file. */
#ifndef QV_QEMU_FRAME_BUILD_H
#define QV_QEMU_FRAME_BUILD_H
#include "drivers/qemu/build.h"

bool build_cpu(QemuBuild *b, GError **err);        /* cpu_build.c */
bool build_numa(QemuBuild *b, GError **err);       /* numa_build.c */
void build_smbios(QemuBuild *b);                   /* smbios_build.c */
bool build_firmware(QemuBuild *b, GError **err);   /* firmware_build.c */
bool frame_has_nvram(const DomainDef *def);        /* firmware_build.c */
bool frame_has_nvdimm(const DomainDef *def);       /* numa_build.c */
bool frame_has_hmat(const DomainDef *def);         /* numa_build.c */
#endif
