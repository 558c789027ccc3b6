/* <clock>, and an event of <perf>. */
#ifndef QV_CONF_CLOCK_H
#define QV_CONF_CLOCK_H
#include "conf/xm.h"

typedef enum { CLOCK_NONE, CLOCK_UTC, CLOCK_LOCALTIME, CLOCK_VARIABLE, CLOCK_TIMEZONE, CLOCK_ABSOLUTE, CLOCK__N } ClockOffset;
typedef enum { TIMER_NONE, TIMER_PLATFORM, TIMER_PIT, TIMER_RTC, TIMER_HPET, TIMER_TSC, TIMER_KVMCLOCK, TIMER_HYPERVCLOCK,
               TIMER_ARMVTIMER, TIMER__N } TimerName;
typedef enum { TICK_NONE, TICK_DELAY, TICK_CATCHUP, TICK_MERGE, TICK_DISCARD, TICK__N } TickPolicy;
typedef enum { TRACK_NONE, TRACK_BOOT, TRACK_GUEST, TRACK_WALL, TRACK_REALTIME, TRACK__N } TimerTrack;
typedef enum { TIMER_MODE_NONE, TIMER_AUTO, TIMER_NATIVE, TIMER_EMULATE, TIMER_PARAVIRT, TIMER_SMPSAFE, TIMER_MODE__N } TimerMode;

typedef struct {
    TimerName name;
    TickPolicy tickpolicy;
    TimerTrack track;
    Tristate present;
    guint64 frequency;
    TimerMode mode;
    struct { guint32 threshold, slew, limit; } catchup;
} Timer;

typedef struct {
    ClockOffset offset;
    char *adjustment;      /* seconds, or "reset" */
    char *basis;           /* utc, localtime */
    char *timezone;
    OptU64 start;          /* absolute: seconds since the epoch */
    GPtrArray *timers;     /* Timer */
} Clock;

typedef struct { guint32 name; Tristate enabled; } PerfEvent;     /* name: perf_event */

extern const XmEnum timer_name, tick_policy, timer_track;
extern const XmElem clock_elem;
#endif
