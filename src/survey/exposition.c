/* A cursor has the number of a family and of the record to continue with, 32 bits each. Family 0 is
 * everything that does not belong to single groups and streams: its "records" are the metric
 * tables, preceded in the first by what belongs to no table. All lines of a family must be
 * contiguous, so families are the outer loop and records the inner one; a part ends when its time
 * is up, within a family if need be.
 *
 * A pass may go on between two parts: records are written as they are at that time, and one that
 * comes or goes meanwhile is in some families and not in others. */
#include "survey/exposition.h"

#include "base/clock.h"
#include "base/glob.h"
#include "base/histogram.h"
#include "base/metric.h"
#include "base/num.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/observe.h"
#include "survey/alarms.h"
#include "survey/survey_choice.h"
#include "survey/survey_more.h"
#include "type/stream/stream.h"

#include <stdio.h>
#include <string.h>

#define PART_US    150
#define LOOK_EVERY 64 /* records between two readings of the clock */

/* ---- Text */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_add_text(out, "# HELP ");
    buf_add_text(out, name);
    buf_add_char(out, ' ');
    buf_add_text(out, help);
    buf_add_text(out, "\n# TYPE ");
    buf_add_text(out, name);
    buf_add_char(out, ' ');
    buf_add_text(out, type);
    buf_add_char(out, '\n');
}

/* The length of the leading part that is copied unchanged: ASCII without escapes. */
static size_t plain_length(struct bytes text)
{
    static const bool is_other[256] = {
        ['\n'] = true, ['"'] = true, ['\\'] = true, [0x80 ... 0xff] = true};
    size_t n = 0;
    while (n < text.n && !is_other[(unsigned char)text.p[n]])
        n++;
    return n;
}

/* Invalid UTF-8 becomes \xNN, which readers see as text. */
static void add_label(struct buf *out, struct bytes text)
{
    while (text.n) {
        size_t n = plain_length(text), length = n;
        if (n)
            buf_add(out, bytes_of(text.p, n));
        else if ((length = utf8_length(text)) == 0)
            buf_printf(out, "\\\\x%02x", (unsigned char)text.p[0]);
        else if (*text.p == '\n')
            buf_add_text(out, "\\n");
        else if (*text.p == '"' || *text.p == '\\')
            buf_printf(out, "\\%c", *text.p);
        else
            buf_add(out, bytes_of(text.p, length));
        length += length == 0;
        text = bytes_of(text.p + length, text.n - length);
    }
}

static void label(struct buf *out, char before, const char *name, struct bytes value)
{
    buf_add_char(out, before);
    buf_add_text(out, name);
    buf_add_text(out, "=\"");
    add_label(out, value);
    buf_add_char(out, '"');
}

static void number(struct buf *out, double v)
{
    char *to = buf_room(out, NUM_DOUBLE_MAX + 2);
    *to = ' ';
    size_t n = 1 + num_print_double(to + 1, v);
    to[n] = '\n';
    out->n += n + 1;
}

static void single(struct buf *out, const char *name, const char *type, const char *help, double v)
{
    head(out, name, type, help);
    buf_add_text(out, name);
    number(out, v);
}

static void gauge(struct buf *out, const char *name, const char *help, double v)
{
    single(out, name, "gauge", help, v);
}

/* ---- The tables of metrics */

struct infos {
    struct buf instance, millrace; /* labels of redis_instance_info and millrace_info */
};

struct tables {
    struct buf *out;
    struct bytes last; /* the metric being written */
};

/* Text values become labels of one line. */
static void add_text(void *to, const struct metric_visit *v)
{
    struct infos *x = to;
    const struct metric *m = v->metric;
    char text[NUM_INT_MAX];
    struct bytes value = v->value.s;
    if (m->type != METRIC_TEXT || !m->name)
        return;
    struct buf *info = strcmp(m->name, "millrace_info") == 0 ? &x->millrace : &x->instance;
    if (v->value.kind != METRIC_STRING)
        value = bytes_of(text, num_print_int(text, (long long)metric_scaled(m, &v->value)));
    label(info, info->n ? ',' : '{', m->info, value);
}

