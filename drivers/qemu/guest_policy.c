/* What is to happen when a guest powers off, reboots or panics: changed on a running guest, too. */
#include "drivers/qemu/change.h"

/* virDomainLifecycle; virDomainLifecycleAction is LifecycleAction without LIFECYCLE_NONE. */
enum { ON_POWEROFF, ON_REBOOT, ON_CRASH };
typedef struct { guint type; LifecycleAction action; } Policy;

static bool edit_policy(const Change *c, GError **err)
{
    const Policy *p = c->data;
    DomainFrame *f = &c->now->frame;
    if (p->type != ON_CRASH && (p->action == LIFECYCLE_COREDUMP_DESTROY || p->action == LIFECYCLE_COREDUMP_RESTART)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "a memory dump is taken when a guest crashes (on_crash) only");
        return false;
    }
    if (p->action == LIFECYCLE_RENAME_RESTART || p->action == LIFECYCLE_COREDUMP_DESTROY || p->action == LIFECYCLE_COREDUMP_RESTART ||
        (p->type == ON_REBOOT && p->action == LIFECYCLE_PRESERVE)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "this action is not supported here; destroy, restart and preserve are "
                    "(preserve not for a reboot)");
        return false;
    }
    *(p->type == ON_POWEROFF ? &f->on_poweroff : p->type == ON_REBOOT ? &f->on_reboot : &f->on_crash) = p->action;
    return true;
}

static const ChangeKind policy_change = { "lifecycle action", edit_policy, NULL, NULL };

void domain_set_lifecycle_action(Domain *dom, guint type, guint action, guint flags, DomainDone done, gpointer user)
{
    Policy *p = g_new(Policy, 1);
    *p = (Policy){ type, (LifecycleAction)(action + LIFECYCLE_DESTROY) };
    domain_change(dom, flags, &policy_change, p, g_free, done, user);
}
