#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <json-c/json.h>
#include "tools/cli/cli.h"

struct Table {
    GPtrArray *columns;
    GPtrArray *rows;               /* of GPtrArray of char * */
};

static void take_words(GPtrArray *into, const char *first, va_list rest)
{
    for (const char *word = first; word; word = va_arg(rest, const char *))
        g_ptr_array_add(into, g_strdup(word));
}

static void row_free(gpointer row)
{
    g_ptr_array_unref(row);
}

Table *table_new(const char *first_column, ...)
{
    Table *table = g_new(Table, 1);
    va_list rest;

    table->columns = g_ptr_array_new_with_free_func(g_free);
    table->rows = g_ptr_array_new_with_free_func(row_free);
    va_start(rest, first_column);
    take_words(table->columns, first_column, rest);
    va_end(rest);
    return table;
}

void table_row(Table *table, const char *first, ...)
{
    GPtrArray *row = g_ptr_array_new_with_free_func(g_free);
    va_list rest;

    va_start(rest, first);
    take_words(row, first, rest);
    va_end(rest);
    while (row->len < table->columns->len)
        g_ptr_array_add(row, g_strdup(""));
    g_ptr_array_add(table->rows, row);
}

void table_free(Table *table)
{
    g_ptr_array_unref(table->columns);
    g_ptr_array_unref(table->rows);
    g_free(table);
}

/* "CPU(s)" -> "cpus", "Max memory" -> "max_memory". */
static char *json_name(const char *title)
{
    GString *name = g_string_new(NULL);

    for (const char *c = title; *c; c++)
        if (g_ascii_isalnum(*c))
            g_string_append_c(name, g_ascii_tolower(*c));
        else if ((*c == ' ' || *c == '-' || *c == '.') && name->len)
            g_string_append_c(name, '_');
    return g_string_free(name, FALSE);
}

/* What people name may look like a number or a yes, and is a string all the same. */
static bool is_text(const char *name)
{
    static const char *const names[] = { "name", "uuid", "source", "target", "interface", "title", "description", "xml",
                                         "argv", "tty", "display", "hostname", "uri", NULL };
    return g_strv_contains(names, name);
}

static json_object *json_value(const char *name, const char *text)
{
    gint64 number;

    if (!strcmp(text, "-") || !*text)
        return NULL;
    if (is_text(name))
        return json_object_new_string(text);
    if (!strcmp(text, "yes") || !strcmp(text, "no"))
        return json_object_new_boolean(*text == 'y');
    if (g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &number, NULL) && (text[0] != '0' || !text[1]))
        return json_object_new_int64(number);
    return json_object_new_string(text);
}

static void print_json(json_object *o)
{
    puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}

static void table_json(const Table *table)
{
    json_object *all = json_object_new_array();

    for (guint r = 0; r < table->rows->len; r++) {
        const GPtrArray *row = table->rows->pdata[r];
        json_object *o = json_object_new_object();
        for (guint c = 0; c < table->columns->len; c++) {
            g_autofree char *name = json_name(table->columns->pdata[c]);
            json_object_object_add(o, name, json_value(name, row->pdata[c]));
        }
        json_object_array_add(all, o);
    }
    print_json(all);
}

static void print_row(const GPtrArray *row, const gsize *widths)
{
    for (guint c = 0; c < row->len; c++) {
        const char *text = row->pdata[c];
        int fill = c + 1 < row->len ? (int)(widths[c] - (gsize)g_utf8_strlen(text, -1)) + 3 : 0;
        printf("%s%s%*s", c ? "" : " ", text, fill, "");
    }
    putchar('\n');
}

void table_print(Table *table, const Cli *cli)
{
    g_autofree gsize *widths = g_new0(gsize, table->columns->len);
    gsize all = 0;

    if (cli->json) {
        table_json(table);
        return;
    }
    for (guint c = 0; c < table->columns->len; c++) {
        widths[c] = (gsize)g_utf8_strlen(table->columns->pdata[c], -1);
        for (guint r = 0; r < table->rows->len; r++)
            widths[c] = MAX(widths[c], (gsize)g_utf8_strlen(((GPtrArray *)table->rows->pdata[r])->pdata[c], -1));
        all += widths[c] + 3;
    }
    if (!cli->quiet) {
        print_row(table->columns, widths);
        g_autofree char *line = g_strnfill(all, '-');
        puts(line);
    }
    for (guint r = 0; r < table->rows->len; r++)
        print_row(table->rows->pdata[r], widths);
}

struct Facts { GPtrArray *names, *values; };

Facts *facts_new(void)
{
    Facts *facts = g_new(Facts, 1);

    facts->names = g_ptr_array_new_with_free_func(g_free);
    facts->values = g_ptr_array_new_with_free_func(g_free);
    return facts;
}

void facts_add(Facts *facts, const char *name, const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    g_ptr_array_add(facts->names, g_strdup(name));
    g_ptr_array_add(facts->values, g_strdup_vprintf(format, rest));
    va_end(rest);
}

void facts_print(Facts *facts, const Cli *cli)
{
    json_object *o = cli->json ? json_object_new_object() : NULL;
    gsize width = 0;

    for (guint i = 0; i < facts->names->len; i++)
        width = MAX(width, strlen(facts->names->pdata[i]));
    for (guint i = 0; i < facts->names->len; i++) {
        const char *name = facts->names->pdata[i], *value = facts->values->pdata[i];
        g_autofree char *key = json_name(name);
        if (o)
            json_object_object_add(o, key, json_value(key, value));
        else
            printf("%s:%*s%s\n", name, (int)(width - strlen(name)) + 3, "", value);
    }
    if (o)
        print_json(o);
    g_ptr_array_unref(facts->names);
    g_ptr_array_unref(facts->values);
    g_free(facts);
}

void say(const Cli *cli, const char *name, const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    g_autofree char *text = g_strdup_vprintf(format, rest);
    va_end(rest);
    if (cli->json) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, name, json_value(name, text));
        print_json(o);
    } else {
        printf("%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
    }
}

void said(const Cli *cli, const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    g_autofree char *text = g_strdup_vprintf(format, rest);
    va_end(rest);
    if (cli->json) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "done", json_object_new_boolean(true));
        json_object_object_add(o, "message", json_object_new_string(text));
        print_json(o);
    } else if (!cli->quiet) {
        puts(text);
    }
}
