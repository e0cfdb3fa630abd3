#include "survey/alarms.h"

#include "survey/survey_record.h"
#include "unit.h"

#define HOUR_S 3600

/* A server with which nothing is wrong. */
static struct alarms_facts good(void)
{
    return (struct alarms_facts){.sync_age_ms = -1,
                                 .unsynced = -1,
                                 .evicted_ago_ms = -1,
                                 .clients = 1,
                                 .maxclients = 100,
                                 .broker_late_ms = -1,
                                 .turn_p999_us = -1,
                                 .certificate_left_s = INT64_MIN,
                                 .link_down_s = -1,
                                 .lag_s = -1,
                                 .backup_age_s = -1};
}

static unsigned holding(const struct alarms *a)
{
    unsigned n = 0;
    for (enum alarms_name i = 0; i < ALARMS_OF_SERVER; i++)
        n += alarms_holds(a, i);
    return n;
}

/* Console S7: with these facts it does not hold, with those it does, and nothing else. */
static bool edge(enum alarms_name name, struct alarms_facts below, struct alarms_facts above)
{
    struct alarms a = {0};
    alarms_judge(&a, &below, 1000);
    bool quiet = holding(&a) == 0;
    alarms_judge(&a, &above, 2000);
    bool raised = alarms_holds(&a, name) && holding(&a) == 1 && a.since_ms[name] == 2000 &&
                  a.text[name][0] != '\0';
    alarms_judge(&a, &above, 3000);
    raised = raised && a.since_ms[name] == 2000; /* since when it began */
    alarms_judge(&a, &below, 4000);
    if (!quiet || !raised || holding(&a))
        printf("# %s: %s\n", alarms_text_of_name(name), !quiet ? "holds below" : "does not hold");
    return quiet && raised && holding(&a) == 0;
}

#define EDGE(name, low, high)                                                                      \
    do {                                                                                           \
        struct alarms_facts f = good(), below, above;                                              \
        low;                                                                                       \
        below = f;                                                                                 \
        f = good();                                                                                \
        high;                                                                                      \
        above = f;                                                                                 \
        CHECK(edge(name, below, above));                                                           \
    } while (0)

TEST(each_alarm_of_the_server_holds_from_its_edge_on)
{
    EDGE(ALARM_DISK_FAILED, f.disk_failed = false, f.disk_failed = true);
    EDGE(ALARM_SAVE_FAILED, f.save_failed = false, f.save_failed = true);
    EDGE(ALARM_REWRITE_FAILED, f.rewrite_failed = false, f.rewrite_failed = true);
    EDGE(ALARM_SYNC_STALLED, (f.unsynced = 1, f.sync_age_ms = 9999),
         (f.unsynced = 1, f.sync_age_ms = 10000));
    EDGE(ALARM_SYNC_STALLED, (f.unsynced = 0, f.sync_age_ms = 10000),
         (f.unsynced = 1, f.sync_age_ms = 10000));
    EDGE(ALARM_MEMORY, (f.memory = 899, f.limit = 1000), (f.memory = 900, f.limit = 1000));
    EDGE(ALARM_MEMORY, (f.memory = 900, f.limit = 0), (f.memory = 900, f.limit = 1000));
    EDGE(ALARM_EVICTING, f.evicted_ago_ms = 60000, f.evicted_ago_ms = 59999);
    EDGE(ALARM_EVICTING, f.evicted_ago_ms = -1, f.evicted_ago_ms = 0);
    EDGE(ALARM_CLIENTS, f.clients = 89, f.clients = 90);
    EDGE(ALARM_BROKER_LATE, f.broker_late_ms = 5000, f.broker_late_ms = 5001);
    EDGE(ALARM_TURNS, f.turn_p999_us = 100000, f.turn_p999_us = 100001);
    EDGE(ALARM_OPEN, f.open = false, f.open = true);
    EDGE(ALARM_CERTIFICATE, f.certificate_left_s = 14 * 24 * HOUR_S,
         f.certificate_left_s = 14 * 24 * HOUR_S - 1);
    EDGE(ALARM_CERTIFICATE, f.certificate_left_s = INT64_MIN, f.certificate_left_s = -5);
    EDGE(ALARM_REPLICA_LINK, f.link_down_s = 10, f.link_down_s = 11);
    EDGE(ALARM_REPLICA_LAG, f.lag_s = 10, f.lag_s = 11);
    EDGE(ALARM_LEFT_OUT, f.left_out = 0, f.left_out = 1);
    EDGE(ALARM_BACKUP_OLD, f.backup_age_s = 48 * HOUR_S, f.backup_age_s = 48 * HOUR_S + 1);
}

