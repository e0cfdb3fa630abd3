#include "admin/health.h"

#include "base/num.h"
#include "engine/pause.h"
#include "proto/http.h"
#include "replica/follow.h"
#include "replica/replication.h"

#define LINK_DOWN_S 10 /* a link that is away for longer is a reason */

/* A comma-separated list, encoded as queries are. Reasons have no letter that needs a code. */
static bool is_allowed(struct bytes query, const char *reason)
{
    struct bytes name, value;
    while (http_query_next(&query, &name, &value)) {
        if (!bytes_is(name, "allow"))
            continue;
        while (value.n) {
            const char *comma = memchr(value.p, ',', value.n);
            size_t n = comma ? (size_t)(comma - value.p) : value.n;
            if (bytes_is(bytes_of(value.p, n), reason))
                return true;
            n += comma != NULL;
            value = bytes_of(value.p + n, value.n - n);
        }
    }
    return false;
}

static void add(struct buf *out, struct bytes query, bool holds, const char *reason)
{
    if (!holds || is_allowed(query, reason))
        return;
    buf_add_text(out, reason);
    buf_add_char(out, '\n');
}

static bool link_is_down(const struct engine *e)
{
    struct follow_figures f;
    if (e->role != ROLE_REPLICA_DOWN || !replication_link(e->replication))
        return false;
    follow_figures(replication_link(e->replication), &f);
    return f.down_s < 0 || f.down_s > LINK_DOWN_S;
}

static bool memory_is_over(struct engine *e, double percent)
{
    struct engine_memory m = {0};
    if (!e->settings->maxmemory)
        return false;
    e->services.memory(e->services.context, &m);
    size_t counted = m.used > m.apart ? m.used - m.apart : 0;
    return (double)counted * 100 > (double)e->settings->maxmemory * percent;
}

/* False: a parameter that there is not. */
static bool read_query(struct bytes query, double *memory)
{
    struct bytes name, value;
    *memory = 0;
    while (http_query_next(&query, &name, &value)) {
        if (bytes_is(name, "memory")) {
            if (!num_parse_double(value, memory) || *memory <= 0 || *memory > 100)
                return false;
        } else if (!bytes_is(name, "allow")) {
            return false;
        }
    }
    return true;
}

unsigned health_ready(struct engine *e, int loading_percent, struct bytes query, struct buf *out)
{
    double memory;
    out->n = 0;
    if (!read_query(query, &memory)) {
        buf_add_text(out, "allow=reason,... and memory=percent are what can be asked for\n");
        return 400;
    }
    if (loading_percent >= 0 && !is_allowed(query, "loading"))
        buf_printf(out, "loading %d%%\n", loading_percent);
    add(out, query, e->ends_ms != 0, "shutting-down");
    add(out, query, e->slow_path & ENGINE_DISK_FAILED, "disk-failed");
    add(out, query, link_is_down(e), "replica-link");
    add(out, query, e->pause.reasons & (1u << PAUSE_CLIENT), "paused");
    if (memory > 0)
        add(out, query, memory_is_over(e, memory), "memory");
    if (out->n)
        return 503;
    buf_add_text(out, "ready\n");
    return 200;
}
