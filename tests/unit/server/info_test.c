/* INFO of a whole server without sockets, and the rules that every metric obeys. */
#include "server/info.h"

#include "base/mem.h"
#include "base/metric.h"
#include "ds/dict.h"
#include "engine/engine.h"
#include "exporter_names.h"
#include "server/server.h"
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static struct server *server;

static struct metric_set *metrics(void)
{
    if (!server)
        server = server_new(settings_new(), (struct data_lock){-1}, "");
    return server_engine(server)->metrics;
}

static bool ends(const char *text, size_t n, const char *end)
{
    size_t m = strlen(end);
    return n >= m && memcmp(text + n - m, end, m) == 0;
}

static size_t base_length(const char *name)
{
    return strcspn(name, "{");
}

/* What is wrong, a line each. */
static bool nothing_wrong(struct buf *wrong)
{
    bool good = wrong->n == 0;
    if (!good)
        printf("# %.*s", (int)wrong->n, wrong->p);
    buf_free(wrong);
    return good;
}

/* ---- Every metric says what it is */

static void check_description(void *to, const struct metric *m, const struct metric_family *f)
{
    struct buf *wrong = to;
    bool derived = m->flags & METRIC_DERIVED, text = m->type == METRIC_TEXT;
    size_t n = m->help ? strlen(m->help) : 0;
    if (!m->info || !m->type || !m->unit)
        buf_printf(wrong, "%s: without name, type or unit\n", m->info);
    if (n < 8 || m->help[n - 1] != '.' || !isupper((unsigned char)*m->help) ||
        strpbrk(m->help, "\n\\"))
        buf_printf(wrong, "%s: help is no sentence\n", m->info);
    if (!text && derived == (m->name != NULL))
        buf_printf(wrong, "%s: a name for Prometheus, or derived\n", m->info);
    if (text != (m->unit == METRIC_WORDS) && !(text && m->unit == METRIC_NUMBER))
        buf_printf(wrong, "%s: only text has words\n", m->info);
    if ((m->get == NULL) != (f != NULL))
        buf_printf(wrong, "%s: rows have getters, columns have none\n", m->info);
}

TEST(every_metric_has_help_type_and_unit)
{
    struct buf wrong = {0};
    metric_each(metrics(), check_description, &wrong);
    CHECK(nothing_wrong(&wrong));
}

/* ---- Names */

static bool exporter_has(const struct metric *m, size_t n)
{
    for (size_t i = 0; i < METRIC_COUNT(exporter_names); i++)
        if (strlen(exporter_names[i].name) == n && memcmp(exporter_names[i].name, m->name, n) == 0)
            return exporter_names[i].type == m->type;
    return false;
}

static void check_name(void *to, const struct metric *m, const struct metric_family *f)
{
    struct buf *wrong = to;
    (void)f;
    if (!m->name)
        return;
    size_t n = base_length(m->name);
    bool redis = strncmp(m->name, "redis_", 6) == 0, text = m->type == METRIC_TEXT;
    for (size_t i = 0; i < n; i++)
        if (!islower((unsigned char)m->name[i]) && !isdigit((unsigned char)m->name[i]) &&
            m->name[i] != '_')
            buf_printf(wrong, "%s: an illegal name\n", m->name);
    if (redis && !text && !exporter_has(m, n))
        buf_printf(wrong, "%s: the exporter has no such name of this type\n", m->name);
    if (!redis && strncmp(m->name, "millrace_", 9) != 0)
        buf_printf(wrong, "%s: neither redis_ nor millrace_\n", m->name);
    if (redis || text)
        return;
    if ((m->type == METRIC_COUNTER) != ends(m->name, n, "_total"))
        buf_printf(wrong, "%s: counters, and they alone, end in _total\n", m->name);
    n -= m->type == METRIC_COUNTER ? strlen("_total") : 0;
    bool time = m->unit == METRIC_SECONDS || m->unit == METRIC_MILLISECONDS ||
                m->unit == METRIC_MICROSECONDS;
    if (time != ends(m->name, n, "_seconds"))
        buf_printf(wrong, "%s: times, and they alone, are in seconds\n", m->name);
    if ((m->unit == METRIC_BYTES) != ends(m->name, n, "_bytes"))
        buf_printf(wrong, "%s: sizes, and they alone, are in bytes\n", m->name);
}

