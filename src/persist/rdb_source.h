/* The input of the RDB format: bytes in memory. Primitives, each bounds-checked: false after
 * damage, which `error` then describes.
 *
 * Nothing is allocated on the word of a length alone: only for bytes that are present, and for
 * large strings only if there is memory for them and for the value made of them. */
#ifndef PERSIST_RDB_SOURCE_H
#define PERSIST_RDB_SOURCE_H

#include "base/buf.h"
#include "base/clock.h"
#include "persist/rdb_format.h"

#include <stdint.h>

struct rdb_templates;

struct rdb_source {
    const unsigned char *start, *p, *end;
    enum rdb_dialect dialect;
    const struct rdb_templates *templates; /* of the file (persist/rdb_template.h), or NULL */
    /* Called when a value is loaded differently from what the file says. May be NULL. */
    void (*warn)(void *context, const char *text);
    void *warn_context;
    /* Called within a value, at the first string after clock_ticks() has reached turn_at (0:
     * never); false: reading fails. NULL: this value is not interrupted. */
    bool (*turn)(void *context);
    void *turn_context;
    uint64_t turn_at;
    struct buf text; /* an expanded string, valid until the next one */
    struct buf blob; /* another, for rdb_source_string_into() */
    bool failed;
    bool empty;      /* rdb_get_value() found an empty collection: no failure */
    char error[160]; /* of the first failure, with its offset */
};

/* Always false. */
bool rdb_source_fail(struct rdb_source *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Reports that a value is loaded differently from what the file says. */
void rdb_source_warn(struct rdb_source *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool rdb_source_need(struct rdb_source *r, uint64_t n);
bool rdb_source_byte(struct rdb_source *r, unsigned *out);
bool rdb_source_length(struct rdb_source *r, uint64_t *out);
bool rdb_source_little64(struct rdb_source *r, uint64_t *out);
/* A string in place or, if it was encoded, in `text` (in `to`). */
bool rdb_source_string(struct rdb_source *r, struct bytes *out);
bool rdb_source_string_into(struct rdb_source *r, struct bytes *out, struct buf *to);
/* Whether a value of this type may be interrupted by turns. */
bool rdb_source_may_take_turns(unsigned type);
/* Schedules the next turn in that many microseconds; 0: none. */
void rdb_source_time_turn(struct rdb_source *r, int64_t us);
static inline bool rdb_source_turn_is_due(const struct rdb_source *r)
{
    return r->turn_at && clock_ticks() >= r->turn_at;
}
void rdb_source_free(struct rdb_source *r);

#endif
