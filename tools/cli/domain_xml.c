#include "tools/cli/domain_xml.h"
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

char *domain_xml(Cli *cli, guint i, guint flags, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    RemoteDomainGetXmlDescRet ret = { 0 };

    if (!cli_domain(cli, i, &dom, err) ||
        !cli_call(cli, PROC_DOMAIN_GET_XML_DESC, &(RemoteDomainGetXmlDescArgs){ dom, flags }, &ret, err))
        return NULL;
    return ret.xml;
}

static char *evaluate(xmlXPathContext *context, xmlNode *node, const char *expression)
{
    context->node = node;
    xmlXPathObject *found = xmlXPathEvalExpression((const xmlChar *)expression, context);
    xmlChar *text = found ? xmlXPathCastToString(found) : NULL;
    char *copy = g_strdup(text && *text ? (char *)text : "-");

    xmlFree(text);
    xmlXPathFreeObject(found);
    return copy;
}

static void row_free(gpointer row)
{
    g_strfreev(row);
}

GPtrArray *domain_xml_rows(Cli *cli, guint i, const char *nodes, const char *const *first, gsize stride, guint n, GError **err)
{
    g_autofree char *xml = domain_xml(cli, i, 0, err);
    GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);

    if (!xml) {
        g_ptr_array_unref(rows);
        return NULL;
    }
    xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlXPathContext *context = doc ? xmlXPathNewContext(doc) : NULL;
    xmlXPathObject *found = context ? xmlXPathEvalExpression((const xmlChar *)nodes, context) : NULL;
    for (int k = 0; found && found->nodesetval && k < found->nodesetval->nodeNr; k++) {
        char **cells = g_new0(char *, n + 1);
        for (guint c = 0; c < n; c++)
            cells[c] = evaluate(context, found->nodesetval->nodeTab[k], *(const char *const *)((const char *)first + c * stride));
        g_ptr_array_add(rows, cells);
    }
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
    return rows;
}