TEST(every_alarm_has_a_name_a_severity_and_a_view)
{
    for (enum alarms_name i = 0; i < ALARMS; i++) {
        struct buf link = {0};
        CHECK(alarms_text_of_name(i) && alarms_text_of_severity(alarms_severity_of(i)));
        for (enum alarms_name k = 0; k < i; k++)
            CHECK(strcmp(alarms_text_of_name(i), alarms_text_of_name(k)) != 0);
        alarms_link(i, NULL, &link);
        CHECK(link.n > 3 && link.p[0] == '/');
        buf_free(&link);
    }
}

/* Records of streams 1 to n, each with a group, as a pass leaves them. */
static void records(struct survey *sv, uint32_t n)
{
    slots_init(&sv->streams, sizeof(struct survey_stream));
    slots_init(&sv->groups, sizeof(struct survey_group));
    for (uint32_t i = 1; i <= n; i++) {
        char key[20];
        snprintf(key, sizeof(key), "k/%u", i);
        struct survey_stream *s = slots_at(&sv->streams, slots_take(&sv->streams));
        struct survey_group *g = slots_at(&sv->groups, slots_take(&sv->groups));
        s->key = str_new(bytes_text(key));
        g->name = str_new(BYTES("g"));
        g->stream = i;
    }
}

static void drop(struct survey *sv)
{
    for (uint32_t i = 1; i <= sv->streams.n; i++) {
        str_unref(survey_record_stream(sv, i)->key);
        str_unref(survey_record_group(sv, i)->name);
    }
    slots_clear(&sv->streams);
    slots_clear(&sv->groups);
}

TEST(of_keys_the_worst_are_kept_in_order_with_the_moment_they_began)
{
    struct survey sv = {0};
    struct alarms a = {0};
    records(&sv, 40);
    alarms_begin_keys(&a);
    for (uint32_t i = 1; i <= 40; i++)
        alarms_find(&a, ALARM_OLD_MESSAGES, i, i, (double)(i * 7 % 40));
    alarms_find(&a, ALARM_OLD_MESSAGES, 17, 17, 39); /* it is there already */
    alarms_find(&a, ALARM_DEAD_LETTERS, 3, 0, 5);
    alarms_end_keys(&a, &sv, 1000);
    CHECK(a.n == 17 && alarms_holds(&a, ALARM_OLD_MESSAGES) && !alarms_holds(&a, ALARM_TURNS));
    CHECK(!alarms_holds(&a, ALARM_NOBODY_READS) && alarms_holds(&a, ALARM_DEAD_LETTERS));
    CHECK(a.keys[0].name == ALARM_DEAD_LETTERS && !a.keys[0].group);
    for (size_t i = 1; i < a.n; i++)
        CHECK((long)a.keys[i].value == 40 - (long)i && a.keys[i].since_ms == 1000);
    struct buf text = {0};
    alarms_link(ALARM_DEAD_LETTERS, &a.keys[0], &text);
    CHECK(bytes_equal(buf_bytes(&text), BYTES("/dead/0/k%2F3")));
    buf_free(&text);
    alarms_key_text(&a.keys[0], &text);
    CHECK(bytes_equal(buf_bytes(&text), BYTES("5 dead letters, the newest within the last hour")));
    buf_free(&text);
    /* The next pass: one goes on, one has gone, one is new. */
    alarms_begin_keys(&a);
    alarms_find(&a, ALARM_DEAD_LETTERS, 3, 0, 6);
    alarms_find(&a, ALARM_NOBODY_READS, 3, 3, 1);
    alarms_end_keys(&a, &sv, 2000);
    CHECK(a.n == 2 && a.keys[0].since_ms == 1000 && a.keys[1].since_ms == 2000);
    CHECK(!alarms_holds(&a, ALARM_OLD_MESSAGES));
    alarms_forget(&a);
    CHECK(!alarms_holds(&a, ALARM_DEAD_LETTERS));
    drop(&sv);
}

UNIT_MAIN(T(each_alarm_of_the_server_holds_from_its_edge_on),
          T(every_alarm_has_a_name_a_severity_and_a_view),
          T(of_keys_the_worst_are_kept_in_order_with_the_moment_they_began))
