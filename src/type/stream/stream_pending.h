/* What a group has delivered and nobody acknowledged yet: by ID, and in the order of delivery.
 *
 * Records lie in chunks (stream_chunk.h), ordered by ID. First deliveries come in ID order and in
 * time order at once and need no links; only records that were touched since (claimed, read again,
 * released) have a node in an order of their own (stream_touched.h).
 *
 * Who has an owner is leased. Who has none is released, for the next reader to take, deferred until
 * a moment that is known, or held: released, but not before others are through. */
#ifndef TYPE_STREAM_STREAM_PENDING_H
#define TYPE_STREAM_STREAM_PENDING_H

#include "type/stream/stream_notes.h"
#include "type/stream/stream_pending_entry.h"
#include "type/stream/stream_touched.h"

#define STREAM_PENDING_REASON_MOST 1024 /* bytes that are kept of one */

struct stream_chunk;

struct stream_pending {
    struct stream_chunk **chunks;
    size_t first, n, cap;
    uint64_t count;
    size_t finger; /* the chunk found last */
    struct stream_touched touched;
    int64_t plain_ms; /* no untouched one is younger */
    /* No untouched one has an ID below plain_from; those below looked_below, which is not lower,
     * were looked at since their delivery. */
    struct stream_id plain_from, looked_below;
    uint64_t ended_count; /* leased ones that were looked at: their leases have ended */
    struct stream_notes notes;
};

/* A place; valid until something is inserted or removed. */
struct stream_pending_place {
    size_t chunk;
    unsigned record;
};

void stream_pending_init(struct stream_pending *p);
void stream_pending_free(struct stream_pending *p);
/* Remembers the chunk: the next search mostly begins there. */
bool stream_pending_find(struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at);
bool stream_pending_has(const struct stream_pending *p, struct stream_id id);
void stream_pending_get(const struct stream_pending *p, struct stream_pending_place at,
                        struct stream_pending_entry *out);
/* Only the number of its owner. */
uint32_t stream_pending_owner(const struct stream_pending *p, struct stream_pending_place at);
/* A first delivery: the ID is not pending. Without an owner it is released. */
void stream_pending_add(struct stream_pending *p, const struct stream_pending_entry *e);
/* Changes owner, time and count of one that is pending. released: it has no owner, and goes to the
 * end of those that are released; else it has one. What was noted of it is forgotten. */
void stream_pending_change(struct stream_pending *p, struct stream_pending_place at,
                           const struct stream_pending_entry *e, bool released);
void stream_pending_remove(struct stream_pending *p, struct stream_pending_place at);
/* First place with an ID >= id; false: none. */
bool stream_pending_seek(const struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at);
bool stream_pending_next(const struct stream_pending *p, struct stream_pending_place *at);
/* The one with the highest ID; there is one. */
void stream_pending_last(const struct stream_pending *p, struct stream_pending_entry *out);
/* As seek and next, but only records of one consumer; skips whole chunks without it. */
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
/* Released and held ones: those without an owner that no moment brings back. */
static inline uint64_t stream_pending_undeferred_count(const struct stream_pending *p)
{
    return p->touched.released_count + p->touched.held_count;
}
/* Leased ones, whether their leases have ended or not. */
static inline uint64_t stream_pending_owned_count(const struct stream_pending *p)
{
    return p->count - p->touched.released_count - p->touched.deferred_count - p->touched.held_count;
}

/* The number of its node in the order of time; STREAM_TOUCHED_NONE: it is not pending, or not
 * touched. */
uint32_t stream_pending_node(const struct stream_pending *p, struct stream_id id);
/* One that is pending. */
void stream_pending_get_by_id(const struct stream_pending *p, struct stream_id id,
                              struct stream_pending_entry *out);
/* From a place on (it included; it may be one behind the end of a chunk) to an untouched one;
 * false: there is none. */
bool stream_pending_settle_plain(const struct stream_pending *p, struct stream_pending_place *at,
                                 struct stream_pending_entry *out);
/* The first untouched one with an ID >= *from, which moves up to it, or behind all when there is
 * none (false). */
bool stream_pending_find_plain(const struct stream_pending *p, struct stream_id *from,
                               struct stream_pending_entry *out);
/* ---- Without an owner until a moment */

/* It has no owner from now on, and this count, and is released when due_ms has come. What was noted
 * of it is forgotten. O(log n). */
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
/* When one without an owner is due, or was: what fell due remembers it, since whoever applies
 * effects (a replica) or loads a file may not have released it yet. 0: it was not deferred. */
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
/* Releases those that are due, at most so many, in the order of their due times, then IDs. What was
 * noted stays. Returns how many. */
static inline size_t stream_pending_release_due(struct stream_pending *p, int64_t now_ms,
                                                size_t most)
{
    return stream_touched_release_due(&p->touched, now_ms, most);
}
/* Releases all that are held, then all that are deferred in the same order; nobody remembers when
 * they were due. O(released ones), of those from before too. */
static inline void stream_pending_release_all(struct stream_pending *p)
{
    stream_touched_release_all(&p->touched);
}

/* ---- Without an owner until others are through */

/* A released one is held, a held one released, behind all that are. When it was due and what was
 * noted of it stays. */
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

/* It is pending, and has no owner. */
static inline bool stream_pending_has_no_owner(const struct stream_pending *p, struct stream_id id)
{
    uint32_t node = stream_pending_node(p, id);
    return node != STREAM_TOUCHED_NONE &&
           stream_touched_at(&p->touched, node)->state != STREAM_LEASED;
}
/* What is known of an entry that has no owner, for as long as it has none. The text is copied, up
 * to STREAM_PENDING_REASON_MOST; none: forgotten. */
static inline void stream_pending_set_reason(struct stream_pending *p, struct stream_id id,
                                             struct bytes reason)
{
    ASSERT(stream_pending_has_no_owner(p, id));
    if (reason.n > STREAM_PENDING_REASON_MOST)
        reason.n = STREAM_PENDING_REASON_MOST;
    stream_notes_set_reason(&p->notes, id, reason);
}
/* No bytes: none was told. Valid until the entry changes. */
static inline struct bytes stream_pending_reason(const struct stream_pending *p,
                                                 struct stream_id id)
{
    return stream_notes_reason(&p->notes, id);
}
/* It was to die, and cannot (broker D6). */
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

/* The next owned entry that was delivered at or before until_ms and was not looked at since its
 * delivery, the longest leased first; it counts in ended_count until it changes or goes. False:
 * none is left. Amortised O(log n). */
bool stream_pending_end_next(struct stream_pending *p, int64_t until_ms,
                             struct stream_pending_entry *out);
/* All are to be looked at again (the length of leases has changed). O(1). */
void stream_pending_end_reset(struct stream_pending *p);

void stream_pending_copy(struct stream_pending *to, const struct stream_pending *from);
size_t stream_pending_memory(const struct stream_pending *p);
/* Walks everything, for tests: order, counts and links agree. */
bool stream_pending_is_sound(const struct stream_pending *p);

#endif
