/* Local time, from the files of tzdata: which offset to UTC a zone has at a moment. Read by GLib,
 * which knows rules of summer time beyond the last shift that a file lists; kept here as spans, so
 * that asking costs no call. Times are seconds since 1970, offsets seconds east of Greenwich.
 *
 * A zone lives as long as its table: there are some 600, and who holds one need not count. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/bytes.h"

#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_NAME_MOST 64
#define ZONE_UNTIL     4102444800 /* 2100: from here on a zone keeps the offset that it has */

struct zone;
struct zone_table;

/* From the shift before to the next one; the first span has neither begin nor past. */
struct zone_span {
    int64_t from, until; /* until: not included; INT64_MIN and INT64_MAX: no shift */
    int64_t offset;
    int64_t before; /* the offset in front of `from` */
};

/* The zones whose files lie in this directory. A file is read when its zone is asked for first. */
struct zone_table *zone_table_new(const char *directory);
void zone_table_free(struct zone_table *t);
/* The zone of a name like Europe/Berlin, as its file is now; NULL: there is none. Cost: a look at
 * the file, and some milliseconds to read it when it is new. */
const struct zone *zone_find(struct zone_table *t, struct bytes name);
/* Without tzdata too. */
const struct zone *zone_utc(void);

/* The span that holds a moment, which is not before 1970. Cost: O(log of spans). */
struct zone_span zone_at(const struct zone *z, int64_t s);

#endif
