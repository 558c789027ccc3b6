/* <disk>: what the guest sees of a disk, and where its bytes come from (StorageSource). */
#ifndef QV_CONF_DISK_H
#define QV_CONF_DISK_H
#include "conf/device.h"
#include "conf/seclabel.h"
#include "conf/virtio.h"

typedef enum { SOURCE_NONE, SOURCE_FILE, SOURCE_BLOCK, SOURCE_DIR, SOURCE_NETWORK, SOURCE_VOLUME, SOURCE_NVME,
               SOURCE_VHOSTUSER, SOURCE__N } SourceType;
typedef enum { PROTO_NONE, PROTO_NBD, PROTO_RBD, PROTO_SHEEPDOG, PROTO_GLUSTER, PROTO_ISCSI, PROTO_HTTP, PROTO_HTTPS,
               PROTO_FTP, PROTO_FTPS, PROTO_TFTP, PROTO_SSH, PROTO_VXHS, PROTO_NFS, PROTO__N } SourceProtocol;
typedef enum { FORMAT_NONE, FORMAT_RAW, FORMAT_DIR, FORMAT_BOCHS, FORMAT_CLOOP, FORMAT_DMG, FORMAT_ISO, FORMAT_VPC,
               FORMAT_VDI, FORMAT_FAT, FORMAT_VHD, FORMAT_PLOOP, FORMAT_COW, FORMAT_QCOW, FORMAT_QCOW2, FORMAT_QED,
               FORMAT_VMDK, FORMAT__N } SourceFormat;
typedef enum { TRANSPORT_NONE, TRANSPORT_TCP, TRANSPORT_UNIX, TRANSPORT_RDMA, TRANSPORT__N } SourceTransport;

typedef struct { char *name; guint32 port; SourceTransport transport; char *socket; } SourceHost;
typedef struct { char *name, *value; } SourceCookie;
typedef struct { char *type; OptU64 offset; guint64 size; } SourceSlice;

typedef enum { SECRET_USE_NONE, SECRET_USE_CEPH, SECRET_USE_ISCSI, SECRET_USE__N } SecretUse;
typedef struct { char *username; SecretUse type; char *uuid, *usage; } StorageAuth;
extern const XmElem storage_auth_elem;               /* <auth> */

typedef enum { ENCRYPTION_NONE, ENCRYPTION_DEFAULT, ENCRYPTION_QCOW, ENCRYPTION_LUKS, ENCRYPTION_LUKS2,
               ENCRYPTION_LUKS_ANY, ENCRYPTION__N } EncryptionFormat;
typedef enum { ENGINE_NONE, ENGINE_QEMU, ENGINE_LIBRBD, ENGINE__N } EncryptionEngine;
typedef struct { char *type, *uuid, *usage; } EncryptionSecret;
typedef struct {
    EncryptionFormat format;
    EncryptionEngine engine;
    GPtrArray *secrets;                              /* EncryptionSecret */
    struct { char *name; guint32 size; char *mode, *hash; } cipher;
    struct { char *name, *hash; } ivgen;
} StorageEncryption;
extern const XmElem storage_encryption_elem;         /* <encryption> */

/* <reservations>: SCSI persistent reservations by a helper of the daemon's (managed) or of somebody else's. */
typedef struct { Tristate managed; char *source_type, *path, *mode; } StorageReservations;

typedef enum { STARTUP_NONE, STARTUP_DEFAULT, STARTUP_MANDATORY, STARTUP_REQUISITE, STARTUP_OPTIONAL,
               STARTUP__N } StartupPolicy;

/* Where bytes come from. The variant (type) says which fields mean something. */
typedef struct StorageSource {
    SourceType type;
    SourceFormat format;
    char *path;                       /* file, block, dir, vhostuser: file/dev/dir/path; network: name */
    char *fdgroup;
    StartupPolicy startup_policy;     /* of a <disk>'s own source: may it be missing at start? */
    guint32 index;                    /* of the node name, while running ("libvirt-INDEX-format") */
    char *pool, *volume;              /* volume */
    enum { VOLUME_MODE_NONE, VOLUME_HOST, VOLUME_DIRECT, VOLUME_MODE__N } volume_mode;
    SourceProtocol protocol;          /* network */
    Tristate tls;
    char *tls_hostname, *query;
    GPtrArray *hosts;                 /* SourceHost */
    char *snapshot, *config, *initiator;
    Tristate ssl_verify;
    GPtrArray *cookies;               /* SourceCookie */
    guint64 readahead;                /* bytes */
    guint64 timeout_s;
    char *nfs_user, *nfs_group;
    char *source_type;                /* nvme: "pci"; vhostuser: "unix" */
    Tristate managed;                 /* nvme */
    OptU32 nvme_namespace;
    Address address;                  /* nvme: the host's PCI address */
    char *mode;                       /* vhostuser: "client" */
    struct { Tristate enabled; guint32 timeout_s; } reconnect;
    GPtrArray *slices;                /* SourceSlice */
    GPtrArray *seclabels;             /* DeviceSeclabel */
    StorageAuth *auth;
    StorageEncryption *encryption;
    StorageReservations *reservations;
    guint64 metadata_cache;           /* bytes; 0: QEMU's default */
    struct StorageBacking *backing;   /* NULL: not said (probe); type SOURCE_NONE: the chain ends here */
} StorageSource;

