/* A group's pending entries: delivered and not acknowledged, by ID and in the order of delivery.
 *
 * Records are in chunks (stream_chunk.h), ordered by ID. First deliveries come in the order of IDs
 * and of time at once and need no links; only records touched since (claimed, read again, released)
 * have a node in an order of their own (stream_touched.h).
 *
 * An entry with an owner is leased. One without is released, for the next reader to take; deferred
 * until a given time; or held, which is released but not yet deliverable, because another entry
 * with the same value comes first. */
#ifndef TYPE_STREAM_STREAM_PENDING_H
#define TYPE_STREAM_STREAM_PENDING_H

#include "type/stream/stream_notes.h"
#include "type/stream/stream_pending_entry.h"
#include "type/stream/stream_touched.h"

#define STREAM_PENDING_REASON_MOST 1024 /* bytes kept of a reason */

struct stream_chunk;

struct stream_pending {
    struct stream_chunk **chunks;
    size_t first, n, cap;
    uint64_t count;
    size_t finger; /* index of the chunk found last */
    struct stream_touched touched;
    int64_t plain_ms; /* delivery time of the youngest untouched record, or later */
    /* No untouched record is below plain_from; those below looked_below, which is at least
     * plain_from, were looked at since their delivery. */
    struct stream_id plain_from, looked_below;
    struct stream_id barred_below; /* untouched ones below it are barred (stream_pending_walk.h) */
    uint64_t walked;               /* entries that walks have gone past: for tests */
    uint64_t ended_count;          /* leased ones that were looked at: their leases have ended */
    struct stream_notes notes;
};

/* A position; valid until something is inserted or removed. */
struct stream_pending_place {
    size_t chunk;
    unsigned record;
};

void stream_pending_init(struct stream_pending *p);
void stream_pending_free(struct stream_pending *p);
/* Remembers the chunk, where the next search starts. */
bool stream_pending_find(struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at);
bool stream_pending_has(const struct stream_pending *p, struct stream_id id);
void stream_pending_get(const struct stream_pending *p, struct stream_pending_place at,
                        struct stream_pending_entry *out);
/* The number of its owner. */
uint32_t stream_pending_owner(const struct stream_pending *p, struct stream_pending_place at);
/* Adds an entry whose ID is not pending. Without an owner it is released. */
void stream_pending_add(struct stream_pending *p, const struct stream_pending_entry *e);
/* Sets owner, time and count of a pending entry. released: it has no owner and goes to the end of
 * the released ones; else it has one. Its notes are dropped. */
void stream_pending_change(struct stream_pending *p, struct stream_pending_place at,
                           const struct stream_pending_entry *e, bool released);
void stream_pending_remove(struct stream_pending *p, struct stream_pending_place at);
/* The first place with an ID >= id; false: none. */
bool stream_pending_seek(const struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at);
bool stream_pending_next(const struct stream_pending *p, struct stream_pending_place *at);
/* The one with the highest ID; the list is not empty. */
void stream_pending_last(const struct stream_pending *p, struct stream_pending_entry *out);
/* As seek and next, for the records of one consumer; skips whole chunks without any. */
bool stream_pending_seek_owned(const struct stream_pending *p, struct stream_id id,
                               uint32_t consumer, struct stream_pending_place *at);
bool stream_pending_next_owned(const struct stream_pending *p, uint32_t consumer,
                               struct stream_pending_place *at);

static inline uint64_t stream_pending_released_count(const struct stream_pending *p)
{
    return p->touched.released_count;
}
static inline uint64_t stream_pending_deferred_count(const struct stream_pending *p)
{
    return p->touched.deferred_count;
}
static inline uint64_t stream_pending_held_count(const struct stream_pending *p)
{
    return p->touched.held_count;
}
/* Released and held ones: those without an owner and without a due time. */
static inline uint64_t stream_pending_undeferred_count(const struct stream_pending *p)
{
    return p->touched.released_count + p->touched.held_count;
}
/* Leased ones, whether their leases have ended or not. */
static inline uint64_t stream_pending_owned_count(const struct stream_pending *p)
{
    return p->count - p->touched.released_count - p->touched.deferred_count - p->touched.held_count;
}

/* The number of its node in stream_touched.h; STREAM_TOUCHED_NONE: not pending, or not touched. */
uint32_t stream_pending_node(const struct stream_pending *p, struct stream_id id);
/* The ID must be pending. */
void stream_pending_get_by_id(const struct stream_pending *p, struct stream_id id,
                              struct stream_pending_entry *out);
/* From a place (inclusive, and possibly one past the end of a chunk) to the next untouched record;
 * false: there is none. */
bool stream_pending_settle_plain(const struct stream_pending *p, struct stream_pending_place *at,
                                 struct stream_pending_entry *out);
/* The first untouched record with an ID >= *from, which is raised to it, or past all when there is
 * none (false). */
bool stream_pending_find_plain(const struct stream_pending *p, struct stream_id *from,
                               struct stream_pending_entry *out);
/* ---- Without an owner until a moment */

/* Takes its owner away, sets the count, and releases it when due_ms has come. Its notes are
 * dropped. O(log n). */
