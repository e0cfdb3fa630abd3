/* A reading fills struct reading from rows of the metric tables, which are looked up by name the
 * first time, and from what the engine and the last pass know; then every line of vitals.def is
 * computed.
 *
 * Rates are computed from the totals of the previous reading. A total that fell was reset (CONFIG
 * RESETSTAT): its rate is 0 once. Histograms of turns and syncs count since the start; for recent
 * quantiles a copy of each, 60 to 120 seconds old, is subtracted. A histogram below its copy was
 * reset.
 *
 * Nothing can fail. A missing table (in tests), or a row without a value (the append-only file is
 * closed), makes a number unknown. */
#include "survey/vitals.h"

#include "acl/users.h"
#include "base/histogram.h"
#include "base/mem.h"
#include "base/metric.h"
#include "config/forms.h"
#include "engine/engine.h"
#include "survey/survey_record.h"

#include <math.h>
#include <string.h>

#define WINDOW_MS      60000
#define ADDRESSES_MOST 64

/* Rows and columns of other modules' tables. */
enum source {
    UPTIME,
    VERSION,
    OPS,
    IN_KBPS,
    OUT_KBPS,
    CPU_SYSTEM,
    CPU_USER,
    USED_MEMORY,
    NOT_COUNTED,
    SNAPSHOT_STATUS,
    REWRITE_STATUS,
    UNSYNCED,
    SYNC_AGE,
    LATE,
    CERTIFICATE,
    LINK_DOWN,
    BACKUP,
    REPLICA_LAG,
    REPLICAS,
    TURNS,
    SYNCS,
    SOURCES
};

static const char *const source_names[SOURCES] = {
    [UPTIME] = "uptime_in_seconds",
    [VERSION] = "millrace_version",
    [OPS] = "instantaneous_ops_per_sec",
    [IN_KBPS] = "instantaneous_input_kbps",
    [OUT_KBPS] = "instantaneous_output_kbps",
    [CPU_SYSTEM] = "used_cpu_sys_main_thread",
    [CPU_USER] = "used_cpu_user_main_thread",
    [USED_MEMORY] = "used_memory",
    [NOT_COUNTED] = "mem_not_counted_for_evict",
    [SNAPSHOT_STATUS] = "rdb_last_bgsave_status",
    [REWRITE_STATUS] = "aof_last_bgrewrite_status",
    [UNSYNCED] = "aof_unsynced_bytes",
    [SYNC_AGE] = "aof_last_fsync_age_ms",
    [LATE] = "broker_late_ms",
    [CERTIFICATE] = "tls_certificate_ends",
    [LINK_DOWN] = "master_link_down_since_seconds",
    [BACKUP] = "backup_newest_time",
    [REPLICA_LAG] = "redis_connected_slave_lag_seconds",
    [REPLICAS] = "connected_slaves",
    [TURNS] = "millrace_loop_turn_seconds",
    [SYNCS] = "millrace_fsync_seconds",
};

/* The counts of a histogram at two times. */
struct window {
    uint64_t from[HISTOGRAM_CLASSES], next[HISTOGRAM_CLASSES];
};

struct vitals {
    double values[VITALS];
    struct alarms_facts facts;
    int64_t read_ms, window_ms; /* by the steady clock; 0: never */
    bool found;                 /* rows were looked up */
    bool has[SOURCES];
    struct metric_place places[SOURCES];
    double cpu_s, expired, evicted; /* totals of the previous reading */
    int64_t evicted_ms;             /* when keys were evicted last; 0: never */
    struct window turns, syncs;
};

/* The input of the lines of vitals.def. */
struct reading {
    const struct engine *engine;
    const struct survey_totals *totals;
    struct alarms_facts facts;
    double uptime_ms, ops, in_rate, out_rate, cpu, memory, keys, streams, expired_rate,
        evicted_rate;
    double turn_p99_us, sync_p99_us;
    double replicas;
};

struct vitals *vitals_new(void)
{
    struct vitals *v = mem_zalloc(sizeof(*v));
    for (int i = 0; i < VITALS; i++)
        v->values[i] = NAN;
    return v;
}

void vitals_free(struct vitals *v)
{
    mem_free(v);
}

/* ---- The tables of metrics */

static void find_places(struct vitals *v, struct metric_set *set)
{
    for (int i = 0; i < SOURCES && !v->found && set; i++)
        v->has[i] = metric_find(set, source_names[i], &v->places[i]);
    v->found = v->found || set;
}

/* In units of Prometheus; NAN: unknown. */
static double row(const struct vitals *v, struct metric_set *set, enum source i)
{
    if (!v->has[i])
        return NAN;
    struct metric_value x = metric_read(set, &v->places[i]);
    return x.kind == METRIC_ABSENT ? NAN : metric_scaled(v->places[i].metric, &x);
}

