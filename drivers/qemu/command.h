/* A QEMU command line as a list with reasons.
 *
 * Each argument is an option and a structured value, together with the XML node that asked for it.
 * Rendering happens at the end: JSON where the option takes it, escaped key=value elsewhere. Nothing
 * from XML reaches argv by string pasting, and no secret at all.
 *
 *   json_object *p = props_new("virtio-blk-pci", "virtio-disk0");   // {"driver":..., "id":...}
 *   props_str(p, "serial", disk->serial);                           // NULL: left out
 *   props_tri(p, "packed", disk->driver.packed);                    // absent: left out
 *   qemu_command_json(cmd, "-device", p, reason_device(ref));
 * One thread at a time. */
#ifndef QV_QEMU_COMMAND_H
#define QV_QEMU_COMMAND_H
#include <json-c/json.h>
#include "conf/domain.h"

/* Why an argument is there. @path and @line name the XML ("/domain/devices/disk[1]", line in the
 * definition or 0); @why is a sentence where no element asked ("every guest has a monitor"). */
typedef struct { char *path; guint line; const char *why; } Reason;

typedef struct QemuCommand QemuCommand;
QemuCommand *qemu_command_new(const char *binary);
void qemu_command_free(QemuCommand *cmd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCommand, qemu_command_free)

/* All take the value and reason.path. */
void qemu_command_flag(QemuCommand *cmd, const char *option, Reason why);
void qemu_command_word(QemuCommand *cmd, const char *option, const char *word, Reason why);   /* verbatim */
void qemu_command_opts(QemuCommand *cmd, const char *option, json_object *props, Reason why); /* a,b=c: a member named "" is the bare first word */
void qemu_command_json(QemuCommand *cmd, const char *option, json_object *props, Reason why);
/* The device named @id gets @value (taken; NULL: loses it) for its property @name, whatever a builder says later. */
void qemu_command_override(QemuCommand *cmd, const char *id, const char *name, json_object *value);
/* The first overridden device that no argument made, or NULL. Borrowed. */
const char *qemu_command_unmet_override(const QemuCommand *cmd);
void qemu_command_argument(QemuCommand *cmd, const char *word, Reason why);   /* a whole argument of the user's own */
void qemu_command_env(QemuCommand *cmd, const char *name, const char *value);
/* QEMU inherits @fd (taken: closed with the command) under the same number. */
void qemu_command_pass_fd(QemuCommand *cmd, int fd);

Reason reason_device(const DeviceRef *ref);
Reason reason_path(const char *path, guint line);
Reason reason_why(const char *sentence);

/* Structured properties. Every setter leaves the member out when the value is absent. */
json_object *props_new(const char *driver, const char *id);   /* {"driver", "id"}; NULLs left out */
void props_str(json_object *p, const char *name, const char *value);
void props_strf(json_object *p, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
void props_bool(json_object *p, const char *name, bool value);
void props_tri(json_object *p, const char *name, Tristate value);      /* JSON bool */
void props_onoff(json_object *p, const char *name, Tristate value);    /* "on" / "off" strings (OnOffAuto) */
void props_u64(json_object *p, const char *name, guint64 value);       /* always set */
void props_u64_opt(json_object *p, const char *name, guint64 value);   /* 0: left out */
void props_optu32(json_object *p, const char *name, OptU32 value);

/* argv for exec, NULL-terminated. Gives (g_strfreev). */
char **qemu_command_argv(const QemuCommand *cmd);
char **qemu_command_environ(const QemuCommand *cmd);
/* Shell-quoted: the environment, then the arguments ("NAME=v qemu -S ..."). Gives. */
char *qemu_command_text(const QemuCommand *cmd);
/* [{"argument": ["-device", "{...}"], "path": ..., "line": ..., "why": ...}]. Gives. */
json_object *qemu_command_explain(const QemuCommand *cmd);
const GArray *qemu_command_fds(const QemuCommand *cmd);   /* of int */
#endif
