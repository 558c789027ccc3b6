/* What the tables of the domain's XML know, for people: the reference of an element, and what two definitions differ in. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include "conf/abi.h"
#include "tools/cli/domain_xml.h"
#include "tools/cli/help.h"

/* The element called @name: a device, else the first of that name in document order. */
static const XmElem *element_below(const XmElem *e, const char *name, guint depth)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        if (r->elem && r->name && !strcmp(r->name, name))
            return r->elem;
    }
    for (guint i = 0; i < e->n_rows && depth < 8; i++) {
        const XmElem *found = e->rows[i].elem ? element_below(e->rows[i].elem, name, depth + 1) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static const XmElem *element_of(const char *name)
{
    if (!strcmp(name, "domain"))
        return &domain_elem;
    for (guint k = 0; k < DEV__N; k++)
        if (device_kinds[k].elem && !strcmp(device_kinds[k].name, name))
            return device_kinds[k].elem;
    return element_below(&domain_elem, name, 0);
}

static bool run_xml_help(Cli *cli, GError **err)
{
    const char *name = cli->n_args ? cli->args[0] : "domain";
    const XmElem *e = element_of(name);
    g_autofree char *text = e ? xm_doc(e) : NULL;
    if (text)
        fputs(text, stdout);
    else
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "a domain's XML has no element <%s>", name);
    return text;
}

bool cli_help_xml(Cli *cli, GError **err)
{
    Cli words = *cli;
    words.args = cli->args + 1;
    words.n_args = cli->n_args - 1;
    return run_xml_help(&words, err);
}

static DomainDef *parsed(const char *text, const char *file, GError **err)
{
    return text ? domain_def_parse(text, strlen(text), file, 0, err) : NULL;
}

/* Lines of @all in which the file says something: what it leaves out gets its default when it is defined. */
static char *said_by_file(const char *all, guint *ret_left)
{
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    GString *out = g_string_new(NULL);
    *ret_left = 0;
    for (guint i = 0; lines[i] && *lines[i]; i++) {
        if (g_str_has_suffix(lines[i], " -> absent"))
            ++*ret_left;
        else
            g_string_append_printf(out, "%s\n", lines[i]);
    }
    return g_string_free(out, FALSE);
}

static bool run_abi_diff(Cli *cli, GError **err)
{
    enum { INACTIVE = 2 };
    g_autofree char *file = NULL, *xml = domain_xml(cli, 1, INACTIVE, err);
    if (!xml || !g_file_get_contents(cli->args[0], &file, NULL, err))
        return false;
    g_autoptr(DomainDef) was = parsed(xml, NULL, err);
    g_autoptr(DomainDef) now = was ? parsed(file, cli->args[0], err) : NULL;
    if (!now)
        return false;
    g_autofree char *all = domain_def_abi_diff(was, now);
    guint left;
    g_autofree char *lines = said_by_file(all, &left);
    if (*lines) {
        cli->status = 1;
        say(cli, "differences", "%s", lines);
    } else {
        said(cli, "The guest of '%s' would see the machine it knows (%u facts are left to defaults)", cli->args[0], left);
    }
    return true;
}

const Command reference_commands[] = {
    { "xml-help", "[ELEMENT]", "What an element of a domain's XML may have", run_xml_help, .offline = true },
    { "abi-diff", "FILE DOMAIN", "What a guest would see differently if it were defined by a file", run_abi_diff, { { 0 } } },
    { NULL },
};
