/* A server alarm is a function of the facts that says whether it is raised, and why. It lasts from
 * the first evaluation that raises it to the first that does not; in between its text may change,
 * but its start time stays.
 *
 * Key alarms: during a pass the worst few of each name are kept in order (`found`). When it ends
 * they become the current list; those that were in the previous list keep their start time. One
 * that drops out of the worst few and returns starts anew.
 *
 * Nothing can fail. Unknown facts (-1) raise no alarm. */
#include "survey/alarms.h"

#include "base/mem.h"
#include "survey/survey_record.h"

#include <stdio.h>
#include <string.h>

#define SYNC_STALLED_MS 10000
#define FULL_PART       0.9 /* of memory, of clients */
#define EVICTING_MS     60000
#define BROKER_LATE_MS  5000
#define TURN_US         100000
#define CERTIFICATE_S   (14 * 86400)
#define LINK_DOWN_S     10
#define LAG_S           10
#define BACKUP_S        (48 * 3600)
#define DAY_S           86400

typedef bool judge(const struct alarms_facts *f, char text[ALARMS_TEXT]);

#define SAY(...) ((void)snprintf(text, ALARMS_TEXT, __VA_ARGS__))

static bool disk_failed(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("writes are rejected: %s",
        f->disk_error ? strerror(-f->disk_error) : "the append-only file cannot be written");
    return f->disk_failed;
}

static bool save_failed(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("the last snapshot failed");
    return f->save_failed;
}

static bool rewrite_failed(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("the last rewrite of the append-only file failed");
    return f->rewrite_failed;
}

static bool sync_stalled(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("%lld bytes are not synced, and the last fsync completed %lld s ago",
        (long long)f->unsynced, (long long)f->sync_age_ms / 1000);
    return f->unsynced > 0 && f->sync_age_ms >= SYNC_STALLED_MS;
}

static bool memory(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    double part = f->limit > 0 ? f->memory / f->limit : 0;
    SAY("%.0f %% of maxmemory used", part * 100);
    return part >= FULL_PART;
}

static bool evicting(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("keys are being evicted because of maxmemory");
    return f->evicted_ago_ms >= 0 && f->evicted_ago_ms < EVICTING_MS;
}

static bool clients(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("%lld of maxclients %lld connections used", (long long)f->clients,
        (long long)f->maxclients);
    return (double)f->clients >= FULL_PART * (double)f->maxclients;
}

static bool broker_late(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("broker tasks are %lld s behind schedule", (long long)f->broker_late_ms / 1000);
    return f->broker_late_ms > BROKER_LATE_MS;
}

static bool turns(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("99.9th percentile of event loop iterations is %.0f ms", f->turn_p999_us / 1000);
    return f->turn_p999_us > TURN_US;
}

static bool is_open(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("the default user has no password, and other machines can connect");
    return f->open;
}

static bool certificate(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    if (f->certificate_left_s < 0)
        SAY("the TLS certificate has expired");
    else
        SAY("the TLS certificate expires in %lld days", (long long)f->certificate_left_s / DAY_S);
    return f->certificate_left_s != INT64_MIN && f->certificate_left_s < CERTIFICATE_S;
}

static bool replica_link(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("the link to the primary has been down for %lld s", (long long)f->link_down_s);
    return f->link_down_s > LINK_DOWN_S;
}

static bool replica_lag(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("a replica has not acknowledged for %lld s", (long long)f->lag_s);
    return f->lag_s > LAG_S;
}

static bool left_out(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("%lld groups have no metrics: there are more than metrics-groups", (long long)f->left_out);
    return f->left_out > 0;
}

static bool backup_old(const struct alarms_facts *f, char text[ALARMS_TEXT])
{
    SAY("the newest backup is %lld hours old", (long long)f->backup_age_s / 3600);
    return f->backup_age_s > BACKUP_S;
}

static const struct rule {
    const char *name;
    enum alarms_severity severity;
    const char *view;
    judge *holds; /* NULL: a key alarm */
} rules[ALARMS] = {
    [ALARM_DISK_FAILED] = {"disk-failed", ALARMS_CRITICAL, "storage", disk_failed},
    [ALARM_SAVE_FAILED] = {"save-failed", ALARMS_WARNING, "storage", save_failed},
    [ALARM_REWRITE_FAILED] = {"rewrite-failed", ALARMS_WARNING, "storage", rewrite_failed},
    [ALARM_SYNC_STALLED] = {"sync-stalled", ALARMS_WARNING, "storage", sync_stalled},
    [ALARM_MEMORY] = {"memory", ALARMS_WARNING, "storage", memory},
    [ALARM_EVICTING] = {"evicting", ALARMS_WARNING, "storage", evicting},
    [ALARM_CLIENTS] = {"clients", ALARMS_WARNING, "clients", clients},
    [ALARM_BROKER_LATE] = {"broker-late", ALARMS_WARNING, "schedules", broker_late},
    [ALARM_TURNS] = {"turns", ALARMS_WARNING, "slow", turns},
    [ALARM_OPEN] = {"open", ALARMS_CRITICAL, "users", is_open},
    [ALARM_CERTIFICATE] = {"certificate", ALARMS_WARNING, "config", certificate},
    [ALARM_REPLICA_LINK] = {"replica-link", ALARMS_CRITICAL, "replicas", replica_link},
    [ALARM_REPLICA_LAG] = {"replica-lag", ALARMS_WARNING, "replicas", replica_lag},
    [ALARM_LEFT_OUT] = {"left-out", ALARMS_INFO, "config", left_out},
    [ALARM_BACKUP_OLD] = {"backup-old", ALARMS_WARNING, "storage", backup_old},
    [ALARM_DEAD_LETTERS] = {"dead-letters", ALARMS_WARNING, "dead", NULL},
    [ALARM_DEAD_BLOCKED] = {"dead-blocked", ALARMS_CRITICAL, "group", NULL},
    [ALARM_OLD_MESSAGES] = {"old-messages", ALARMS_WARNING, "group", NULL},
    [ALARM_NOBODY_READS] = {"nobody-reads", ALARMS_CRITICAL, "group", NULL},
};

