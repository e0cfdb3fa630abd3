/* Expressions of cron and the moments at which they are true: 5 fields (minute, hour, day of month,
 * month, day of week) or 6 (second first), lists, ranges, steps, names, and @daily and its kin.
 *
 * The fields are local time. A local time that the clock leaves out (summer time begins) counts at
 * the moment of the shift, once. One that it shows twice counts the first time, but both times when
 * the hour is `*` or a step of it: what runs by the hour goes on by the hour. */
#ifndef BASE_CRON_H
#define BASE_CRON_H

#include "base/zone.h"

#define CRON_WHY_MOST 96
#define CRON_YEARS    10 /* what is not true within so many years never is */

struct cron_fields {
    uint64_t seconds, minutes; /* a bit for each value that is meant */
    uint32_t hours, days, months, weekdays;
    bool either_day;   /* both day fields are restricted: a day matches by either */
    bool hours_repeat; /* in an hour that comes twice */
};

/* false: `why` says which field is wrong and why, CRON_WHY_MOST bytes with a NUL. */
bool cron_parse(struct bytes text, struct cron_fields *out, char why[CRON_WHY_MOST]);
/* The first moment behind after_ms, both not before 1970; false: none within CRON_YEARS. Cost: less
 * than a microsecond for what is true often, 35 when it is never true. */
bool cron_next(const struct cron_fields *c, const struct zone *z, int64_t after_ms,
               int64_t *out_ms);

#endif
