/* Cron expressions and the times that match them: 5 fields (minute, hour, day of month, month, day
 * of week) or 6 (second first), lists, ranges, steps, names, and @daily and the like.
 *
 * Fields are local time. A local time that is skipped (when daylight saving time begins) matches
 * once, at the shift. One that occurs twice matches the first time, but both times if the hour is
 * `*` or a step of it, so that hourly schedules stay hourly. */
#ifndef BASE_CRON_H
#define BASE_CRON_H

#include "base/zone.h"

#define CRON_WHY_MOST 96
#define CRON_YEARS    10 /* an expression without a match within this many years has none */

struct cron_fields {
    uint64_t seconds, minutes; /* a bit for each matching value */
    uint32_t hours, days, months, weekdays;
    bool either_day;   /* both day fields are restricted: either may match */
    bool hours_repeat; /* both occurrences of a repeated hour match */
};

/* False: `why` has the field and the reason, NUL-terminated. */
bool cron_parse(struct bytes text, struct cron_fields *out, char why[CRON_WHY_MOST]);
/* The first match after after_ms, both Unix time and not before 1970; false: none within
 * CRON_YEARS. Cost: less than a microsecond for frequent matches, 35 if there is none. */
bool cron_next(const struct cron_fields *c, const struct zone *z, int64_t after_ms,
               int64_t *out_ms);

#endif
