#include "config.h"
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/command.h"

typedef struct {
    char *option;
    char *value;            /* rendered; NULL: a flag */
    Reason why;
} Argument;

typedef struct {
    char *id, *name;
    json_object *value;     /* NULL: the property goes */
    bool met;
} Override;

struct QemuCommand {
    char *binary;
    GArray *arguments;      /* Argument */
    GPtrArray *environment; /* "NAME=value" */
    GArray *fds;            /* int, owned */
    GArray *overrides;      /* Override */
};

/* --- life */

static void argument_clear(gpointer data)
{
    Argument *a = data;
    g_free(a->option);
    g_free(a->value);
    g_free(a->why.path);
}

static void override_clear(gpointer data)
{
    Override *o = data;
    g_free(o->id);
    g_free(o->name);
    json_object_put(o->value);
}

QemuCommand *qemu_command_new(const char *binary)
{
    QemuCommand *cmd = g_new0(QemuCommand, 1);
    cmd->binary = g_strdup(binary);
    cmd->arguments = g_array_new(FALSE, FALSE, sizeof(Argument));
    g_array_set_clear_func(cmd->arguments, argument_clear);
    cmd->environment = g_ptr_array_new_with_free_func(g_free);
    cmd->fds = g_array_new(FALSE, FALSE, sizeof(int));
    cmd->overrides = g_array_new(FALSE, FALSE, sizeof(Override));
    g_array_set_clear_func(cmd->overrides, override_clear);
    return cmd;
}

void qemu_command_free(QemuCommand *cmd)
{
    if (!cmd)
        return;
    for (guint i = 0; i < cmd->fds->len; i++)
        close(g_array_index(cmd->fds, int, i));
    g_array_unref(cmd->fds);
    g_array_unref(cmd->overrides);
    g_array_unref(cmd->arguments);
    g_ptr_array_unref(cmd->environment);
    g_free(cmd->binary);
    g_free(cmd);
}

/* --- key=value */

/* QEMU's option parser ends a value at a comma; a doubled one stands for itself. */
static void append_escaped(GString *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == ',')
            g_string_append_c(out, ',');
        g_string_append_c(out, *c);
    }
}

static void append_option(GString *out, const char *key, json_object *value)
{
    const char *text = json_object_is_type(value, json_type_boolean) ? (json_object_get_boolean(value) ? "on" : "off")
                                                                     : json_object_get_string(value);
    if (out->len)
        g_string_append_c(out, ',');
    if (*key)
        g_string_append_printf(out, "%s=", key);
    append_escaped(out, text ? text : "");
}

/* Members of members are written key.member; a list is its key again and again. */
static void append_member(GString *out, const char *key, json_object *value)
{
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            append_member(out, key, json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member) {
            g_autofree char *full = g_strdup_printf("%s.%s", key, name);
            append_member(out, full, member);
        }
    } else {
        append_option(out, key, value);
    }
}

static char *render_opts(json_object *props)
{
    GString *out = g_string_new(NULL);
    json_object_object_foreach(props, name, value)
        append_member(out, name, value);
    return g_string_free(out, FALSE);
}

/* --- arguments */

static void add(QemuCommand *cmd, const char *option, char *value, Reason why)
{
    Argument a = { g_strdup(option), value, why };
    g_array_append_val(cmd->arguments, a);
}

void qemu_command_flag(QemuCommand *cmd, const char *option, Reason why)
{
    add(cmd, option, NULL, why);
}

void qemu_command_word(QemuCommand *cmd, const char *option, const char *word, Reason why)
{
    add(cmd, option, g_strdup(word), why);
}

void qemu_command_opts(QemuCommand *cmd, const char *option, json_object *props, Reason why)
{
    add(cmd, option, render_opts(props), why);
    json_object_put(props);
}

/* --- overrides */

void qemu_command_override(QemuCommand *cmd, const char *id, const char *name, json_object *value)
{
    Override o = { g_strdup(id), g_strdup(name), value, false };
    g_array_append_val(cmd->overrides, o);
}

const char *qemu_command_unmet_override(const QemuCommand *cmd)
{
    for (guint i = 0; i < cmd->overrides->len; i++)
        if (!g_array_index(cmd->overrides, Override, i).met)
            return g_array_index(cmd->overrides, Override, i).id;
    return NULL;
}

static void apply_overrides(QemuCommand *cmd, json_object *props)
{
    json_object *member = NULL;
    g_autofree char *id = json_object_object_get_ex(props, "id", &member) ? g_strdup(json_object_get_string(member)) : NULL;
    for (guint i = 0; id && i < cmd->overrides->len; i++) {
        Override *o = &g_array_index(cmd->overrides, Override, i);
        if (strcmp(o->id, id) != 0)
            continue;
        o->met = true;
        if (o->value)
            json_object_object_add(props, o->name, json_object_get(o->value));
        else
            json_object_object_del(props, o->name);
    }
}

void qemu_command_json(QemuCommand *cmd, const char *option, json_object *props, Reason why)
{
    if (strcmp(option, "-device") == 0)
        apply_overrides(cmd, props);
    int style = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    add(cmd, option, g_strdup(json_object_to_json_string_ext(props, style)), why);
    json_object_put(props);
}