static void add_sized(struct buf *out, const struct metric_visit *v, const char *end,
                      const char *limit, double value)
{
    buf_add_text(out, v->metric->name);
    buf_add_text(out, end);
    if (v->label_name)
        label(out, '{', v->label_name, v->label);
    if (limit)
        label(out, v->label_name ? ',' : '{', "le", bytes_text(limit));
    if (v->label_name || limit)
        buf_add_char(out, '}');
    number(out, value);
}

/* A line for each upper bound with the count up to it, and the sums. */
static void add_histogram(struct buf *out, const struct metric_visit *v)
{
    const struct metric_counts *c = v->value.counts;
    double limits[METRIC_LIMITS_MOST], all = (double)histogram_count(c->by_class);
    uint64_t below[METRIC_LIMITS_MOST];
    char text[NUM_DOUBLE_MAX + 1];
    for (size_t i = 0; i < c->n; i++)
        limits[i] = c->limits[i] / c->unit;
    histogram_cumulate(c->by_class, limits, c->n, below);
    for (size_t i = 0; i < c->n; i++) {
        text[num_print_double(text, c->limits[i])] = '\0';
        add_sized(out, v, "_bucket", text, (double)below[i]);
    }
    add_sized(out, v, "_bucket", "+Inf", all);
    add_sized(out, v, "_sum", NULL, c->sum);
    add_sized(out, v, "_count", NULL, all);
}

static void add_metric(void *to, const struct metric_visit *v)
{
    static const char *const types[] = {[METRIC_COUNTER] = "counter",
                                        [METRIC_GAUGE] = "gauge",
                                        [METRIC_SUMMARY] = "summary",
                                        [METRIC_HISTOGRAM] = "histogram"};
    struct tables *x = to;
    const struct metric *m = v->metric;
    if (!m->name || m->type == METRIC_TEXT)
        return;
    struct bytes name = bytes_of(m->name, strcspn(m->name, "{"));
    if (!bytes_equal(name, x->last)) {
        char text[128];
        memcpy(text, name.p, name.n);
        text[name.n] = '\0';
        head(x->out, text, types[m->type], m->help);
        x->last = name;
    }
    if (v->value.kind == METRIC_COUNTS) {
        add_histogram(x->out, v);
        return;
    }
    buf_add_text(x->out, m->name);
    if (v->label_name)
        label(x->out, '{', v->label_name, v->label);
    if (v->second_name)
        label(x->out, v->label_name ? ',' : '{', v->second_name, v->second);
    if (v->label_name || v->second_name)
        buf_add_char(x->out, '}');
    number(x->out, metric_scaled(m, &v->value));
}

static void add_info(struct buf *out, const char *name, const char *help, struct buf *labels)
{
    if (labels->n) {
        head(out, name, "gauge", help);
        buf_add_text(out, name);
        buf_add(out, buf_bytes(labels));
        buf_add_text(out, "} 1\n");
    }
    buf_free(labels);
}

static void add_infos(const struct engine *e, struct buf *out)
{
    struct infos x = {0};
    if (!e->metrics)
        return;
    metric_walk(e->metrics, add_text, &x);
    add_info(out, "redis_instance_info", "Properties of the server, as labels.", &x.instance);
    add_info(out, "millrace_info", "Version of Millrace, as a label.", &x.millrace);
    gauge(out, "redis_up", "Whether the server is up.", 1);
}

/* False: no table has that number. */
static bool add_table(const struct engine *e, size_t table, struct buf *out)
{
    return e->metrics &&
           metric_walk_table(e->metrics, table, add_metric, &(struct tables){.out = out});
}

/* ---- Sums */

static void add_by_db(struct buf *out, const char *name, const char *help, const struct survey *sv,
                      bool groups)
{
    const struct store *s = sv->engine->store;
    head(out, name, "gauge", help);
    for (int i = 0; i < s->count; i++) {
        uint64_t n = groups ? sv->db_groups[i] : s->dbs[i].noted.streams.used;
        if (!n)
            continue;
        buf_printf(out, "%s{db=\"db%d\"}", name, i);
        number(out, (double)n);
    }
}

