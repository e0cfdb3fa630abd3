/* Time zones from the files of tzdata: the offset to UTC at a given time. Read by GLib, which
 * applies the rules for daylight saving time beyond the last shift listed in a file; kept here as
 * spans, so that look-ups need no GLib. Times are Unix time in seconds, offsets seconds east of
 * Greenwich.
 *
 * A zone lives as long as its table: there are some 600, so references are not counted. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/bytes.h"

#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_NAME_MOST 64
#define ZONE_UNTIL     4102444800 /* 2100: shifts after this are ignored */

struct zone;
struct zone_table;

/* The time between two shifts. */
struct zone_span {
    int64_t from, until; /* from <= t < until; INT64_MIN and INT64_MAX: no shift */
    int64_t offset;
    int64_t before; /* the offset before `from` */
};

/* The zones with files in this directory. A file is read when its zone is first looked up. */
struct zone_table *zone_table_new(const char *directory);
void zone_table_free(struct zone_table *t);
/* The zone of a name like Europe/Berlin, by the present file; NULL: none. Cost: checks the file,
 * and takes some milliseconds to read a new or changed one. */
const struct zone *zone_find(struct zone_table *t, struct bytes name);
/* Works without tzdata. */
const struct zone *zone_utc(void);

/* The span that contains a time not before 1970. O(log spans). */
struct zone_span zone_at(const struct zone *z, int64_t s);

#endif
