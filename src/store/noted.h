/* Additional indexes of a database: streams, for the survey, and entries that need work by
 * themselves, recognised by the entry's mark (type/kind.h): hashes with field TTLs, and streams
 * with policies. The tables do not own the entries.
 *
 * Cost for all other entries: a comparison. */
#ifndef STORE_NOTED_H
#define STORE_NOTED_H

#include "ds/table.h"
#include "type/kind.h"

struct noted {
    struct table hashes;  /* with field TTLs */
    struct table acting;  /* streams with a group that has a policy */
    struct table streams; /* all of them */
};

static inline bool noted_is_known(const struct entry *e)
{
    return e->kind == VALUE_STREAM || value_has_field_ttl(e);
}
void noted_init(struct noted *n);
void noted_clear(struct noted *n);
/* One step of noted_clear(), as table_clear_some(). */
bool noted_clear_some(struct noted *n);
/* hash: of its key. Known entries only. */
void noted_add(struct noted *n, uint64_t hash, struct entry *e);
void noted_remove(struct noted *n, uint64_t hash, const struct entry *e);
/* The entry has moved; old may be freed. */
void noted_move(struct noted *n, uint64_t hash, const void *old, struct entry *e);
/* Sets or clears the entry's mark, which must change. */
void noted_mark(struct noted *n, uint64_t hash, struct entry *e, bool has);
size_t noted_memory(const struct noted *n);

#endif
