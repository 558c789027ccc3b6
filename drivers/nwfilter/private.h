/* What the files of the filter driver share: state, variables, and the way from filters to nftables.
 *
 * The state is two tables under one lock, held for look-ups only. Whatever changes them or the kernel's rules holds
 * nw_change for the whole change, on a worker. */
#ifndef QV_NWFILTER_PRIVATE_H
#define QV_NWFILTER_PRIVATE_H
#include <json-c/json.h>
#include "drivers/nwfilter/nwfilter.h"

/* --- variables: name -> values */
typedef GHashTable NwVars;                        /* char * -> GPtrArray of char * */
NwVars *nw_vars_new(void);
/* @base with the parameters of @ref over it. Gives. */
NwVars *nw_vars_with(NwVars *base, const NwRef *ref);
void nw_vars_set(NwVars *vars, const char *name, const char *value);
/* The values of a rule's fields; NULL where absent. */
typedef struct { const char *v[NWF__N]; } NwValues;
typedef bool (*NwEach)(const NwRule *rule, const NwValues *values, gpointer user, GError **err);
/* Calls @fn for every combination of the variables' values in @rule. A variable that is missing: its name in
 * @ret_missing (given) and false without error. */
bool nw_expand(const NwRule *rule, NwVars *vars, NwEach fn, gpointer user, char **ret_missing, GError **err);

/* --- one rule: expressions of nftables */
typedef struct { bool stateful; } NwHost;         /* whether this kernel follows connections over bridges */
/* @values swapped: sources are destinations. */
void nw_mirror(NwValues *values);
/* The matches of a rule. @states: of connections, or NULL; @reply: only what can answer. Gives. */
json_object *nw_rule_matches(NwProtocol protocol, const NwRule *rule, const NwValues *values, const char *states, bool reply, GError **err);
json_object *nw_match_ether_type(guint type);
json_object *nw_match_ether_daddr(const char *mac);
json_object *nw_verdict(const char *verdict, const char *target);

/* --- a whole filter for one device */
typedef struct {
    GPtrArray *chains;                            /* NwChain */
} NwProgram;
typedef struct { char *name; json_object *rules; } NwChain;      /* name within its device: "out2-root"; rules: array of arrays */
NwProgram *nw_compile(const char *filter, NwVars *vars, const NwHost *host, char **ret_missing, GError **err);
void nw_program_free(NwProgram *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwProgram, nw_program_free)
/* What may pass while the guest's address is not known: DHCP alone, or all that comes from its MAC. */
NwProgram *nw_compile_learning(bool dhcp_only, const char *mac, GError **err);

/* --- the kernel's table */
typedef struct NwBound NwBound;
void nw_table_init(const char *name);
/* Replaces the rules of @bound by @program (taken); NULL: removes them. */
bool nw_table_apply(NwBound *bound, NwProgram *program, GError **err);
bool nw_table_rebuild(GError **err);
const NwHost *nw_host(void);

/* --- bindings */
typedef struct NwLearn NwLearn;
struct NwBound {
    gint refs;
    NwBinding *binding;
    guint generation;
    NwProgram *program;                           /* as it is in the kernel */
    char *learned;                                /* the guest's IPv4 address, once it is known */
    NwLearn *learn;
    bool gone;
};
NwBound *nw_bound_ref(NwBound *bound);
void nw_bound_unref(NwBound *bound);
/* Puts the rules of @bound in force as its filter and variables are now. nw_change held. */
bool nw_bound_apply(NwBound *bound, GError **err);
GPtrArray *nw_bounds_list(void);                  /* references */
bool nw_filter_in_use(const char *name);
/* Re-applies the bindings that use @filter, directly or nested. */
bool nw_bounds_refresh(const char *filter, GError **err);
void nw_bindings_load(const char *run_dir);

/* --- learning: a packet socket on the device */
typedef enum { NW_LEARN_NONE, NW_LEARN_ANY, NW_LEARN_DHCP } NwLearning;
/* Worker; @bound gets its address by nw_bound_learned on a worker later. */
bool nw_learn_start(NwBound *bound, NwLearning how, GError **err);
void nw_learn_stop(NwBound *bound);
void nw_bound_learned(NwBound *bound, const char *address);

extern GMutex nw_change, nw_lock;
extern GHashTable *nw_filters, *nw_bounds;        /* name -> NwFilter, device -> NwBound; nw_lock */
NwFilter *nw_filter_get(const char *name, GError **err);
/* Whether @name reaches @other by references (or is it). */
bool nw_filter_reaches(const char *name, const char *other);
extern const char *const nw_builtin[];            /* XML, NULL at the end */
/* Runs @job on a worker, then @done on the I/O thread. */
typedef gpointer (*NwJob)(gpointer data, GError **err);
void nw_async(NwJob job, gpointer data, GDestroyNotify data_free, GDestroyNotify result_free, NwfilterDone done, gpointer user);
#endif