/* Found by the walk over all keys. */
static void add_lists(struct buf *out, const struct survey *sv)
{
    static const char name[] = "millrace_lists";
    head(out, name, "gauge", "Lists in the database.");
    for (int i = 0; i < sv->engine->store->count; i++) {
        if (!sv->walk.known_lists[i])
            continue;
        buf_printf(out, "%s{db=\"db%d\"}", name, i);
        number(out, (double)sv->walk.known_lists[i]);
    }
}

/* What redis_exporter asks the slow log for. */
static void add_slow(const struct observe *o, struct buf *out)
{
    const struct observe_slow *last =
        o && o->slow_n ? dlist_item(o->slow.next, struct observe_slow, node) : NULL;
    gauge(out, "redis_slowlog_length", "Entries of the slow log.", o ? (double)o->slow_n : 0);
    gauge(out, "redis_slowlog_last_id", "ID of the newest entry of the slow log.",
          last ? (double)last->id : 0);
    gauge(out, "redis_last_slow_execution_duration_seconds",
          "Duration of the newest entry of the slow log.",
          last ? (double)last->duration_us / 1e6 : 0);
}

static void add_messages(struct buf *out, const struct survey_totals *t)
{
    static const char name[] = "millrace_messages";
    const struct {
        const char *state;
        uint64_t n;
    } all[] = {{"ready", t->unread + t->released + t->overdue},
               {"unread", t->unread},
               {"released", t->released},
               {"overdue", t->overdue},
               {"leased", t->leased},
               {"deferred", t->deferred},
               {"held", t->held},
               {"scheduled", t->scheduled},
               {"dead_blocked", t->blocked}};
    head(out, name, "gauge",
         "Messages of all groups, by state; ready is the sum of unread, released and overdue.");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        buf_printf(out, "%s{state=\"%s\"}", name, all[i].state);
        number(out, (double)all[i].n);
    }
}

/* The answer of /readyz without parameters, available even where that cannot be reached. */
static bool is_ready(const struct engine *e, const struct alarms *a)
{
    return !e->ends_ms && !(e->slow_path & (ENGINE_LOADING | ENGINE_DISK_FAILED)) &&
           !(e->pause.reasons & 1u << PAUSE_CLIENT) && !alarms_holds(a, ALARM_REPLICA_LINK);
}

static void add_alarms(struct buf *out, const struct alarms *a)
{
    static const char name[] = "millrace_alarm";
    head(out, name, "gauge", "Active alarms, as in SURVEY ALARMS.");
    for (enum alarms_name i = 0; i < ALARMS; i++) {
        buf_printf(out, "%s{alarm=\"%s\",severity=\"%s\"}", name, alarms_text_of_name(i),
                   alarms_text_of_severity(alarms_severity_of(i)));
        number(out, alarms_holds(a, i));
    }
}

static void add_sums(struct survey *sv, struct buf *out)
{
    const struct survey_totals *t = &sv->totals;
    const struct engine *e = sv->engine;
    gauge(out, "millrace_ready", "Whether the server is ready to serve clients.",
          is_ready(e, sv->alarms));
    add_alarms(out, sv->alarms);
    gauge(out, "millrace_disk_failed",
          "Whether writes are rejected because the append-only file cannot be written.",
          e->slow_path & ENGINE_DISK_FAILED ? 1 : 0);
    if (e->role != ROLE_PRIMARY)
        gauge(out, "redis_master_link_up", "Whether the link to the primary is up.",
              e->role == ROLE_REPLICA_UP ? 1 : 0);
    gauge(out, "millrace_replies_held",
          "Clients whose replies are delayed until the disk or replicas have acknowledged.",
          (double)e->gate.held_count);
    add_slow(e->observe, out);
    add_by_db(out, "millrace_streams", "Streams in the database.", sv, false);
    single(out, "millrace_survey_cpu_seconds_total", "counter", "Time spent on the survey.",
           (double)sv->ticks / clock_ticks_per_us() / 1e6);
    if (!sv->number)
        return;
    add_by_db(out, "millrace_groups", "Consumer groups in the database.", sv, true);
    add_lists(out, sv);
    add_messages(out, t);
    if (t->oldest_ready_ms >= 0)
        gauge(out, "millrace_oldest_ready_seconds", "Age of the oldest ready message.",
              (double)t->oldest_ready_ms / 1000);
    gauge(out, "millrace_metrics_groups_left_out",
          "Groups without metrics of their own, because there are more than metrics-groups.",
          sv->groups_chosen.left_out);
    gauge(out, "millrace_survey_age_seconds", "Time since the end of the last survey pass.",
          (double)(e->steady_ms - sv->ended_ms) / 1000);
    gauge(out, "millrace_survey_pass_seconds", "Duration of the last survey pass.",
          (double)sv->pass_ms / 1000);
}