static int64_t whole(double x, double scale, int64_t unknown)
{
    return isnan(x) ? unknown : (int64_t)(x * scale);
}

static void take_lag(void *to, struct bytes label, const struct metric_cell *cells, size_t n)
{
    int64_t *most = to;
    (void)label;
    for (size_t i = 0; i < n; i++)
        if (cells[i].metric->name &&
            strcmp(cells[i].metric->name, source_names[REPLICA_LAG]) == 0 &&
            cells[i].value.i > *most)
            *most = cells[i].value.i;
}

static int64_t largest_lag(const struct vitals *v, struct metric_set *set)
{
    int64_t most = -1;
    if (v->has[REPLICA_LAG])
        metric_read_lines(set, &v->places[REPLICA_LAG], &(struct metric_sink){take_lag, &most});
    return most;
}

struct quantiles {
    struct window *window;
    bool turns_over;        /* the window starts again */
    double p99_us, p999_us; /* NAN: no samples */
};

static void take_counts(void *to, struct bytes label, const struct metric_cell *cells, size_t n)
{
    struct quantiles *q = to;
    struct window *w = q->window;
    const struct metric_counts *c = cells[0].value.counts;
    (void)label;
    (void)n;
    if (histogram_count(c->by_class) < histogram_count(w->next))
        memset(w, 0, sizeof(*w));
    if (histogram_count(c->by_class) > histogram_count(w->from)) {
        q->p99_us = histogram_quantile(c->by_class, w->from, 0.99) * c->unit * 1e6;
        q->p999_us = histogram_quantile(c->by_class, w->from, 0.999) * c->unit * 1e6;
    }
    if (q->turns_over) {
        memcpy(w->from, w->next, sizeof(w->from));
        memcpy(w->next, c->by_class, sizeof(w->next));
    }
}

static struct quantiles quantiles_of(const struct vitals *v, struct metric_set *set, enum source i,
                                     struct window *w, bool turns_over)
{
    struct quantiles q = {w, turns_over, NAN, NAN};
    if (v->has[i])
        metric_read_lines(set, &v->places[i], &(struct metric_sink){take_counts, &q});
    return q;
}

/* ---- Facts */

static bool is_beyond_loopback(const char *addresses)
{
    struct bytes all[ADDRESSES_MOST];
    size_t n = forms_split(bytes_text(addresses), all, ADDRESSES_MOST);
    for (size_t i = 0; i < n && i < ADDRESSES_MOST; i++) {
        struct bytes a = all[i];
        bool optional = a.n && *a.p == '-';
        a = bytes_of(a.p + optional, a.n - optional);
        bool v4 = a.n >= 4 && memcmp(a.p, "127.", 4) == 0;
        if (!v4 && !bytes_is(a, "::1") && !bytes_is(a, "localhost"))
            return true;
    }
    return false;
}

#define CONSOLE_OFF 2 /* of console-mode */

/* Whether anybody who can connect from another machine has full access without a password. The
 * console counts only with TLS or a proxy, since it refuses logins over unencrypted connections. */
static bool is_open(const struct engine *e)
{
    const struct settings *s = e->settings;
    const struct user *u = e->users->default_user;
    bool by_clients = (s->port || s->tls_port) && is_beyond_loopback(s->bind);
    bool by_browsers =
        s->console_port && s->console_mode != CONSOLE_OFF &&
        (*s->console_proxies || (s->console_tls && is_beyond_loopback(s->console_bind)));
    return u->on && u->no_password && !s->protected_mode && (by_clients || by_browsers);
}

static void read_facts(struct vitals *v, const struct survey *sv, struct metric_set *set,
                       struct alarms_facts *f)
{
    const struct engine *e = sv->engine;
    double backup = row(v, set, BACKUP), ends = row(v, set, CERTIFICATE);
    double now_s = (double)e->now_ms / 1000;
    *f = (struct alarms_facts){
        .disk_failed = e->slow_path & ENGINE_DISK_FAILED,
        .disk_error = e->disk_error,
        .save_failed = row(v, set, SNAPSHOT_STATUS) < 0.5,
        .rewrite_failed = row(v, set, REWRITE_STATUS) < 0.5,
        .open = is_open(e),
        .unsynced = whole(row(v, set, UNSYNCED), 1, -1),
        .sync_age_ms = whole(row(v, set, SYNC_AGE), 1000, -1),
        .limit = (double)e->settings->maxmemory,
        .clients = (int64_t)(e->clients.count - e->clients.closing_count),
        .maxclients = e->settings->maxclients,
        .broker_late_ms = whole(row(v, set, LATE), 1000, -1),
        .certificate_left_s = whole(ends - now_s, 1, INT64_MIN),
        .link_down_s = whole(row(v, set, LINK_DOWN), 1, -1),
        .lag_s = largest_lag(v, set),
        .left_out = sv->groups_chosen.left_out,
        .backup_age_s = whole(now_s - backup, 1, -1),
        .evicted_ago_ms = v->evicted_ms ? e->steady_ms - v->evicted_ms : -1,
    };
    if (f->limit > 0) {
        double counted = row(v, set, USED_MEMORY) - row(v, set, NOT_COUNTED);
        f->memory = isnan(counted) ? 0 : counted;
    }
}

