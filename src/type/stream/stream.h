/* A stream: its entries, counters and groups. Works on bytes, IDs and milliseconds; independent of
 * keys, clients, RESP and files. */
#ifndef TYPE_STREAM_STREAM_H
#define TYPE_STREAM_STREAM_H

#include "type/stream/stream_context.h"
#include "type/stream/stream_dedup.h"
#include "type/stream/stream_extra.h"
#include "type/stream/stream_group.h"
#include "type/stream/stream_log.h"

/* What became of its messages in this process. Apart from the stream, since most have none. */
struct stream_outcomes {
    uint64_t expired, routed, route_failures; /* routed: copies that its bindings made */
    uint64_t rejected;                        /* refused because it was full */
};

struct stream {
    struct stream_log log;
    struct stream_id last_id;     /* the highest ever given */
    struct stream_id max_deleted; /* highest ID ever deleted */
    uint64_t added;               /* entries ever added; capped at INT64_MAX */
    struct dict groups;           /* name to struct stream_group */
    uint32_t policies, deleting;  /* groups with a policy; groups whose policy deletes (ONACK
                                     DELETE) */
    struct stream_dedup dedup;
    struct stream_extra *extra;       /* owned; NULL: it has no extras */
    struct stream_outcomes *outcomes; /* owned; NULL: all are 0 */
    uint32_t surveyed;                /* the survey's record of it (survey_record.h); 0: none */
};

/* The counters that outlive a stream's entries. */
struct stream_counters {
    struct stream_id last_id, max_deleted;
    uint64_t added;
};

struct stream *stream_new(struct stream_context *x, int64_t dedup_duration_s, uint64_t dedup_max);
void stream_free(struct stream *s);
struct stream *stream_copy(const struct stream *s);

/* The ID that "*" gives now; false: the last possible one is taken. */
bool stream_next_id(const struct stream *s, uint64_t now_ms, struct stream_id *out);
/* The ID must be above last_id. */
void stream_append(struct stream *s, struct stream_id id, const struct bytes *pairs, size_t fields,
                   const struct stream_log_policy *p);
struct stream_counters stream_counters(const struct stream *s);
/* For XSETID and the loader, which know what the entries no longer show. last_id is at least the
 * newest entry's; added is capped at INT64_MAX. */
void stream_set_counters(struct stream *s, const struct stream_counters *c);
/* 0-0 when empty. */
struct stream_id stream_first_id(const struct stream *s);

/* Deletes one entry with its expiry time, even if groups refer to it. False: no such entry. */
bool stream_delete(struct stream *s, struct stream_id id);
/* Deletes by a strategy. 1: deleted; 2: still needed; -1: no such entry. *dropped is increased by
 * the references removed. */
int stream_delete_by(struct stream *s, struct stream_id id, enum stream_strategy strategy,
                     uint64_t *dropped);
/* Whether some group has not read the entry yet, or has it pending. */
bool stream_is_needed(const struct stream *s, struct stream_id id);
/* The last ID that all groups have read; without groups the highest possible. */
struct stream_id stream_read_by_all(const struct stream *s);
/* Removes an ID from every group's pending entries; returns from how many. */
uint64_t stream_drop_references(struct stream *s, struct stream_id id);

/* Removes a scheduled message and its expiry time. False: there is none with that ID. */
bool stream_cancel(struct stream *s, struct stream_id id);

struct stream_trim {
    bool by_id; /* MINID, else MAXLEN */
    bool about; /* whole blocks only */
    uint64_t max_length;
    struct stream_id min_id;
    uint64_t limit; /* most entries to delete; 0: no limit */
    enum stream_strategy strategy;
    struct buf *gone; /* DELREF, ACKED: collects the struct stream_id of each deleted entry; may
                         be NULL */
};
/* Returns how many entries were deleted, with their expiry times; *dropped counts the references
 * removed, to them and to entries deleted earlier. */
uint64_t stream_trim(struct stream *s, const struct stream_trim *t, uint64_t *dropped);

struct stream_group *stream_find_group(const struct stream *s, struct bytes name);
/* NULL: it exists already. */
struct stream_group *stream_add_group(struct stream *s, struct bytes name, struct stream_id last_id,
                                      int64_t entries_read);
bool stream_remove_group(struct stream *s, struct bytes name);
/* Takes ownership of the policy. NULL: removes the group's policy, and releases what was deferred
 * or held. A new policy continues the counts and the watch of the one it replaces; a first one
 * starts counting now. If the lease changes, all leases are looked at again
 * (stream_pending_end_next()). If the order changes, nothing is known of it
 * (stream_group_begin_order()), and what was held is released. */
void stream_set_policy(struct stream *s, struct stream_group *g, struct stream_policy *p);
/* Sorted by name; the caller frees the array. */
struct stream_group **stream_sorted_groups(const struct stream *s, size_t *n);
/* Entries that the group has not read; false: unknown by the rules of Redis (the position was set
 * to the middle, or entries above it were deleted). O(blocks). */
bool stream_lag(const struct stream *s, const struct stream_group *g, uint64_t *out);
/* The exact number of entries above the group's position. O(blocks). */
uint64_t stream_unread(const struct stream *s, const struct stream_group *g);
/* How many entries were ever added up to an ID; -1: unknown. */
int64_t stream_entries_read_at(const struct stream *s, struct stream_id id);
/* The group reads the entry with this ID, the next one after its position: counts it and moves the
 * position there. follows: the entry at the old position was read just now, so nothing was trimmed
 * in between. O(1), except for the first entry after a gap. */
void stream_advance_group(const struct stream *s, struct stream_group *g, struct stream_id id,
                          bool follows);
/* The zones of the context that the stream was made with. */
struct zone_table *stream_zones(const struct stream *s);
/* The stream's extras, made when absent; callers that leave them empty call stream_tidy_extra(). */
struct stream_extra *stream_need_extra(struct stream *s);
/* Frees empty extras, whose watch must have ended. */
void stream_tidy_extra(struct stream *s);
/* Whether things may happen to it without a command: a group has a policy, or it has extras. */
static inline bool stream_acts(const struct stream *s)
{
    return s->policies > 0 || s->extra;
}
/* To count in. */
struct stream_outcomes *stream_need_outcomes(struct stream *s);
size_t stream_memory(const struct stream *s, size_t samples);
/* Walks everything, for tests. */
bool stream_is_sound(const struct stream *s);

#endif
