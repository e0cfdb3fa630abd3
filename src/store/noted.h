/* Entries that a database knows beside their keys: streams, which are surveyed, and those to which
 * something happens by itself, told by the entry's mark (type/kind.h): hashes whose fields have
 * TTLs, and streams some of whose groups have a policy. The tables do not own what they hold.
 *
 * Cost: a comparison for all other entries. */
#ifndef STORE_NOTED_H
#define STORE_NOTED_H

#include "ds/table.h"
#include "type/kind.h"

struct noted {
    struct table hashes;  /* some of whose fields have a TTL */
    struct table acting;  /* streams some of whose groups have a policy */
    struct table streams; /* all of them */
};

static inline bool noted_is_known(const struct entry *e)
{
    return e->kind == VALUE_STREAM || value_has_field_ttl(e);
}
void noted_init(struct noted *n);
void noted_clear(struct noted *n);
/* hash: of its key. Of known entries only. */
void noted_add(struct noted *n, uint64_t hash, struct entry *e);
void noted_remove(struct noted *n, uint64_t hash, const struct entry *e);
/* The same entry lies elsewhere; what old points to may be gone. */
void noted_move(struct noted *n, uint64_t hash, const void *old, struct entry *e);
/* Gives the entry its mark, or takes it away; it differs from the one it has. */
void noted_mark(struct noted *n, uint64_t hash, struct entry *e, bool has);
size_t noted_memory(const struct noted *n);

#endif
