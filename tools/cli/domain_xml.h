/* A guest's XML, and what commands look up in it. */
#ifndef QV_TOOLS_CLI_DOMAIN_XML_H
#define QV_TOOLS_CLI_DOMAIN_XML_H
#include "tools/cli/cli.h"

/* The XML of the domain that argument @i names; @flags: virDomainXMLFlags. NULL with an error. Gives. */
char *domain_xml(Cli *cli, guint i, guint flags, GError **err);
/* A row (GStrv) for each node of @nodes (XPath), a cell for each of @n expressions, which lie @stride bytes apart;
 * "-" for what is empty. Gives. */
GPtrArray *domain_xml_rows(Cli *cli, guint i, const char *nodes, const char *const *first, gsize stride, guint n, GError **err);
#endif
