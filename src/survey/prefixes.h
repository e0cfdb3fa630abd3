/* Keys and their bytes by prefix, which is what stands in front of the first ':': at most
 * PREFIXES_MOST of each database, those that a walk meets first; all others are counted together.
 * Keys without a ':' have the prefix "". */
#ifndef SURVEY_PREFIXES_H
#define SURVEY_PREFIXES_H

#include "base/bytes.h"
#include "ds/dict.h"

#define PREFIXES_MOST 256

struct prefixes_count {
    uint64_t keys, bytes;
};

/* Of one database. Zeroed: empty. */
struct prefixes {
    struct dict by_name; /* to struct prefixes_count */
    struct prefixes_count others, all;
};

void prefixes_add(struct prefixes *p, struct bytes key, size_t bytes);
void prefixes_clear(struct prefixes *p);

/* One of them. */
struct prefixes_row {
    int db;
    struct bytes name; /* borrowed */
    bool others;       /* all that have no row of their own */
    struct prefixes_count count;
};
/* How many rows there are. */
size_t prefixes_rows(const struct prefixes *p);
/* Those of a database, the one with most bytes first; the array belongs to the caller. */
struct prefixes_row *prefixes_sorted(const struct prefixes *p, int db, size_t *n);
size_t prefixes_memory(const struct prefixes *p);

#endif