void qemu_command_argument(QemuCommand *cmd, const char *word, Reason why)
{
    add(cmd, word, NULL, why);
}

void qemu_command_env(QemuCommand *cmd, const char *name, const char *value)
{
    g_autofree char *start = g_strconcat(name, "=", NULL);
    for (guint i = 0; i < cmd->environment->len; i++)
        if (g_str_has_prefix(cmd->environment->pdata[i], start))
            g_ptr_array_remove_index(cmd->environment, i--);
    g_ptr_array_add(cmd->environment, g_strconcat(start, value ? value : "", NULL));
}

void qemu_command_pass_fd(QemuCommand *cmd, int fd)
{
    g_array_append_val(cmd->fds, fd);
}

const GArray *qemu_command_fds(const QemuCommand *cmd)
{
    return cmd->fds;
}

/* --- reasons */

Reason reason_device(const DeviceRef *ref)
{
    return (Reason){ g_strdup_printf("/domain/devices/%s[%u]", device_kinds[ref->kind].name, ref->index + 1),
                     ref->info ? ref->info->line : 0, NULL };
}

Reason reason_path(const char *path, guint line)
{
    return (Reason){ g_strdup(path), line, NULL };
}

Reason reason_why(const char *sentence)
{
    return (Reason){ NULL, 0, sentence };
}

/* --- properties */

json_object *props_new(const char *driver, const char *id)
{
    json_object *p = json_object_new_object();
    props_str(p, "driver", driver);
    props_str(p, "id", id);
    return p;
}

void props_str(json_object *p, const char *name, const char *value)
{
    if (value)
        json_object_object_add(p, name, json_object_new_string(value));
}

void props_strf(json_object *p, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *value = g_strdup_vprintf(format, args);
    va_end(args);
    props_str(p, name, value);
}

void props_bool(json_object *p, const char *name, bool value)
{
    json_object_object_add(p, name, json_object_new_boolean(value));
}

void props_tri(json_object *p, const char *name, Tristate value)
{
    if (value != TRI_ABSENT)
        props_bool(p, name, value == TRI_YES);
}

void props_onoff(json_object *p, const char *name, Tristate value)
{
    if (value != TRI_ABSENT)
        props_str(p, name, value == TRI_YES ? "on" : "off");
}

void props_u64(json_object *p, const char *name, guint64 value)
{
    json_object_object_add(p, name, json_object_new_uint64(value));
}

void props_u64_opt(json_object *p, const char *name, guint64 value)
{
    if (value)
        props_u64(p, name, value);
}

void props_optu32(json_object *p, const char *name, OptU32 value)
{
    if (value.set)
        props_u64(p, name, value.v);
}

/* --- output */

char **qemu_command_argv(const QemuCommand *cmd)
{
    GPtrArray *argv = g_ptr_array_new();
    g_ptr_array_add(argv, g_strdup(cmd->binary));
    for (guint i = 0; i < cmd->arguments->len; i++) {
        const Argument *a = &g_array_index(cmd->arguments, Argument, i);
        g_ptr_array_add(argv, g_strdup(a->option));
        if (a->value)
            g_ptr_array_add(argv, g_strdup(a->value));
    }
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}

char **qemu_command_environ(const QemuCommand *cmd)
{
    GPtrArray *environment = g_ptr_array_new();
    for (guint i = 0; i < cmd->environment->len; i++)
        g_ptr_array_add(environment, g_strdup(cmd->environment->pdata[i]));
    g_ptr_array_add(environment, NULL);
    return (char **)g_ptr_array_free(environment, FALSE);
}

static void append_word(GString *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.,:/@%+";
    g_autofree char *quoted = *word && !word[strspn(word, plain)] ? g_strdup(word) : g_shell_quote(word);
    g_string_append(out, quoted);
}

char *qemu_command_text(const QemuCommand *cmd)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < cmd->environment->len; i++) {
        append_word(out, cmd->environment->pdata[i]);
        g_string_append(out, " \\\n");
    }
    append_word(out, cmd->binary);
    for (guint i = 0; i < cmd->arguments->len; i++) {
        const Argument *a = &g_array_index(cmd->arguments, Argument, i);
        g_string_append(out, " \\\n");
        append_word(out, a->option);
        if (a->value) {
            g_string_append_c(out, ' ');
            append_word(out, a->value);
        }
    }
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

json_object *qemu_command_explain(const QemuCommand *cmd)
{
    json_object *all = json_object_new_array();
    for (guint i = 0; i < cmd->arguments->len; i++) {
        const Argument *a = &g_array_index(cmd->arguments, Argument, i);
        json_object *one = json_object_new_object(), *words = json_object_new_array();
        json_object_array_add(words, json_object_new_string(a->option));
        if (a->value)
            json_object_array_add(words, json_object_new_string(a->value));
        json_object_object_add(one, "argument", words);
        props_str(one, "path", a->why.path);
        props_u64_opt(one, "line", a->why.line);
        props_str(one, "why", a->why.why);
        json_object_array_add(all, one);
    }
    return all;
}