/* <backingStore>: the next image of a chain. */
typedef struct StorageBacking {
    StorageSource src;
} StorageBacking;
extern const XmElem storage_backing_elem;

typedef enum { DISK_DEVICE_NONE, DISK_DEVICE_DISK, DISK_DEVICE_CDROM, DISK_DEVICE_FLOPPY, DISK_DEVICE_LUN,
               DISK_DEVICE__N } DiskDevice;
typedef enum { DISK_BUS_NONE, DISK_BUS_IDE, DISK_BUS_FDC, DISK_BUS_SCSI, DISK_BUS_VIRTIO, DISK_BUS_XEN, DISK_BUS_USB,
               DISK_BUS_UML, DISK_BUS_SATA, DISK_BUS_SD, DISK_BUS__N } DiskBus;
typedef enum { CACHE_NONE_SAID, CACHE_DEFAULT, CACHE_NONE, CACHE_WRITETHROUGH, CACHE_WRITEBACK, CACHE_DIRECTSYNC,
               CACHE_UNSAFE, CACHE__N } DiskCache;
typedef enum { ERRORS_NONE, ERRORS_DEFAULT, ERRORS_STOP, ERRORS_REPORT, ERRORS_IGNORE, ERRORS_ENOSPACE,
               ERRORS__N } DiskErrors;
typedef enum { IO_NONE, IO_DEFAULT, IO_NATIVE, IO_THREADS, IO_URING, IO__N } DiskIo;
typedef enum { DISCARD_NONE, DISCARD_DEFAULT, DISCARD_UNMAP, DISCARD_IGNORE, DISCARD__N } DiskDiscard;
typedef enum { ZEROES_NONE, ZEROES_OFF, ZEROES_ON, ZEROES_UNMAP, ZEROES__N } DetectZeroes;
typedef enum { SGIO_NONE, SGIO_DEFAULT, SGIO_FILTERED, SGIO_UNFILTERED, SGIO__N } DiskSgio;
typedef enum { SNAPSHOT_NONE, SNAPSHOT_DEFAULT, SNAPSHOT_NO, SNAPSHOT_INTERNAL, SNAPSHOT_EXTERNAL, SNAPSHOT_MANUAL,
               SNAPSHOT__N } DiskSnapshot;
typedef enum { TRANS_NONE, TRANS_AUTO, TRANS_LBA, TRANS__N } GeometryTrans;
typedef enum { TRAY_NONE, TRAY_CLOSED, TRAY_OPEN, TRAY__N } DiskTray;

/* Limits of bandwidth and operations; 0: none. Lengths in seconds. */
typedef struct {
    guint64 total_bytes, read_bytes, write_bytes, total_iops, read_iops, write_iops;
    guint64 total_bytes_max, read_bytes_max, write_bytes_max, total_iops_max, read_iops_max, write_iops_max;
    guint64 size_iops;
    char *group;
    guint64 total_bytes_length, read_bytes_length, write_bytes_length;
    guint64 total_iops_length, read_iops_length, write_iops_length;
} DiskIotune;

/* A block job that copies to another image; exists only while a guest runs. */
typedef struct { SourceType type; char *file, *file_format, *job, *ready; StorageSource src; } DiskMirror;

typedef struct {
    DeviceInfo info;
    DiskDevice device;
    enum { DISK_MODEL_NONE, DISK_MODEL_DEFAULT, DISK_MODEL_TRANSITIONAL, DISK_MODEL_NON_TRANSITIONAL,
           DISK_MODEL__N } model;
    Tristate rawio;
    DiskSgio sgio;
    DiskSnapshot snapshot;
    struct {
        char *name;
        DiskCache cache;
        DiskErrors error_policy, rerror_policy;
        DiskIo io;
        Tristate ioeventfd, event_idx, copy_on_read;
        DiskDiscard discard;
        guint32 iothread;
        DetectZeroes detect_zeroes;
        guint32 queues, queue_size;
        VirtioOptions virtio;
    } driver;
    StorageSource src;
    StorageAuth *auth;                    /* written beside <source>; else src.auth */
    StorageEncryption *encryption;        /* the same */
    char *backend_domain;
    struct { guint32 cyls, heads, secs; GeometryTrans trans; } geometry;
    struct { guint32 logical, physical; } blockio;
    DiskMirror *mirror;
    char *dst;                            /* target dev: "vda" */
    DiskBus bus;
    DiskTray tray;
    Tristate removable;
    guint32 rotation_rate;
    DiskIotune *iotune;
    bool readonly, shareable, transient;
    Tristate share_backing;
    char *serial, *wwn, *vendor, *product;
} Disk;

extern const XmElem disk_elem;
extern const XmEnum disk_device, disk_bus, disk_cache, disk_errors, disk_io, disk_discard, disk_zeroes, source_type,
                    source_protocol, source_format, source_transport;

/* The credentials and encryption of @disk, wherever they stand; NULL: none. */
const StorageAuth *disk_auth(const Disk *disk);
const StorageEncryption *disk_encryption(const Disk *disk);
/* Is there nothing in the drive (a CD-ROM or floppy drive without a <source>)? */
bool source_is_empty(const StorageSource *src);
/* The index that a target name stands for: "sdb" 1, "vdaa" 26; -1: no such name. */
int disk_index(const char *dst);
#endif