TEST(names_follow_the_rules_of_prometheus_and_of_the_exporter)
{
    struct buf wrong = {0};
    metric_each(metrics(), check_name, &wrong);
    CHECK(nothing_wrong(&wrong));
}

struct names {
    struct dict seen;
    struct buf wrong;
};

static void once(struct names *names, const char *name)
{
    struct bytes key = bytes_text(name);
    if (dict_find(&names->seen, key))
        buf_printf(&names->wrong, "%s: twice\n", name);
    dict_ensure(&names->seen, key);
}

static void check_once(void *to, const struct metric *m, const struct metric_family *f)
{
    if (!f)
        once(to, m->info);
    if (m->name && m->type != METRIC_TEXT)
        once(to, m->name);
}

TEST(no_number_is_there_twice)
{
    struct names names = {0};
    metric_each(metrics(), check_once, &names);
    CHECK(names.seen.used > 300);
    dict_clear(&names.seen);
    CHECK(nothing_wrong(&names.wrong));
}

/* ---- Values */

static void check_zero(void *to, const struct metric_visit *v)
{
    double value = metric_scaled(v->metric, &v->value);
    if ((v->metric->type == METRIC_HISTOGRAM) != (v->value.kind == METRIC_COUNTS))
        buf_printf(to, "%s: counts are histograms, and they alone\n", v->metric->info);
    if ((v->metric->flags & METRIC_ALWAYS_ZERO) && (value < 0 || value > 0))
        buf_printf(to, "%s: is not always zero\n", v->metric->info);
    if ((v->metric->type == METRIC_TEXT) == (v->value.kind != METRIC_STRING) &&
        v->metric->unit != METRIC_NUMBER)
        buf_printf(to, "%s: its value is of another kind\n", v->metric->info);
}

TEST(values_are_of_their_kind_and_zeros_are_zero)
{
    struct buf wrong = {0};
    metric_walk(metrics(), check_zero, &wrong);
    CHECK(nothing_wrong(&wrong));
}

/* ---- A view of Prometheus: what a scrape will be */

struct exposition {
    struct buf text, info, wrong;
    struct dict families;
    struct bytes last; /* the name that is being told */
};

static void add_sample(void *to, const struct metric_visit *v)
{
    struct exposition *x = to;
    static const char *const types[] = {[METRIC_COUNTER] = "counter",
                                        [METRIC_GAUGE] = "gauge",
                                        [METRIC_SUMMARY] = "summary",
                                        [METRIC_HISTOGRAM] = "histogram"};
    const struct metric *m = v->metric;
    if (!m->name)
        return;
    if (m->type == METRIC_TEXT) { /* a label of an info metric */
        buf_printf(&x->info, "%s %s\n", m->name, m->info);
        return;
    }
    struct bytes name = bytes_of(m->name, base_length(m->name));
    if (!bytes_equal(name, x->last)) {
        if (dict_find(&x->families, name))
            buf_printf(&x->wrong, "%s: not in one piece\n", m->name);
        dict_ensure(&x->families, name);
        buf_printf(&x->text, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)name.n, name.p, m->help,
                   (int)name.n, name.p, types[m->type]);
        x->last = name;
    }
    buf_add_text(&x->text, m->name);
    if (v->label_name || v->second_name) {
        buf_add_char(&x->text, '{');
        if (v->label_name)
            buf_printf(&x->text, "%s=\"%.*s\"", v->label_name, (int)v->label.n, v->label.p);
        if (v->second_name)
            buf_printf(&x->text, "%s%s=\"%.*s\"", v->label_name ? "," : "", v->second_name,
                       (int)v->second.n, v->second.p);
        buf_add_char(&x->text, '}');
    }
    buf_printf(&x->text, " %.17g\n", metric_scaled(m, &v->value));
}