/* ---- Families of groups, streams and lists */

struct family {
    const char *name, *type, *help;
    /* Exactly one of them is set. False: unknown. */
    bool (*of_group)(const struct survey_group *g, double *out);
    bool (*of_stream)(const struct survey_stream *s, double *out);
    bool (*of_list)(const struct lists_record *l, double *out);
};

#define OF_GROUP(name, condition, value)                                                           \
    static bool name(const struct survey_group *g, double *out)                                    \
    {                                                                                              \
        *out = (double)(value);                                                                    \
        return condition;                                                                          \
    }
#define OF_STREAM(name, value)                                                                     \
    static bool name(const struct survey_stream *s, double *out)                                   \
    {                                                                                              \
        *out = (double)(value);                                                                    \
        return true;                                                                               \
    }
/* Of those that only some streams have: they are 0 of the others, which get no line. */
#define OF_OUTCOME(name, may)                                                                      \
    static bool s_##name(const struct survey_stream *s, double *out)                               \
    {                                                                                              \
        *out = (double)survey_more_of_stream(s)->outcomes.name;                                    \
        return *out > 0 || (may);                                                                  \
    }
#define OF_LIST(name, value)                                                                       \
    static bool name(const struct lists_record *l, double *out)                                    \
    {                                                                                              \
        *out = (double)(value);                                                                    \
        return true;                                                                               \
    }
#define HAS_POLICY (g->flags & SURVEY_POLICY)

OF_GROUP(g_ready, true, survey_more_ready(g))
OF_GROUP(g_unread, HAS_POLICY, g->unread)
OF_GROUP(g_released, HAS_POLICY, survey_more_of_group(g)->released)
OF_GROUP(g_overdue, HAS_POLICY, survey_more_of_group(g)->overdue)
OF_GROUP(g_leased, true, g->leased)
OF_GROUP(g_deferred, HAS_POLICY, survey_more_of_group(g)->deferred)
OF_GROUP(g_held, HAS_POLICY, survey_more_of_group(g)->held)
OF_GROUP(g_blocked, HAS_POLICY, survey_more_of_group(g)->blocked)
OF_GROUP(g_consumers, true, g->consumers)
OF_GROUP(g_waiting, true, g->waiting)
OF_GROUP(g_subscribers, HAS_POLICY, survey_more_of_group(g)->subscribers)
OF_GROUP(g_oldest_ready, g->oldest_ready_ms >= 0, (double)g->oldest_ready_ms / 1000)
OF_GROUP(g_oldest_leased, g->oldest_leased_ms >= 0, (double)g->oldest_leased_ms / 1000)
OF_GROUP(g_delivered, g->counted, g->delivered)
OF_GROUP(g_redelivered, HAS_POLICY, survey_more_of_group(g)->counts.redelivered)
OF_GROUP(g_acked, HAS_POLICY, survey_more_of_group(g)->counts.acked)
OF_GROUP(g_failed, HAS_POLICY, survey_more_of_group(g)->counts.failed)
OF_GROUP(g_leases_ended, HAS_POLICY, survey_more_of_group(g)->counts.leases_ended)
OF_GROUP(g_dead, HAS_POLICY, survey_more_of_group(g)->counts.dead)
OF_GROUP(g_discarded, HAS_POLICY, survey_more_of_group(g)->counts.discarded)
OF_GROUP(g_lost, HAS_POLICY, survey_more_of_group(g)->counts.lost)
OF_STREAM(s_length, s->length)
OF_STREAM(s_bytes, s->bytes)
OF_STREAM(s_scheduled, survey_more_of_stream(s)->scheduled)
OF_STREAM(s_expiries, survey_more_of_stream(s)->expiries)
OF_STREAM(s_added, s->added)
OF_OUTCOME(expired, survey_more_of_stream(s)->expiries > 0)
OF_OUTCOME(routed, s->flags &SURVEY_BINDINGS)
OF_OUTCOME(route_failures, s->flags &SURVEY_BINDINGS)
OF_OUTCOME(rejected, s->refuses)
OF_LIST(l_length, l->length)
OF_LIST(l_waiting, l->waiting)