/* ---- A reading */

static double rate(double *before, double now, double seconds)
{
    double was = *before;
    *before = now;
    return isnan(now) ? NAN : seconds > 0 && now > was ? (now - was) / seconds : 0;
}

static double not_negative(double x)
{
    return x < 0 ? NAN : x;
}

/* NAN for lines whose numbers are -1 when there is none. */
static void work_out(struct vitals *v, const struct reading *r)
{
#define V(id, name, kind, kept, value) v->values[VITAL_##id] = not_negative(value);
#include "survey/vitals.def"
#undef V
}

static void read_store(struct vitals *v, const struct store *s, double seconds, struct reading *r)
{
    double evicted_before = v->evicted;
    for (int i = 0; i < s->count; i++) {
        r->keys += (double)s->dbs[i].keys.used;
        r->streams += (double)s->dbs[i].noted.streams.used;
    }
    r->expired_rate = rate(&v->expired, (double)s->expired, seconds);
    r->evicted_rate = rate(&v->evicted, (double)s->evicted, seconds);
    if (v->read_ms && v->evicted > evicted_before)
        v->evicted_ms = r->engine->steady_ms;
}

void vitals_read(struct vitals *v, const struct survey *sv)
{
    const struct engine *e = sv->engine;
    struct metric_set *set = e->metrics;
    double seconds = v->read_ms ? (double)(e->steady_ms - v->read_ms) / 1000 : 0;
    struct reading r = {.engine = e, .totals = &sv->totals};
    find_places(v, set);
    if (set)
        metric_begin(set);
    read_store(v, e->store, seconds, &r);
    read_facts(v, sv, set, &r.facts);
    r.uptime_ms = row(v, set, UPTIME) * 1000;
    r.ops = row(v, set, OPS);
    r.in_rate = row(v, set, IN_KBPS);
    r.out_rate = row(v, set, OUT_KBPS);
    r.memory = row(v, set, USED_MEMORY);
    r.replicas = row(v, set, REPLICAS);
    r.cpu = rate(&v->cpu_s, row(v, set, CPU_SYSTEM) + row(v, set, CPU_USER), seconds);
    bool turns_over = e->steady_ms - v->window_ms >= WINDOW_MS;
    struct quantiles turns = quantiles_of(v, set, TURNS, &v->turns, turns_over);
    r.turn_p99_us = turns.p99_us;
    r.facts.turn_p999_us = isnan(turns.p999_us) ? -1 : turns.p999_us;
    r.sync_p99_us = quantiles_of(v, set, SYNCS, &v->syncs, turns_over).p99_us;
    if (turns_over)
        v->window_ms = e->steady_ms;
    v->facts = r.facts;
    v->read_ms = e->steady_ms;
    work_out(v, &r);
}

struct bytes vitals_version(const struct vitals *v, struct metric_set *metrics)
{
    if (!v->has[VERSION])
        return bytes_of("", 0);
    metric_begin(metrics);
    return metric_read(metrics, &v->places[VERSION]).s;
}

int64_t vitals_read_ms(const struct vitals *v)
{
    return v->read_ms;
}

double vitals_value(const struct vitals *v, enum vitals_id id)
{
    return v->values[id];
}

const struct alarms_facts *vitals_facts(const struct vitals *v)
{
    return &v->facts;
}

/* ---- The table */

static const struct line {
    const char *name;
    bool whole;
    enum vitals_kept kept;
} lines[VITALS] = {
#define INT                            true
#define REAL                           false
#define V(id, name, kind, kept, value) [VITAL_##id] = {name, kind, VITALS_##kept},
#include "survey/vitals.def"
#undef V
};

const char *vitals_name(enum vitals_id id)
{
    return lines[id].name;
}

bool vitals_is_whole(enum vitals_id id)
{
    return lines[id].whole;
}

enum vitals_kept vitals_kept_as(enum vitals_id id)
{
    return lines[id].kept;
}