static bool has(const struct buf *text, const char *what)
{
    bool found = memmem(text->p, text->n, what, strlen(what)) != NULL;
    if (!found)
        printf("# no <%s>\n", what);
    return found;
}

TEST(the_walk_makes_the_text_of_a_scrape)
{
    struct exposition x = {0};
    struct metric_set *set = metrics();
    server_engine(server)->stats.total_connections = 12;
    server_engine(server)->denials.by_result[3] = 4;
    server_engine(server)->stats.of_command[0].calls = 3;
    dict_ensure(&server_engine(server)->stats.errors, BYTES("BUSY"))->value = (void *)(size_t)5;
    metric_walk(set, add_sample, &x);
    CHECK(has(&x.text, "# HELP redis_connections_received_total Accepted connections.\n"
                       "# TYPE redis_connections_received_total counter\n"
                       "redis_connections_received_total 12\n"));
    CHECK(has(&x.text, "# TYPE millrace_acl_denied_total counter\n"
                       "millrace_acl_denied_total{reason=\"auth\"} "));
    CHECK(has(&x.text, "\nmillrace_acl_denied_total{reason=\"key\"} "));
    CHECK(has(&x.text, "\nredis_errors_total{err=\"BUSY\"} 5\n"));
    CHECK(has(&x.text, "redis_commands_total{cmd=\""));
    CHECK(has(&x.text, "\nredis_memory_used_bytes "));
    CHECK(has(&x.info, "redis_instance_info redis_version\n"));
    CHECK(has(&x.info, "redis_instance_info role\n"));
    CHECK(nothing_wrong(&x.wrong));
    dict_clear(&x.families);
    buf_free(&x.text);
    buf_free(&x.info);
}

/* ---- INFO */

TEST(sections_come_once_and_in_their_order)
{
    struct buf b = {0};
    struct bytes names[] = {BYTES("cpu"), BYTES("SERVER"), BYTES("server"), BYTES("nothing")};
    info_print(metrics(), &b, names, 4);
    CHECK(b.n > 500 && memcmp(b.p, "# Server\r\nredis_version:", 24) == 0);
    const char *cpu = memmem(b.p, b.n, "\r\n\r\n# CPU\r\nused_cpu_sys:", 24);
    CHECK(cpu);
    size_t left = b.n - (size_t)(cpu - b.p) - 4;
    CHECK(!memmem(cpu + 4, left, "# ", 2) || memmem(cpu + 4, left, "# ", 2) == cpu + 4);
    buf_free(&b);
    info_print(metrics(), &b, names + 3, 1);
    CHECK(b.n == 0);
    buf_free(&b);
}

TEST(groups_of_sections)
{
    struct buf usual = {0}, all = {0}, debug = {0};
    info_print(metrics(), &usual, NULL, 0);
    info_print(metrics(), &all, (struct bytes[]){BYTES("everything")}, 1);
    info_print(metrics(), &debug, (struct bytes[]){BYTES("debug")}, 1);
    CHECK(!memmem(usual.p, usual.n, "# Commandstats", 14));
    CHECK(has(&all, "# Commandstats\r\n") && !memmem(all.p, all.n, "# Debug", 7));
    CHECK(has(&debug, "# Debug\r\neventloop_duration_aof_sum:"));
    buf_free(&usual);
    buf_free(&all);
    buf_free(&debug);
    server_free(server);
}

UNIT_MAIN(T(every_metric_has_help_type_and_unit),
          T(names_follow_the_rules_of_prometheus_and_of_the_exporter), T(no_number_is_there_twice),
          T(values_are_of_their_kind_and_zeros_are_zero), T(the_walk_makes_the_text_of_a_scrape),
          T(sections_come_once_and_in_their_order), T(groups_of_sections))
