/* Asking QEMU: it is started with -machine none, answers over QMP on its standard streams, and ends.
 * Questions are sent in batches: one that lists, and one that asks for each thing listed. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "drivers/qemu/caps_data.h"
#include "drivers/qemu/cpu_bits.h"

#define PROBE_SECONDS 60

typedef struct {
    GPid pid;
    int in, out;             /* QEMU's */
    GString *pending;        /* read, and not yet a whole line */
    gint64 deadline_us;
} Probe;

static bool refuse(GError **err, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "%s", why);
    return false;
}

/* --- process */

static bool probe_start(Probe *p, const char *binary, bool kvm, GError **err)
{
    g_autoptr(GError) local = NULL;
    const char *machine = kvm ? "none,accel=kvm:tcg" : "none,accel=tcg";
    const char *argv[] = { binary, "-S", "-no-user-config", "-nodefaults", "-display", "none", "-machine", machine,
                           "-qmp", "stdio", NULL };
    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                                  NULL, &p->pid, &p->in, &p->out, NULL, &local)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "cannot run '%s': %s", binary, local->message);
        return false;
    }
    fcntl(p->in, F_SETFL, O_NONBLOCK);
    p->pending = g_string_new(NULL);
    p->deadline_us = g_get_monotonic_time() + PROBE_SECONDS * G_USEC_PER_SEC;
    return true;
}

static void probe_stop(Probe *p)
{
    if (!p->pid)
        return;
    close(p->in);
    close(p->out);
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    g_string_free(p->pending, TRUE);
    p->pid = 0;
}

/* --- one batch */

/* Whole lines of @p->pending: replies are added in order (NULL for an error), events are left out. */
static void take_lines(Probe *p, GPtrArray *replies)
{
    char *end;
    while ((end = memchr(p->pending->str, '\n', p->pending->len))) {
        json_object *line, *value;
        *end = '\0';
        line = json_tokener_parse(p->pending->str);
        if (json_object_object_get_ex(line, "return", &value))
            g_ptr_array_add(replies, json_object_get(value));
        else if (json_object_object_get_ex(line, "error", &value))
            g_ptr_array_add(replies, NULL);
        json_object_put(line);
        g_string_erase(p->pending, 0, end - p->pending->str + 1);
    }
}

static bool read_some(Probe *p, GPtrArray *replies, GError **err)
{
    char buffer[65536];
    ssize_t n = read(p->out, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR)
        return true;
    if (n <= 0)
        return refuse(err, "QEMU ended while it was asked for its capabilities");
    g_string_append_len(p->pending, buffer, n);
    take_lines(p, replies);
    return true;
}

static bool write_some(Probe *p, const GString *text, gsize *done, GError **err)
{
    ssize_t n = write(p->in, text->str + *done, text->len - *done);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return refuse(err, "QEMU does not take questions about its capabilities");
    *done += n > 0 ? (gsize)n : 0;
    return true;
}

/* Sends @questions (JSON lines) and waits for @n replies. */
static bool ask_all(Probe *p, const GString *questions, guint n, GPtrArray *replies, GError **err)
{
    gsize done = 0;
    while (replies->len < n) {
        struct pollfd fds[] = { { p->out, POLLIN, 0 }, { done < questions->len ? p->in : -1, POLLOUT, 0 } };
        gint64 left_ms = (p->deadline_us - g_get_monotonic_time()) / 1000;
        if (left_ms <= 0)
            return refuse(err, "QEMU does not answer questions about its capabilities");
        if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
            return qv_error_errno(err, errno, "cannot wait for QEMU's answer");
        if ((fds[1].revents & (POLLOUT | POLLERR)) && !write_some(p, questions, &done, err))
            return false;
        if ((fds[0].revents & (POLLIN | POLLHUP)) && !read_some(p, replies, err))
            return false;
    }
    return true;
}

static void release(gpointer data)
{
    json_object_put(data);
}

/* --- what is asked */

static const struct { const char *key, *question; } basics[] = {
    { NULL, "{\"execute\":\"qmp_capabilities\"}" },
    { "version", "{\"execute\":\"query-version\"}" },
    { "target", "{\"execute\":\"query-target\"}" },
    { "kvm", "{\"execute\":\"query-kvm\"}" },
    { "machines", "{\"execute\":\"query-machines\"}" },
    { "types", "{\"execute\":\"qom-list-types\"}" },
    { "devices", "{\"execute\":\"qom-list-types\",\"arguments\":{\"implements\":\"device\",\"abstract\":false}}" },
    { "schema", "{\"execute\":\"query-qmp-schema\"}" },
    { "cpus", "{\"execute\":\"query-cpu-definitions\"}" },
};

static bool ask_basics(Probe *p, json_object *data, GError **err)
{
    g_autoptr(GString) questions = g_string_new(NULL);
    g_autoptr(GPtrArray) replies = g_ptr_array_new_with_free_func(release);
    for (guint i = 0; i < G_N_ELEMENTS(basics); i++)
        g_string_append_printf(questions, "%s\n", basics[i].question);
    if (!ask_all(p, questions, G_N_ELEMENTS(basics), replies, err))
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(basics); i++)
        if (basics[i].key && replies->pdata[i])
            json_object_object_add(data, basics[i].key, json_object_get(replies->pdata[i]));
    return true;
}

