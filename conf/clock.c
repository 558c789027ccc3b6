/* Rows of <clock>. */
#include "config.h"
#include <string.h>
#include "conf/clock.h"

XM_ENUM(clock_offset, "clock offset", NULL, "utc", "localtime", "variable", "timezone", "absolute");
XM_COVERS(clock_offset, CLOCK__N);
XM_ENUM(timer_name, "timer", NULL, "platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer");
XM_COVERS(timer_name, TIMER__N);
XM_ENUM(tick_policy, "tick policy", NULL, "delay", "catchup", "merge", "discard");
XM_COVERS(tick_policy, TICK__N);
XM_ENUM(timer_track, "timer track", NULL, "boot", "guest", "wall", "realtime");
XM_COVERS(timer_track, TRACK__N);
XM_ENUM(timer_mode, "timer mode", NULL, "auto", "native", "emulate", "paravirt", "smpsafe");
XM_COVERS(timer_mode, TIMER_MODE__N);

static const XmRow catchup_rows[] = {
    A_U32(Timer, catchup.threshold, "threshold"),
    A_U32(Timer, catchup.slew, "slew"),
    A_U32(Timer, catchup.limit, "limit"),
};
static const XmElem catchup_elem = ELEM("catchup", Timer, catchup_rows);
static const XmRow timer_rows[] = {
    A_ENUM(Timer, name, "name", timer_name, .flags = XM_REQUIRED | XM_ABI),
    A_YESNO(Timer, present, "present", .flags = XM_ABI),
    A_ENUM(Timer, tickpolicy, "tickpolicy", tick_policy, .flags = XM_ABI, .doc = "what becomes of ticks that came too late"),
    A_ENUM(Timer, track, "track", timer_track, .flags = XM_ABI),
    A_U64(Timer, frequency, "frequency", .flags = XM_ABI, .doc = "Hz"),
    A_ENUM(Timer, mode, "mode", timer_mode, .flags = XM_ABI),
    INLINE("catchup", catchup_elem),
};

static bool timer_check(gconstpointer obj, char **why)
{
    const Timer *t = obj;
    bool catchup = t->catchup.threshold || t->catchup.slew || t->catchup.limit;
    if (!catchup || t->tickpolicy == TICK_CATCHUP)
        return true;
    *why = g_strdup("<catchup> goes with tickpolicy='catchup'");
    return false;
}
static const XmElem timer_elem = ELEM("timer", Timer, timer_rows, .check = timer_check);

static guint clock_variant(gconstpointer obj)
{
    return ((const Clock *)obj)->offset;
}

static bool clock_check(gconstpointer obj, char **why)
{
    const Clock *c = obj;
    char *end;

    if (c->basis && strcmp(c->basis, "utc") && strcmp(c->basis, "localtime"))
        *why = g_strdup_printf("'%.32s' is not a basis of a clock; use utc or localtime", c->basis);
    else if (c->offset == CLOCK_TIMEZONE && !c->timezone)
        *why = g_strdup("<clock offset='timezone'> needs a timezone");
    else if (c->offset == CLOCK_ABSOLUTE && !c->start.set)
        *why = g_strdup("<clock offset='absolute'> needs a start");
    else if (c->adjustment && strcmp(c->adjustment, "reset") && (g_ascii_strtoll(c->adjustment, &end, 10), *end || !*c->adjustment))
        *why = g_strdup_printf("'%.32s' is not an adjustment: seconds, or reset", c->adjustment);
    return !*why;
}

/* A clock that may vary starts without a difference, from UTC. */
static bool clock_loaded(gpointer obj, xmlNode *node, char **why)
{
    Clock *c = obj;
    if (c->offset != CLOCK_VARIABLE)
        return true;
    c->adjustment = c->adjustment ? c->adjustment : g_strdup("0");
    c->basis = c->basis ? c->basis : g_strdup("utc");
    return true;
}

#define OFFSET(x) XM_BIT(CLOCK_##x)
static const XmRow clock_rows[] = {
    A_ENUM(Clock, offset, "offset", clock_offset, .flags = XM_ABI, .doc = "what the guest's clock shows at boot"),
    A_STR(Clock, adjustment, "adjustment", .when = OFFSET(VARIABLE) | OFFSET(UTC) | OFFSET(LOCALTIME), .doc = "seconds"),
    A_STR(Clock, basis, "basis", .when = OFFSET(VARIABLE)),
    A_STR(Clock, timezone, "timezone", .when = OFFSET(TIMEZONE)),
    A_OPT64(Clock, start, "start", .when = OFFSET(ABSOLUTE), .doc = "seconds since 1970"),
    LIST(Clock, timers, "timer", timer_elem, .max_items = 64),
};
const XmElem clock_elem = ELEM("clock", Clock, clock_rows, .variant = clock_variant, .loaded = clock_loaded, .check = clock_check);