#define GROUP(type, name, get, help)                                                               \
    {                                                                                              \
        "millrace_group_" name, type, help, get, NULL, NULL                                        \
    }
#define STREAM(type, name, get, help)                                                              \
    {                                                                                              \
        "millrace_stream_" name, type, help, NULL, get, NULL                                       \
    }
#define LIST(type, name, get, help)                                                                \
    {                                                                                              \
        "millrace_list_" name, type, help, NULL, NULL, get                                         \
    }
static const struct family families[] = {
    GROUP("gauge", "ready", g_ready, "Ready messages: those a consumer would get now."),
    GROUP("gauge", "unread", g_unread, "Messages never delivered."),
    GROUP("gauge", "released", g_released,
          "Released messages: pending without an owner, ready for delivery."),
    GROUP("gauge", "overdue", g_overdue, "Messages whose lease has expired."),
    GROUP("gauge", "leased", g_leased,
          "Leased messages: delivered to a consumer, not acknowledged, lease not expired."),
    GROUP("gauge", "deferred", g_deferred, "Messages deferred until a retry."),
    GROUP("gauge", "held", g_held,
          "Messages held back until an earlier one with the same ORDERBY value is processed."),
    GROUP("gauge", "dead_blocked", g_blocked,
          "Dead messages that the dead-letter stream did not accept."),
    GROUP("gauge", "consumers", g_consumers, "Consumers of the group."),
    GROUP("gauge", "waiting", g_waiting, "Clients blocked waiting for messages."),
    GROUP("gauge", "subscribers", g_subscribers, "Consumers subscribed to pushed messages."),
    GROUP("gauge", "oldest_ready_seconds", g_oldest_ready, "Age of the oldest ready message."),
    GROUP("gauge", "oldest_leased_seconds", g_oldest_leased,
          "Time since delivery of the longest-leased message."),
    GROUP("counter", "delivered_total", g_delivered, "Deliveries, including redeliveries."),
    GROUP("counter", "redelivered_total", g_redelivered, "Redeliveries."),
    GROUP("counter", "acked_total", g_acked, "Acknowledged messages."),
    GROUP("counter", "failed_total", g_failed,
          "Messages that consumers reported as failed (XNACK)."),
    GROUP("counter", "leases_ended_total", g_leases_ended, "Leases that expired."),
    GROUP("counter", "dead_total", g_dead, "Messages moved to the dead-letter stream."),
    GROUP("counter", "discarded_total", g_discarded,
          "Dead messages dropped because there is no dead-letter stream."),
    GROUP("counter", "lost_total", g_lost,
          "Messages that no longer existed when they were due for redelivery."),
    STREAM("gauge", "length", s_length, "Messages in the stream."),
    STREAM("gauge", "bytes", s_bytes, "Size of the field names and values in bytes."),
    STREAM("gauge", "scheduled", s_scheduled, "Scheduled messages that are not yet due."),
    STREAM("gauge", "expiries", s_expiries, "Messages with a TTL."),
    STREAM("counter", "added_total", s_added, "Messages added."),
    STREAM("counter", "expired_total", s_expired, "Messages deleted because their TTL had passed."),
    STREAM("counter", "routed_total", s_routed, "Copies made by the stream's bindings."),
    STREAM("counter", "route_failures_total", s_route_failures,
           "Copies that a destination stream did not accept."),
    STREAM("counter", "rejected_total", s_rejected,
           "Messages rejected because the stream had reached its limit."),
    LIST("gauge", "length", l_length, "Elements in the list."),
    LIST("gauge", "waiting", l_waiting, "Clients blocked waiting for an element."),
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* What all lines of a family and a database begin with. */
struct start {
    const struct family *family;
    int db;
    struct bytes text;
    char room[160];
};

static void set_start(struct start *s, int db)
{
    s->db = db;
    s->text = bytes_of(s->room, (size_t)snprintf(s->room, sizeof(s->room), "%s{db=\"db%d\",key=\"",
                                                 s->family->name, db));
}

/* group NULL: of none. */
static void add_line(struct buf *out, struct start *start, int db, const struct str *key,
                     const struct str *group, double v)
{
    if (start->db != db)
        set_start(start, db);
    buf_add(out, start->text);
    add_label(out, str_bytes(key));
    if (group) {
        buf_add(out, BYTES("\",group=\""));
        add_label(out, str_bytes(group));
    }
    buf_add(out, BYTES("\"}"));
    number(out, v);
}

static void add_list(const struct survey *sv, struct start *start, uint32_t number,
                     const struct bytes *match, struct buf *out)
{
    const struct lists_record *l = lists_at(&sv->walk.lists, number);
    double v;
    if (lists_is_listed(&sv->walk.lists, l) && start->family->of_list(l, &v) &&
        (!match || glob_match(*match, str_bytes(l->key))))
        add_line(out, start, l->db, l->key, NULL, v);
}

/* Writes the record's line, if it has one in this family. */
static void add_record(const struct survey *sv, struct start *start, uint32_t number,
                       const struct bytes *match, struct buf *out)
{
    const struct family *f = start->family;
    if (f->of_list) {
        add_list(sv, start, number, match, out);
        return;
    }
    const struct survey_group *g = f->of_group ? survey_record_group(sv, number) : NULL;
    const struct survey_stream *s = survey_record_stream(sv, g ? g->stream : number);
    double v;
    if (g ? !survey_record_shows_group(sv, g) : !survey_record_shows_stream(sv, s))
        return;
    if ((g ? f->of_group(g, &v) : f->of_stream(s, &v)) &&
        (!match || glob_match(*match, str_bytes(s->key))))
        add_line(out, start, s->db, s->key, g ? g->name : NULL, v);
}

/* The first record from this number on that may have a line; UINT32_MAX: none. */
static uint32_t next_record(const struct survey *sv, const struct family *f, uint32_t number)
{
    if (f->of_group)
        return survey_choice_next_group(sv, number);
    if (f->of_stream)
        return survey_choice_next_stream(sv, number);
    return number <= sv->walk.lists.records.n ? number : UINT32_MAX;
}

/* Writes the family's lines, after record *i, which it advances. False: the time was up first. */
static bool add_family(const struct survey *sv, const struct family *f, uint32_t *i,
                       const struct bytes *match, struct buf *out, uint64_t until)
{
    if (*i == 0)
        head(out, f->name, f->type, f->help);
    struct start start = {.family = f, .db = -1};
    uint32_t looked = 0, number;
    while (*i != UINT32_MAX && (number = next_record(sv, f, *i + 1)) != UINT32_MAX) {
        if (looked && looked % LOOK_EVERY == 0 && clock_ticks() >= until)
            return false;
        add_record(sv, &start, number, match, out);
        looked++;
        *i = number;
    }
    return true;
}

bool exposition_part(struct survey *sv, uint64_t cursor, const struct bytes *match, struct buf *out,
                     uint64_t *next)
{
    uint64_t began = clock_ticks(), most = (uint64_t)(PART_US * clock_ticks_per_us());
    uint64_t at = cursor >> 32;
    uint32_t i = (uint32_t)cursor;
    if (at > FAMILIES || (at == 0 && i && (match || !sv->engine->metrics)))
        return false;
    *next = 0;
    if (at == 0 && i == 0 && !match) {
        add_infos(sv->engine, out);
        add_sums(sv, out);
    }
    while (at == 0 && !match && add_table(sv->engine, i, out)) {
        i++;
        if (clock_ticks() - began >= most) {
            *next = i;
            return true;
        }
    }
    i = at ? i : 0;
    for (at += at == 0; at <= FAMILIES; at++, i = 0) {
        if (!add_family(sv, &families[at - 1], &i, match, out, began + most)) {
            *next = at << 32 | i;
            return true;
        }
    }
    return true;
}
