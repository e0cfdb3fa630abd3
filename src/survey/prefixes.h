/* Counts of keys and bytes by prefix, the part of a key before the first ':' ("" without one). At
 * most PREFIXES_MOST of each database have a row, those met first by the walk; all others share
 * one. */
#ifndef SURVEY_PREFIXES_H
#define SURVEY_PREFIXES_H

#include "base/bytes.h"
#include "ds/dict.h"

#define PREFIXES_MOST 256

struct prefixes_count {
    uint64_t keys, bytes;
};

/* One database. Zeroed: empty. */
struct prefixes {
    struct dict by_name; /* to struct prefixes_count */
    struct prefixes_count others, all;
};

void prefixes_add(struct prefixes *p, struct bytes key, size_t bytes);
void prefixes_clear(struct prefixes *p);

/* One row. */
struct prefixes_row {
    int db;
    struct bytes name; /* borrowed */
    bool others;       /* the shared row */
    struct prefixes_count count;
};
/* The number of rows. */
size_t prefixes_rows(const struct prefixes *p);
/* The rows of a database, by falling bytes; the caller frees the array. */
struct prefixes_row *prefixes_sorted(const struct prefixes *p, int db, size_t *n);
size_t prefixes_memory(const struct prefixes *p);

#endif