const char *alarms_text_of_name(enum alarms_name name)
{
    return rules[name].name;
}

enum alarms_severity alarms_severity_of(enum alarms_name name)
{
    return rules[name].severity;
}

const char *alarms_text_of_severity(enum alarms_severity severity)
{
    static const char *const texts[] = {"critical", "warning", "info"};
    return texts[severity];
}

/* Appends a path segment: letters, digits and "-._~" as they are, anything else as %NN. */
static void add_part(struct buf *out, struct bytes part)
{
    buf_add_char(out, '/');
    for (size_t i = 0; i < part.n; i++) {
        unsigned char c = (unsigned char)part.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-._~", c));
        if (plain)
            buf_add_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

void alarms_link(enum alarms_name name, const struct alarms_key *key, struct buf *out)
{
    buf_printf(out, "/%s", rules[name].view);
    if (!key)
        return;
    buf_printf(out, "/%d", key->db);
    add_part(out, str_bytes(key->key));
    if (key->group)
        add_part(out, str_bytes(key->group));
}

void alarms_key_text(const struct alarms_key *key, struct buf *out)
{
    long long seconds = (long long)(key->value / 1000);
    const char *s = key->value > 1 ? "s" : "";
    switch (key->name) {
    case ALARM_DEAD_LETTERS:
        buf_printf(out, "%.0f dead letter%s, the newest within the last hour", key->value, s);
        break;
    case ALARM_DEAD_BLOCKED:
        buf_printf(out, "%.0f message%s cannot be dead-lettered", key->value, s);
        break;
    case ALARM_OLD_MESSAGES:
        buf_printf(out, "the oldest ready message has waited for %lld s", seconds);
        break;
    default:
        buf_printf(out, "%.0f message%s ready, and no active consumer", key->value, s);
        break;
    }
}

/* ---- Of the server */

void alarms_judge(struct alarms *a, const struct alarms_facts *f, int64_t now_ms)
{
    for (int i = 0; i < ALARMS_OF_SERVER; i++) {
        if (!rules[i].holds(f, a->text[i]))
            a->since_ms[i] = 0;
        else if (!a->since_ms[i])
            a->since_ms[i] = now_ms;
    }
}

/* ---- Of keys */

void alarms_begin_keys(struct alarms *a)
{
    memset(a->found_n, 0, sizeof(a->found_n));
}

void alarms_find(struct alarms *a, enum alarms_name name, uint32_t stream, uint32_t group,
                 double value)
{
    unsigned which = name - ALARMS_OF_SERVER, n = a->found_n[which], i;
    struct alarms_found *all = a->found[which];
    if (n == ALARMS_KEYS_MOST && value <= all[n - 1].value)
        return;
    /* A scan may return a stream twice. */
    for (i = 0; i < n; i++)
        if (all[i].stream == stream && all[i].group == group)
            return;
    for (i = n < ALARMS_KEYS_MOST ? a->found_n[which]++ : n - 1; i && all[i - 1].value < value; i--)
        all[i] = all[i - 1];
    all[i] = (struct alarms_found){stream, group, value};
}

static bool same_name(const struct str *a, const struct str *b)
{
    return a == b || (a && b && bytes_equal(str_bytes(a), str_bytes(b)));
}

static int64_t since(const struct alarms *a, const struct alarms_key *x, int64_t now_ms)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct alarms_key *y = &a->keys[i];
        if (y->name == x->name && y->db == x->db && same_name(y->key, x->key) &&
            same_name(y->group, x->group))
            return y->since_ms;
    }
    return now_ms;
}

static void free_keys(struct alarms_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        str_unref(keys[i].key);
        if (keys[i].group)
            str_unref(keys[i].group);
    }
    mem_free(keys);
}

void alarms_end_keys(struct alarms *a, const struct survey *sv, int64_t now_ms)
{
    struct alarms_key *fresh = NULL;
    size_t n = 0;
    for (unsigned w = 0; w < ALARMS - ALARMS_OF_SERVER; w++)
        n += a->found_n[w];
    if (n)
        fresh = mem_alloc(n * sizeof(*fresh));
    n = 0;
    for (unsigned w = 0; w < ALARMS - ALARMS_OF_SERVER; w++) {
        for (unsigned i = 0; i < a->found_n[w]; i++) {
            const struct alarms_found *f = &a->found[w][i];
            const struct survey_stream *s = survey_record_stream(sv, f->stream);
            struct alarms_key x = {.name = ALARMS_OF_SERVER + w,
                                   .db = s->db,
                                   .key = str_ref(s->key),
                                   .value = f->value};
            if (f->group)
                x.group = str_ref(survey_record_group(sv, f->group)->name);
            x.since_ms = since(a, &x, now_ms);
            fresh[n++] = x;
        }
    }
    free_keys(a->keys, a->n);
    a->keys = fresh;
    a->n = n;
}

void alarms_forget(struct alarms *a)
{
    free_keys(a->keys, a->n);
    *a = (struct alarms){0};
}

bool alarms_holds(const struct alarms *a, enum alarms_name name)
{
    if (name < ALARMS_OF_SERVER)
        return a->since_ms[name] != 0;
    for (size_t i = 0; i < a->n; i++)
        if (a->keys[i].name == name)
            return true;
    return false;
}
