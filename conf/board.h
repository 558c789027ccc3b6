/* Small devices of the board: watchdog, balloon, NVRAM, panic, shared memory, crypto, IOMMU, vsock; and
 * memory modules. */
#ifndef QV_CONF_BOARD_H
#define QV_CONF_BOARD_H
#include "conf/device.h"
#include "conf/virtio.h"

typedef enum { WATCHDOG_NONE, WATCHDOG_I6300ESB, WATCHDOG_IB700, WATCHDOG_DIAG288, WATCHDOG_ITCO, WATCHDOG__N } WatchdogModel;
typedef enum {
    WATCHDOG_ACTION_NONE, WATCHDOG_RESET, WATCHDOG_SHUTDOWN, WATCHDOG_POWEROFF, WATCHDOG_PAUSE, WATCHDOG_DUMP, WATCHDOG_NOTHING,
    WATCHDOG_INJECT_NMI, WATCHDOG_ACTION__N
} WatchdogAction;
typedef struct { DeviceInfo info; WatchdogModel model; WatchdogAction action; } Watchdog;

typedef enum {
    BALLOON_NONE_GIVEN, BALLOON_VIRTIO, BALLOON_XEN, BALLOON_NONE, BALLOON_VIRTIO_TRANSITIONAL, BALLOON_VIRTIO_NON_TRANSITIONAL,
    BALLOON__N
} MemballoonModel;
typedef struct {
    DeviceInfo info;
    MemballoonModel model;
    Tristate autodeflate, free_page_reporting;
    guint32 period_s;
    VirtioOptions virtio;
} Memballoon;

typedef struct { DeviceInfo info; } Nvram;

typedef enum { PANIC_NONE, PANIC_ISA, PANIC_PSERIES, PANIC_HYPERV, PANIC_S390, PANIC_PVPANIC, PANIC__N } PanicModel;
typedef struct { DeviceInfo info; PanicModel model; } Panic;

typedef enum { SHMEM_ROLE_NONE, SHMEM_MASTER, SHMEM_PEER, SHMEM_ROLE__N } ShmemRole;
typedef enum { SHMEM_NONE, SHMEM_IVSHMEM, SHMEM_PLAIN, SHMEM_DOORBELL, SHMEM__N } ShmemModel;
typedef struct {
    DeviceInfo info;
    char *name;
    ShmemRole role;
    ShmemModel model;
    struct { guint64 bytes, mib; char *unit; } size;   /* mib and unit: as written */
    bool has_server;
    char *server_path;
    struct { bool present; Tristate enabled, ioeventfd; guint32 vectors; } msi;
} Shmem;

typedef enum {
    MEMORY_NONE, MEMORY_DIMM, MEMORY_NVDIMM, MEMORY_VIRTIO_PMEM, MEMORY_VIRTIO_MEM, MEMORY_SGX_EPC, MEMORY__N
} MemoryModel;
typedef enum { MODULE_ACCESS_NONE, MODULE_ACCESS_DEFAULT, MODULE_SHARED, MODULE_PRIVATE, MODULE_ACCESS__N } ModuleAccess;
typedef struct {
    DeviceInfo info;
    MemoryModel model;
    ModuleAccess access;
    Tristate discard;
    char *uuid;
    struct { char *path; guint64 align, page_size; bool pmem; Bitmap *nodes; } source;      /* bytes */
    struct { guint64 size, label, block, requested, current; OptU32 node; bool readonly; OptU64 address; } target;
} MemoryDevice;

typedef enum { CRYPTO_MODEL_NONE, CRYPTO_VIRTIO, CRYPTO_MODEL__N } CryptoModel;
typedef enum { CRYPTO_TYPE_NONE, CRYPTO_QEMU, CRYPTO_TYPE__N } CryptoType;
typedef enum { CRYPTO_BACKEND_NONE, CRYPTO_BUILTIN, CRYPTO_LKCF, CRYPTO_BACKEND__N } CryptoBackend;
typedef struct {
    DeviceInfo info;
    CryptoModel model;
    CryptoType type;
    CryptoBackend backend;
    guint32 queues;
    VirtioOptions virtio;
} Crypto;

typedef enum { IOMMU_NONE, IOMMU_INTEL, IOMMU_SMMUV3, IOMMU_VIRTIO, IOMMU__N } IommuModel;
typedef struct {
    DeviceInfo info;
    IommuModel model;
    Tristate intremap, caching_mode, eim, iotlb;
    guint32 aw_bits;
} Iommu;

typedef enum { VSOCK_NONE, VSOCK_VIRTIO, VSOCK_VIRTIO_TRANSITIONAL, VSOCK_VIRTIO_NON_TRANSITIONAL, VSOCK__N } VsockModel;
typedef struct {
    DeviceInfo info;
    VsockModel model;
    Tristate auto_cid;
    guint32 cid;
    VirtioOptions virtio;
} Vsock;

extern const XmElem watchdog_elem, memballoon_elem, nvram_elem, panic_elem, shmem_elem, memory_device_elem, crypto_elem,
                    iommu_elem, vsock_elem;
extern const XmEnum watchdog_model, watchdog_action, memballoon_model, panic_model, shmem_model, memory_model, module_access,
                    iommu_model, vsock_model;
#endif
