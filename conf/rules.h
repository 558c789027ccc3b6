/* Rules across a whole domain: each a named function of a table, so that they can be listed and tested
 * one by one. What concerns one element only stands beside its rows (XmElem.check). */
#ifndef QV_CONF_RULES_H
#define QV_CONF_RULES_H
#include "conf/domain.h"

typedef struct {
    const char *name;                                    /* "boot-order-unique" */
    bool (*check)(const DomainDef *def, GError **err);
} DomainRule;
extern const DomainRule domain_rules[];
extern const guint n_domain_rules;

/* Whether @def keeps all rules; the first broken one is told. Pure, any thread. */
bool domain_rules_check(const DomainDef *def, GError **err);
#endif
