/* A stream: its entries, counters and groups. Speaks bytes, IDs and milliseconds; has never heard
 * of a key, a client, RESP or a file. */
#ifndef TYPE_STREAM_STREAM_H
#define TYPE_STREAM_STREAM_H

#include "type/stream/stream_context.h"
#include "type/stream/stream_dedup.h"
#include "type/stream/stream_extra.h"
#include "type/stream/stream_group.h"
#include "type/stream/stream_log.h"

struct stream {
    struct stream_log log;
    struct stream_id last_id;     /* ever given */
    struct stream_id max_deleted; /* highest ID ever deleted */
    uint64_t added;               /* entries, ever; stays at INT64_MAX */
    struct dict groups;           /* name to struct stream_group */
    uint32_t policies, deleting;  /* groups with a policy, and with one that deletes (ONACK) */
    struct stream_dedup dedup;
    struct stream_extra *extra; /* owned; NULL: it has nothing of that */
    uint32_t surveyed; /* somebody else's: where it keeps what it knows of the stream; 0: nowhere */
};

/* What a stream knows of its past beside its entries. */
struct stream_counters {
    struct stream_id last_id, max_deleted;
    uint64_t added;
};

struct stream *stream_new(struct stream_context *x, int64_t dedup_duration_s, uint64_t dedup_max);
void stream_free(struct stream *s);
struct stream *stream_copy(const struct stream *s);

/* The ID that "*" gives now; false: the last possible one was used. */
bool stream_next_id(const struct stream *s, uint64_t now_ms, struct stream_id *out);
/* The ID must be above last_id. */
void stream_append(struct stream *s, struct stream_id id, const struct bytes *pairs, size_t fields,
                   const struct stream_log_policy *p);
struct stream_counters stream_counters(const struct stream *s);
/* For XSETID and for the loader: what the entries themselves no longer tell. last_id is at least
 * the newest entry's; added above INT64_MAX becomes that. */
void stream_set_counters(struct stream *s, const struct stream_counters *c);
/* 0-0 when empty. */
struct stream_id stream_first_id(const struct stream *s);

/* Deletes one entry, whatever refers to it; its moment of expiry goes along. False: no such entry.
 */
bool stream_delete(struct stream *s, struct stream_id id);
/* Deletes under a strategy. 1: deleted; 2: still needed; -1: no such entry. *dropped counts
 * references that were taken away. */
int stream_delete_by(struct stream *s, struct stream_id id, enum stream_strategy strategy,
                     uint64_t *dropped);
/* Some group has not read it yet, or has it pending. */
bool stream_is_needed(const struct stream *s, struct stream_id id);
/* The last ID that all groups have read; without groups the highest there is. */
struct stream_id stream_read_by_all(const struct stream *s);
/* Takes an ID out of every group's pending entries; returns of how many. */
uint64_t stream_drop_references(struct stream *s, struct stream_id id);

/* Takes a scheduled message away, and its moment of expiry. False: none has that ID. */
bool stream_cancel(struct stream *s, struct stream_id id);

struct stream_trim {
    bool by_id; /* MINID, else MAXLEN */
    bool about; /* whole blocks only */
    uint64_t max_length;
    struct stream_id min_id;
    uint64_t limit; /* most entries to delete; 0: no limit */
    enum stream_strategy strategy;
    struct buf *gone; /* DELREF, ACKED: gets the struct stream_id of each entry that went; may be
                       * NULL */
};
/* Returns how many entries went, with their moments of expiry; *dropped is how many references to
 * them, and to entries that went earlier. */
uint64_t stream_trim(struct stream *s, const struct stream_trim *t, uint64_t *dropped);

struct stream_group *stream_find_group(const struct stream *s, struct bytes name);
/* NULL: it exists. */
struct stream_group *stream_add_group(struct stream *s, struct bytes name, struct stream_id last_id,
                                      int64_t entries_read);
bool stream_remove_group(struct stream *s, struct bytes name);
/* Takes the policy over; NULL: the group has none from now on, and what was deferred or held is
 * released. In place of another one it goes on with that one's counts and watch; a first one begins
 * to count now. Another length of leases: all are to be looked at again
 * (stream_pending_end_next()). Another order: nothing is known of it yet
 * (stream_group_begin_order()), and what was held is released. */
void stream_set_policy(struct stream *s, struct stream_group *g, struct stream_policy *p);
/* Sorted by name; the array belongs to the caller. */
struct stream_group **stream_sorted_groups(const struct stream *s, size_t *n);
/* Entries that are there and the group has not read; false: unknown, as far as Redis is concerned
 * (the position was set to the middle, or entries were deleted behind it). O(blocks). */
bool stream_lag(const struct stream *s, const struct stream_group *g, uint64_t *out);
/* How many entries are there above the group's position, exactly. O(blocks). */
uint64_t stream_unread(const struct stream *s, const struct stream_group *g);
/* How many entries were ever added up to an ID, when that can be told; -1: unknown. */
int64_t stream_entries_read_at(const struct stream *s, struct stream_id id);
/* The group, still at the position before it, reads entry id: counts it and moves the position
 * there. follows: what is at the old position was read just now, so nothing was trimmed between
 * them. O(1) but for the first entry behind a hole. */
void stream_advance_group(const struct stream *s, struct stream_group *g, struct stream_id id,
                          bool follows);
/* Of the context that it was made with. */
struct zone_table *stream_zones(const struct stream *s);
/* The one there is, or a new one; whoever leaves it empty calls stream_tidy_extra(). */
struct stream_extra *stream_need_extra(struct stream *s);
/* Frees it if it is empty; what watches it has gone by then. */
void stream_tidy_extra(struct stream *s);
/* Something may happen to it by itself: a group has a policy, or it has extras. */
static inline bool stream_acts(const struct stream *s)
{
    return s->policies > 0 || s->extra;
}
size_t stream_memory(const struct stream *s, size_t samples);
/* Walks everything, for tests. */
bool stream_is_sound(const struct stream *s);

#endif