void stream_pending_defer(struct stream_pending *p, struct stream_pending_place at, uint64_t count,
                          int64_t due_ms);
/* False: it is not deferred, or not pending. */
static inline bool stream_pending_is_deferred(const struct stream_pending *p, struct stream_id id,
                                              int64_t *due_ms)
{
    uint32_t node = stream_pending_node(p, id);
    if (node == STREAM_TOUCHED_NONE)
        return false;
    *due_ms = stream_touched_at(&p->touched, node)->time_ms;
    return stream_touched_at(&p->touched, node)->state == STREAM_DEFERRED;
}
/* When an entry without an owner is or was due: a released one remembers it, as replicas and loaded
 * files may not have released it yet. 0: it was not deferred. */
static inline int64_t stream_pending_due_ms(const struct stream_pending *p, struct stream_id id)
{
    const struct stream_touched_node *x =
        stream_touched_at(&p->touched, stream_pending_node(p, id));
    ASSERT(x->state != STREAM_LEASED);
    return x->time_ms;
}
/* When the next one is due; false: none is deferred. */
static inline bool stream_pending_first_due(const struct stream_pending *p, int64_t *due_ms)
{
    uint32_t node = stream_touched_next_due(&p->touched);
    if (node != STREAM_TOUCHED_NONE)
        *due_ms = stream_touched_at(&p->touched, node)->time_ms;
    return node != STREAM_TOUCHED_NONE;
}
/* Releases entries that are due, at most `most`, by due time, then ID. Notes stay. Returns how
 * many. */
static inline size_t stream_pending_release_due(struct stream_pending *p, int64_t now_ms,
                                                size_t most)
{
    return stream_touched_release_due(&p->touched, now_ms, most);
}
/* Releases all held ones, then all deferred ones in the same order, and forgets due times.
 * O(released ones, including earlier ones). */
static inline void stream_pending_release_all(struct stream_pending *p)
{
    stream_touched_release_all(&p->touched);
}

/* ---- Without an owner until others are through */

/* Holds a released entry; releases a held one, behind all released ones. Due time and notes stay.
 */
void stream_pending_hold(struct stream_pending *p, struct stream_id id);
void stream_pending_let_go(struct stream_pending *p, struct stream_id id);
/* False: it is not held, or not pending. */
static inline bool stream_pending_is_held(const struct stream_pending *p, struct stream_id id)
{
    uint32_t node = stream_pending_node(p, id);
    return node != STREAM_TOUCHED_NONE &&
           stream_touched_at(&p->touched, node)->state == STREAM_HELD;
}
/* Releases all that are held. */
static inline void stream_pending_let_all_go(struct stream_pending *p)
{
    stream_touched_release_held(&p->touched);
}

/* Whether it is pending without an owner. */
static inline bool stream_pending_has_no_owner(const struct stream_pending *p, struct stream_id id)
{
    uint32_t node = stream_pending_node(p, id);
    return node != STREAM_TOUCHED_NONE &&
           stream_touched_at(&p->touched, node)->state != STREAM_LEASED;
}
/* Notes on an entry without an owner, dropped when it gets one. Copies up to
 * STREAM_PENDING_REASON_MOST bytes of the text; empty: removes it. */
static inline void stream_pending_set_reason(struct stream_pending *p, struct stream_id id,
                                             struct bytes reason)
{
    ASSERT(stream_pending_has_no_owner(p, id));
    if (reason.n > STREAM_PENDING_REASON_MOST)
        reason.n = STREAM_PENDING_REASON_MOST;
    stream_notes_set_reason(&p->notes, id, reason);
}
/* Empty: none. Valid until the entry changes. */
static inline struct bytes stream_pending_reason(const struct stream_pending *p,
                                                 struct stream_id id)
{
    return stream_notes_reason(&p->notes, id);
}
/* It was to die and cannot (broker D6). */
static inline void stream_pending_set_blocked(struct stream_pending *p, struct stream_id id)
{
    ASSERT(stream_pending_has_no_owner(p, id));
    stream_notes_set_blocked(&p->notes, id);
}
static inline bool stream_pending_is_blocked(const struct stream_pending *p, struct stream_id id)
{
    return stream_notes_is_blocked(&p->notes, id);
}
static inline uint64_t stream_pending_blocked_count(const struct stream_pending *p)
{
    return p->notes.blocked_count;
}

/* ---- Looking at leases that have ended, once each */

/* The next owned entry that was delivered at or before until_ms and was not returned since its
 * delivery, oldest first; it counts in ended_count until it changes or is removed. False: none is
 * left. Amortised O(log n). */
bool stream_pending_end_next(struct stream_pending *p, int64_t until_ms,
                             struct stream_pending_entry *out);
/* All will be returned again, since the length of leases has changed. O(1). */
void stream_pending_end_reset(struct stream_pending *p);

void stream_pending_copy(struct stream_pending *to, const struct stream_pending *from);
size_t stream_pending_memory(const struct stream_pending *p);
/* Walks everything, for tests: order, counts and links agree. */
bool stream_pending_is_sound(const struct stream_pending *p);

#endif
