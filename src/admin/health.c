#include "admin/health.h"

#include "base/num.h"
#include "engine/pause.h"
#include "proto/http.h"
#include "replica/follow.h"
#include "replica/replication.h"

#define LINK_DOWN_S 10 /* a link that is away for longer is a reason */

static const char *const reasons[] = {"loading",     "shutting-down", "disk-failed", "replica-link",
                                      "replica-lag", "paused",        "memory"};

/* Calls f for each reason of a comma-separated list, as long as that returns true. False: it did
 * not, or the list cannot be decoded. */
static bool each_reason(struct bytes list, bool (*f)(struct bytes reason, const char *other),
                        const char *other)
{
    char text[HTTP_TARGET_MOST];
    size_t n;
    if (list.n > sizeof(text) || !http_decode(list, true, text, &n))
        return false;
    for (struct bytes rest = bytes_of(text, n); rest.n;) {
        const char *comma = memchr(rest.p, ',', rest.n);
        size_t one = comma ? (size_t)(comma - rest.p) : rest.n;
        if (one && !f(bytes_of(rest.p, one), other))
            return false;
        one += comma != NULL;
        rest = bytes_of(rest.p + one, rest.n - one);
    }
    return true;
}

static bool is_other(struct bytes reason, const char *other)
{
    return !bytes_is(reason, other);
}

static bool is_allowed(struct bytes query, const char *reason)
{
    struct bytes name, value;
    while (http_query_next(&query, &name, &value))
        if (bytes_is(name, "allow") && !each_reason(value, is_other, reason))
            return true;
    return false;
}

static bool is_reason(struct bytes reason, const char *other)
{
    (void)other;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
        if (bytes_is(reason, reasons[i]))
            return true;
    return false;
}

static void add(struct buf *out, struct bytes query, bool holds, const char *reason)
{
    if (!holds || is_allowed(query, reason))
        return;
    buf_add_text(out, reason);
    buf_add_char(out, '\n');
}

/* False: there is no primary. */
static bool find_link(const struct engine *e, struct follow_figures *f)
{
    if (e->role == ROLE_PRIMARY || !e->replication || !replication_link(e->replication))
        return false;
    follow_figures(replication_link(e->replication), f);
    return true;
}

/* Since when the link to the primary is away; 0: it stands, or there is no primary; -1: it never
 * stood. */
static int64_t link_down_s(const struct engine *e)
{
    struct follow_figures f;
    return e->role == ROLE_REPLICA_DOWN && find_link(e, &f) ? f.down_s : 0;
}

/* Whether a replica is more than so many bytes behind, as far as it can know: what has come and is
 * not applied. Without the link it knows nothing, which is too much. */
static bool is_behind(const struct engine *e, long long most)
{
    struct follow_figures f;
    return find_link(e, &f) && (f.waiting < 0 || f.waiting > most);
}

static bool link_is_down(const struct engine *e)
{
    int64_t s = link_down_s(e);
    return s < 0 || s > LINK_DOWN_S;
}

/* Of maxmemory; 0: it has no limit. */
static double memory_percent(struct engine *e)
{
    struct engine_memory m = {0};
    if (!e->settings->maxmemory)
        return 0;
    e->services.memory(e->services.context, &m);
    size_t counted = m.used > m.apart ? m.used - m.apart : 0;
    return (double)counted * 100 / (double)e->settings->maxmemory;
}

static bool is_paused(const struct engine *e)
{
    return e->pause.reasons & (1u << PAUSE_CLIENT);
}

/* False: a parameter, or a reason, that there is not. lag: -1: it is not asked for. */
static bool read_query(struct bytes query, double *memory, long long *lag)
{
    struct bytes name, value;
    *memory = 0;
    *lag = -1;
    while (http_query_next(&query, &name, &value)) {
        if (bytes_is(name, "memory")) {
            if (!num_parse_double(value, memory) || *memory <= 0 || *memory > 100)
                return false;
        } else if (bytes_is(name, "replica-lag")) {
            if (!num_parse_int(value, lag) || *lag < 0)
                return false;
        } else if (!bytes_is(name, "allow") || !each_reason(value, is_reason, NULL)) {
            return false;
        }
    }
    return true;
}

unsigned health_ready(struct engine *e, int loading_percent, struct bytes query, struct buf *out)
{
    double memory;
    long long lag;
    out->n = 0;
    if (!read_query(query, &memory, &lag)) {
        buf_add_text(out, "allow=reason,..., memory=percent and replica-lag=bytes are what can be "
                          "asked for; reasons: ");
        for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
            buf_add_text(out, i ? ", " : "");
            buf_add_text(out, reasons[i]);
        }
        buf_add_char(out, '\n');
        return 400;
    }
    if (loading_percent >= 0 && !is_allowed(query, "loading"))
        buf_printf(out, "loading %d%%\n", loading_percent);
    add(out, query, e->ends_ms != 0, "shutting-down");
    add(out, query, e->slow_path & ENGINE_DISK_FAILED, "disk-failed");
    add(out, query, link_is_down(e), "replica-link");
    if (lag >= 0)
        add(out, query, is_behind(e, lag), "replica-lag");
    add(out, query, is_paused(e), "paused");
    if (memory > 0)
        add(out, query, memory_percent(e) > memory, "memory");
    if (out->n)
        return 503;
    buf_add_text(out, "ready\n");
    return 200;
}

/* ---- For who has logged in */

#define MEMORY_PERCENT 90 /* as the alarm has it */

bool health_is_ready(struct engine *e)
{
    struct buf why = {0};
    unsigned status = health_ready(e, -1, bytes_of("", 0), &why);
    buf_free(&why);
    return status == 200;
}

/* unit: NULL: it has no value. value: -1: none at this moment. */
static void write_check(struct json_write *w, const char *name, bool ok, const char *unit,
                        double value)
{
    json_write_object(w);
    json_write_name(w, BYTES("name"));
    json_write_text(w, name);
    json_write_name(w, BYTES("ok"));
    json_write_bool(w, ok);
    if (unit) {
        json_write_name(w, BYTES("unit"));
        json_write_text(w, unit);
    }
    json_write_name(w, BYTES("value"));
    if (unit && value >= 0)
        json_write_double(w, value);
    else
        json_write_null(w);
    json_write_object_end(w);
}

void health_checks(struct engine *e, struct json_write *w)
{
    int64_t paused_ms = is_paused(e) ? e->pause.until_ms - e->steady_ms : -1;
    double memory = memory_percent(e);
    json_write_array(w);
    write_check(w, "shutting-down", e->ends_ms == 0, NULL, -1);
    write_check(w, "disk-failed", !(e->slow_path & ENGINE_DISK_FAILED), "errno",
                e->disk_error ? -e->disk_error : -1);
    write_check(w, "replica-link", !link_is_down(e), "s",
                e->role == ROLE_PRIMARY ? -1 : (double)link_down_s(e));
    write_check(w, "paused", !is_paused(e), "ms", (double)paused_ms);
    write_check(w, "memory", memory < MEMORY_PERCENT, "percent",
                e->settings->maxmemory ? memory : -1);
    json_write_array_end(w);
}
