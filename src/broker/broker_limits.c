#include "broker/broker_limits.h"

#define OLD_AT_ONCE 1000

static enum stream_strategy way_of(const struct stream_limits *l)
{
    return l->refuses ? STREAM_KEEP_REFERENCES : l->strategy;
}

bool broker_limits_allow(const struct stream *s, uint64_t messages, uint64_t bytes, struct buf *why)
{
    (void)s;
    (void)messages;
    (void)bytes;
    (void)why;
    return true;
}

void broker_limits_trim(const struct broker_group *x, bool apart, struct broker_limits_trim *t)
{
    (void)x;
    (void)apart;
    *t = (struct broker_limits_trim){0};
}

void broker_limits_trim_apart(const struct broker_group *x, struct broker_limits_trim *t)
{
    (void)x;
    (void)t;
}

int64_t broker_limits_age_ms(const struct stream *s)
{
    const struct stream_limits *l = &s->extra->limits;
    if (l->max_age_ms == STREAM_LIMITS_NONE || s->log.length == 0 ||
        way_of(l) == STREAM_ACKNOWLEDGED)
        return INT64_MAX;
    uint64_t ms = stream_first_id(s).ms, most = (uint64_t)(INT64_MAX - l->max_age_ms);
    return ms < most ? (int64_t)ms + l->max_age_ms + 1 : INT64_MAX;
}

static void tell(const struct broker_group *x, struct stream_id from, enum stream_strategy way)
{
    char text[STREAM_ID_TEXT_MAX];
    const struct bytes argv[] = {
        BYTES("XTRIM"), x->key, BYTES("MINID"), BYTES("="), broker_act_id(x, text, from),
        BYTES("DELREF")};
    if (way == STREAM_DROP_REFERENCES)
        broker_act_effect(x, "8.2.0", argv, 6);
    broker_act_effect(x, NULL, argv, 5);
}

void broker_limits_trim_old(const struct broker_group *x)
{
    struct stream *s = x->stream;
    const struct stream_limits *l = &s->extra->limits;
    uint64_t dropped = 0;
    struct stream_trim t = {
        .by_id = true, .limit = OLD_AT_ONCE, .strategy = way_of(l), .min_id = {0, 0}};
    int64_t from = num_minus(x->engine->now_ms, l->max_age_ms);
    t.min_id.ms = from > 0 ? (uint64_t)from : 0;
    uint64_t n = stream_trim(s, &t, &dropped);
    if (n == 0)
        return;
    tell(x, n < OLD_AT_ONCE ? t.min_id : stream_first_id(s), t.strategy);
    db_count_changes(x->engine->store, n);
    db_changed(x->db, x->key, DB_EVENT_STREAM, "xtrim");
}