static const char *member(json_object *o, const char *name)
{
    json_object *v;
    return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

/* Only the names: types and defaults are not asked for by anybody. */
static json_object *names_of(json_object *properties)
{
    json_object *names = json_object_new_array();
    for (size_t i = 0; properties && i < json_object_array_length(properties); i++) {
        const char *name = member(json_object_array_get_idx(properties, i), "name");
        if (name)
            json_object_array_add(names, json_object_new_string(name));
    }
    return names;
}

/* Asks for the properties of the device types from @first on, as far as this QEMU lives: a device
 * whose module is not installed makes it exit. Gives how many answered. */
static guint ask_some(Probe *p, json_object *devices, guint first, json_object *props)
{
    g_autoptr(GString) questions = g_string_new(NULL);
    g_autoptr(GPtrArray) replies = g_ptr_array_new_with_free_func(release);
    guint n = (guint)json_object_array_length(devices);
    for (guint i = first; i < n; i++)
        g_string_append_printf(questions, "{\"execute\":\"device-list-properties\",\"arguments\":{\"typename\":\"%s\"}}\n",
                               member(json_object_array_get_idx(devices, i), "name"));
    ask_all(p, questions, n - first, replies, NULL);
    for (guint i = 0; i < replies->len; i++)
        json_object_object_add(props, member(json_object_array_get_idx(devices, first + i), "name"), names_of(replies->pdata[i]));
    return replies->len;
}

/* --- CPU models in full */

/* "EPYC-v2" is a version of "EPYC", which stands for the one that guests get. */
static bool is_version(const char *name)
{
    const char *v = strrchr(name, '-');
    return v && v[1] == 'v' && g_ascii_isdigit(v[2]);
}

/* Of a model's hundreds of properties: who it says it is, and which features are on. */
static json_object *model_facts(json_object *expanded)
{
    static const char *const kept[] = { "vendor", "family", "model", "stepping" };
    json_object *model = NULL, *props = NULL, *v, *facts, *on = json_object_new_array();
    if (!json_object_object_get_ex(expanded, "model", &model) || !json_object_object_get_ex(model, "props", &props)) {
        json_object_put(on);
        return NULL;
    }
    facts = json_object_new_object();
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        if (json_object_object_get_ex(props, kept[i], &v))
            json_object_object_add(facts, kept[i], json_object_get(v));
    json_object_object_foreach(props, name, value)
        if (json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value) && cpu_feature_find(name) >= 0)
            json_object_array_add(on, json_object_new_string(name));
    json_object_object_add(facts, "on", on);
    return facts;
}

/* With KVM only what the host can show differs. A QEMU that does not answer leaves "models" empty. */
static void ask_models(Probe *p, bool kvm, json_object *data)
{
    json_object *cpus = NULL, *models = json_object_new_object();
    g_autoptr(GPtrArray) names = g_ptr_array_new(), replies = g_ptr_array_new_with_free_func(release);
    g_autoptr(GString) questions = g_string_new(NULL);
    json_object_object_get_ex(data, "cpus", &cpus);
    for (size_t i = 0; cpus && i < json_object_array_length(cpus); i++) {
        const char *name = member(json_object_array_get_idx(cpus, i), "name");
        bool own = name && (!strcmp(name, "max") || !strcmp(name, "host"));
        if (!name || (kvm ? !own : is_version(name) || !strcmp(name, "host")))
            continue;
        g_ptr_array_add(names, (gpointer)name);
        g_string_append_printf(questions, "{\"execute\":\"query-cpu-model-expansion\",\"arguments\":{\"type\":\"full\","
                                          "\"model\":{\"name\":\"%s\"}}}\n", name);
    }
    ask_all(p, questions, names->len, replies, NULL);
    for (guint i = 0; i < replies->len; i++) {
        json_object *facts = replies->pdata[i] ? model_facts(replies->pdata[i]) : NULL;
        if (facts)
            json_object_object_add(models, names->pdata[i], facts);
    }
    json_object_object_add(data, "models", models);
}

static bool restart(Probe *p, const char *binary, bool kvm, GError **err)
{
    g_autoptr(GString) greeting = g_string_new("{\"execute\":\"qmp_capabilities\"}\n");
    g_autoptr(GPtrArray) replies = g_ptr_array_new_with_free_func(release);
    probe_stop(p);
    return probe_start(p, binary, kvm, err) && ask_all(p, greeting, 1, replies, err);
}

static bool ask_properties(Probe *p, const char *binary, bool kvm, json_object *data, GError **err)
{
    json_object *devices = NULL, *props = json_object_new_object();
    json_object_object_add(data, "props", props);
    if (!json_object_object_get_ex(data, "devices", &devices))
        return true;
    guint n = (guint)json_object_array_length(devices);
    for (guint done = 0; done < n;) {
        done += ask_some(p, devices, done, props);
        /* The one it died of is skipped. */
        if (done < n && ++done < n && !restart(p, binary, kvm, err))
            return false;
    }
    json_object_object_del(data, "devices");
    return true;
}

/* Type names as one list of strings. */
static void flatten_types(json_object *data)
{
    json_object *types = NULL, *flat = json_object_new_array();
    json_object_object_get_ex(data, "types", &types);
    for (size_t i = 0; types && i < json_object_array_length(types); i++) {
        const char *name = member(json_object_array_get_idx(types, i), "name");
        if (name)
            json_object_array_add(flat, json_object_new_string(name));
    }
    json_object_object_add(data, "types", flat);
}

json_object *caps_ask(const char *binary, bool kvm, GError **err)
{
    Probe p = { 0 };
    json_object *data = json_object_new_object();
    if (!probe_start(&p, binary, kvm, err)) {
        json_object_put(data);
        return NULL;
    }
    bool ok = ask_basics(&p, data, err);
    if (ok)
        ask_models(&p, kvm, data);
    ok = ok && ask_properties(&p, binary, kvm, data, err);
    probe_stop(&p);
    if (!ok) {
        g_prefix_error(err, "'%s': ", binary);
        json_object_put(data);
        return NULL;
    }
    flatten_types(data);
    return data;
}
