/* Rules of schedules: a span, or an expression of cron in UTC. */
#ifndef SCHEDULES_H
#define SCHEDULES_H

#include "type/stream/stream_schedule.h"
#include "unit.h"

#define T0  1774656000000 /* 28 March 2026, 00:00 UTC, a Saturday */
#define MIN 60000
#define DAY (24 * 60 * (int64_t)MIN)

static const struct bytes message[] = {{"task", 4}, {"report", 6}};

static struct stream_schedule_rules every(int64_t ms, int64_t start)
{
    return (struct stream_schedule_rules){
        .every_ms = ms, .start_ms = start, .limit = -1, .pairs = message, .pairs_n = 2};
}

static struct stream_schedule_rules cron(const char *text, int64_t start)
{
    char why[CRON_WHY_MOST];
    struct stream_schedule_rules r = every(0, start);
    bool good = cron_parse(bytes_text(text), &r.fields, why);
    CHECK(good);
    r.cron = bytes_text(text);
    r.zone = BYTES("UTC");
    r.in = zone_utc();
    return r;
}

#endif
