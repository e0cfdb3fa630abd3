/* A stream is its log of entries, three counters and its groups.
 *
 * The counters outlive the entries. last_id only rises: no ID is given twice, even after its entry
 * was deleted. `added` counts every append. max_deleted is the highest ID that was deleted
 * individually; KEEPREF trimming does not raise it, since it leaves no gap after the oldest entry.
 *
 * A group's lag is the number of live entries above its position. We could always count them, but
 * Redis answers "unknown" where its arithmetic on the counters fails, and clients see that: when
 * the position was set to the middle, or an entry at or above it was deleted (has_holes()).
 * entries_read follows the same rules: it counts up by one while a group reads entry after entry;
 * for the first entry after a gap it is derived from the stream (count_read_slowly()).
 *
 * Deletion has three strategies. KEEPREF leaves pending references dangling; it drops whole blocks,
 * so trimming is O(blocks). DELREF also removes the references from every group, and ACKED deletes
 * only what every group has read and acknowledged; both look at each entry.
 *
 * An entry's expiry time in `extra` is removed with it, however it is deleted.
 *
 * Nothing here can fail, except for lack of memory, which ends the process. */
#include "type/stream/stream.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>

struct stream *stream_new(struct stream_context *x, int64_t dedup_duration_s, uint64_t dedup_max)
{
    struct stream *s = mem_zalloc(sizeof(*s));
    s->log.cache = x->cache;
    s->dedup.actives = &x->with_records;
    s->dedup.duration_s = dedup_duration_s;
    s->dedup.max_size = dedup_max;
    return s;
}

void stream_free(struct stream *s)
{
    if (!s)
        return;
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));)
        stream_group_free(n->value);
    dict_clear(&s->groups);
    stream_dedup_clear(&s->dedup);
    stream_log_free(&s->log);
    stream_extra_free(s->extra);
    mem_free(s->outcomes);
    mem_free(s);
}

struct stream *stream_copy(const struct stream *s)
{
    struct stream *copy = mem_zalloc(sizeof(*copy));
    *copy =
        (struct stream){.last_id = s->last_id, .max_deleted = s->max_deleted, .added = s->added};
    stream_log_copy(&copy->log, &s->log);
    stream_dedup_copy(&copy->dedup, &s->dedup);
    copy->policies = s->policies;
    copy->deleting = s->deleting;
    if (s->extra)
        copy->extra = stream_extra_copy(s->extra);
    stream_tidy_extra(copy);
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));)
        dict_ensure(&copy->groups, dict_key(n))->value = stream_group_copy(n->value);
    w = (struct dict_walk){0};
    for (struct dict_node *n; (n = dict_next(&copy->groups, &w));) {
        struct stream_group *g = n->value;
        if (g->policy)
            g->policy->counts.added_before = s->added;
    }
    return copy;
}

bool stream_next_id(const struct stream *s, uint64_t now_ms, struct stream_id *out)
{
    if (now_ms > s->last_id.ms) {
        *out = (struct stream_id){now_ms, 0};
        return true;
    }
    *out = s->last_id;
    return stream_id_next(out);
}

void stream_append(struct stream *s, struct stream_id id, const struct bytes *pairs, size_t fields,
                   const struct stream_log_policy *p)
{
    ASSERT(stream_id_compare(id, s->last_id) > 0 || (s->added == 0 && stream_id_is_zero(id)));
    stream_log_append(&s->log, id, pairs, fields, p);
    s->last_id = id;
    if (s->added < INT64_MAX)
        s->added++;
    ASSERT(s->added > 0 && s->log.length > 0);
}

struct stream_counters stream_counters(const struct stream *s)
{
    return (struct stream_counters){s->last_id, s->max_deleted, s->added};
}

/* With a lower last ID, a new entry may get the ID of a deleted one that is still pending. */
static void unbar_groups(struct stream *s)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));)
        stream_pending_walk_unbar(&((struct stream_group *)n->value)->pending);
}

void stream_set_counters(struct stream *s, const struct stream_counters *c)
{
    struct stream_id newest;
    ASSERT(!stream_log_newest(&s->log, &newest) || stream_id_compare(c->last_id, newest) >= 0);
    if (stream_id_compare(c->last_id, s->last_id) < 0)
        unbar_groups(s);
    s->last_id = c->last_id;
    s->max_deleted = c->max_deleted;
    s->added = c->added < INT64_MAX ? c->added : INT64_MAX;
}

struct stream_id stream_first_id(const struct stream *s)
{
    struct stream_id id = STREAM_ID_MIN;
    stream_log_oldest(&s->log, &id);
    return id;
}

static void note_deleted(struct stream *s, struct stream_id id)
{
    if (stream_id_compare(id, s->max_deleted) > 0)
        s->max_deleted = id;
}

static bool delete_entry(struct stream *s, struct stream_id id)
{
    if (!stream_log_delete(&s->log, id))
        return false;
    note_deleted(s, id);
    if (s->extra)
        stream_expiry_remove(&s->extra->expiry, id);
    return true;
}

/* Entries with IDs from `from` to `to` were removed. Groups may not have read them, or may have
 * them pending, which changes what they can deliver. */
static void tell_groups(struct stream *s, struct stream_id from, struct stream_id to)
{
    struct dict_walk w = {0};
    if (s->policies)
        for (struct dict_node *n; (n = dict_next(&s->groups, &w));)
            stream_group_gone(n->value, from, to);
}

bool stream_delete(struct stream *s, struct stream_id id)
{
    if (!delete_entry(s, id))
        return false;
    tell_groups(s, id, id);
    return true;
}

bool stream_cancel(struct stream *s, struct stream_id id)
{
    if (!s->extra || !stream_future_remove(&s->extra->future, id))
        return false;
    stream_expiry_remove(&s->extra->expiry, id);
    return true;
}

bool stream_is_needed(const struct stream *s, struct stream_id id)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));) {
        const struct stream_group *g = n->value;
        if (stream_id_compare(g->last_id, id) < 0 || stream_pending_has(&g->pending, id))
            return true;
    }
    return false;
}

struct stream_id stream_read_by_all(const struct stream *s)
{
    struct stream_id id = STREAM_ID_MAX;
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));) {
        const struct stream_group *g = n->value;
        if (stream_id_compare(g->last_id, id) < 0)
            id = g->last_id;
    }
    return id;
}

uint64_t stream_drop_references(struct stream *s, struct stream_id id)
{
    uint64_t n = 0;
    struct dict_walk w = {0};
    for (struct dict_node *x; (x = dict_next(&s->groups, &w));)
        n += stream_group_ack(x->value, id);
    return n;
}

int stream_delete_by(struct stream *s, struct stream_id id, enum stream_strategy strategy,
                     uint64_t *dropped)
{
    if (strategy == STREAM_ACKNOWLEDGED && stream_log_has(&s->log, id) && stream_is_needed(s, id))
        return 2;
    if (strategy == STREAM_ACKNOWLEDGED) /* read by all groups, so none waits for it */
        return delete_entry(s, id) ? 1 : -1;
    if (strategy == STREAM_DROP_REFERENCES)
        *dropped += stream_drop_references(s, id);
    return stream_delete(s, id) ? 1 : -1;
}

/* Whether trimming would also remove an entry with this ID, were it the oldest. */
static bool too_old(const struct stream *s, const struct stream_trim *t, struct stream_id id)
{
    return t->by_id ? stream_id_compare(id, t->min_id) < 0 : s->log.length > t->max_length;
}

/* How many live entries of the oldest block trimming would remove. The block's last ID does not
 * tell: its newest entries may have been deleted. */
static uint32_t too_old_in_front(const struct stream *s, const struct stream_trim *t)
{
    if (t->by_id)
        return stream_log_front_below(&s->log, t->min_id);
    uint32_t live = stream_log_block(&s->log, 0)->live;
    if (s->log.length <= t->max_length)
        return 0;
    uint64_t n = s->log.length - t->max_length;
    return n < live ? (uint32_t)n : live;
}

/* KEEPREF: drops whole blocks, then single entries of the next block. */
static uint64_t drop_front(struct stream *s, const struct stream_trim *t)
{
    uint64_t deleted = 0;
    while (s->log.n) {
        uint32_t live = stream_log_block(&s->log, 0)->live;
        ASSERT(live > 0);
        if (t->about && t->limit && deleted + live > t->limit)
            break;
        uint32_t n = too_old_in_front(s, t);
        if (t->limit && n > t->limit - deleted)
            n = (uint32_t)(t->limit - deleted);
        if (n < live) {
            if (!t->about)
                deleted += stream_log_drop_front(&s->log, n);
            break;
        }
        deleted += stream_log_drop_front(&s->log, live);
    }
    return deleted;
}

/* As drop_front(), with the expiry times of what is dropped; scheduled messages among them keep
 * theirs. */
static uint64_t trim_front(struct stream *s, const struct stream_trim *t)
{
    if (!s->extra || !stream_expiry_count(&s->extra->expiry))
        return drop_front(s, t);
    struct stream_id from = stream_first_id(s), to = s->last_id;
    uint64_t deleted = drop_front(s, t);
    if (s->log.length)
        to = stream_first_id(s);
    else if (!stream_id_next(&to))
        stream_expiry_remove(&s->extra->expiry, to); /* no ID is behind the last there is */
    stream_expiry_remove_between(&s->extra->expiry, from, to, &s->extra->future);
    return deleted;
}

/* Removes references to entries below the oldest one, deleted earlier, from every group. */
static uint64_t drop_dangling(struct stream *s)
{
    uint64_t dropped = 0;
    struct stream_id first = s->log.length ? stream_first_id(s) : STREAM_ID_MAX;
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));) {
        struct stream_group *g = n->value;
        struct stream_pending_place at;
        struct stream_pending_entry e;
        while (stream_pending_seek(&g->pending, STREAM_ID_MIN, &at)) {
            stream_pending_get(&g->pending, at, &e);
            if (stream_id_compare(e.id, first) >= 0)
                break;
            dropped += stream_group_ack(g, e.id);
        }
    }
    return dropped;
}

/* DELREF and ACKED look at every entry, ACKED at those that all groups have read. */
static uint64_t trim_each(struct stream *s, const struct stream_trim *t, uint64_t *dropped)
{
    uint64_t deleted = 0;
    struct stream_id id = STREAM_ID_MIN, last = t->strategy == STREAM_ACKNOWLEDGED
                                                    ? stream_read_by_all(s)
                                                    : STREAM_ID_MAX;
    for (;;) {
        struct stream_cursor c;
        bool found = stream_log_seek(&s->log, id, &c);
        if (found)
            id = stream_log_id(&c);
        stream_log_end(&c);
        if (!found || stream_id_compare(id, last) > 0 || !too_old(s, t, id) ||
            (t->limit && deleted >= t->limit))
            break;
        if (stream_delete_by(s, id, t->strategy, dropped) == 1) {
            deleted++;
            if (t->gone)
                buf_add(t->gone, bytes_of((const char *)&id, sizeof(id)));
        }
        if (!stream_id_next(&id))
            break;
    }
    if (t->strategy == STREAM_DROP_REFERENCES)
        *dropped += drop_dangling(s);
    return deleted;
}

uint64_t stream_trim(struct stream *s, const struct stream_trim *t, uint64_t *dropped)
{
    *dropped = 0;
    if (t->strategy != STREAM_KEEP_REFERENCES)
        return trim_each(s, t, dropped);
    if (!s->policies)
        return trim_front(s, t);
    struct stream_id from = stream_first_id(s);
    uint64_t deleted = trim_front(s, t);
    if (deleted)
        tell_groups(s, from, s->log.length ? stream_first_id(s) : s->last_id);
    return deleted;
}

struct stream_group *stream_find_group(const struct stream *s, struct bytes name)
{
    return dict_get(&s->groups, name);
}

struct stream_group *stream_add_group(struct stream *s, struct bytes name, struct stream_id last_id,
                                      int64_t entries_read)
{
    struct dict_node *n = dict_ensure(&s->groups, name);
    if (n->value)
        return NULL;
    n->value = stream_group_new(name, last_id, entries_read);
    return n->value;
}

/* Takes its policy out of the stream's counts. */
static void uncount_policy(struct stream *s, const struct stream_group *g)
{
    if (!g->policy)
        return;
    ASSERT(s->policies > 0 && s->deleting >= g->policy->delete_acked);
    s->policies--;
    s->deleting -= g->policy->delete_acked;
}

bool stream_remove_group(struct stream *s, struct bytes name)
{
    struct stream_group *g = dict_remove(&s->groups, name);
    if (!g)
        return false;
    uncount_policy(s, g);
    stream_group_free(g);
    return true;
}

void stream_set_policy(struct stream *s, struct stream_group *g, struct stream_policy *p)
{
    struct stream_policy *old = g->policy;
    ASSERT(!p || p != old);
    uncount_policy(s, g);
    if (p) {
        if (old) {
            p->counts = old->counts;
            p->watch = old->watch;
        } else {
            p->counts = (struct stream_policy_counts){.added_before = s->added};
        }
        s->policies++;
        s->deleting += p->delete_acked;
    }
    if (!p || !old || p->order_skips != old->order_skips ||
        !bytes_equal(str_bytes(p->order_by), str_bytes(old->order_by)))
        stream_group_end_order(g);
    /* Nothing else would ever release deferred entries; and files keep notes only with a policy. */
    if (!p) {
        stream_pending_release_all(&g->pending);
        stream_notes_free(&g->pending.notes);
    }
    if (!p || !old || p->lease_ms != old->lease_ms)
        stream_pending_end_reset(&g->pending);
    stream_pending_walk_unbar(&g->pending);
    g->policy = p;
    stream_policy_free(old);
}

static int by_name(const void *a, const void *b)
{
    const struct stream_group *x = *(struct stream_group *const *)a,
                              *y = *(struct stream_group *const *)b;
    return bytes_compare(str_bytes(x->name), str_bytes(y->name));
}

struct stream_group **stream_sorted_groups(const struct stream *s, size_t *n)
{
    struct stream_group **all = mem_alloc((s->groups.used + 1) * sizeof(*all));
    struct dict_walk w = {0};
    *n = 0;
    for (struct dict_node *x; (x = dict_next(&s->groups, &w));)
        all[(*n)++] = x->value;
    qsort(all, *n, sizeof(*all), by_name);
    return all;
}

/* Whether an entry at or above `from` may have been deleted, so that counting from there is
 * inexact. */
static bool has_holes(const struct stream *s, struct stream_id from)
{
    if (s->log.length == 0 || stream_id_is_zero(s->max_deleted))
        return false;
    /* Deletions below the first entry do not matter. */
    if (stream_id_compare(stream_first_id(s), s->max_deleted) > 0)
        return false;
    return stream_id_compare(from, s->max_deleted) <= 0;
}

/* Whether the oldest entry is above id, which the blocks tell in most cases. */
static bool is_behind(const struct stream *s, struct stream_id id)
{
    if (s->log.length == 0)
        return false;
    const struct stream_block *b = stream_log_block(&s->log, 0);
    if (stream_id_compare(id, b->last) >= 0)
        return false;
    return stream_id_compare(id, b->first) < 0 || stream_id_compare(id, stream_first_id(s)) < 0;
}

static uint64_t live_beyond(const struct stream *s, struct stream_id id)
{
    struct stream_cursor c;
    uint64_t n = 0;
    if (!stream_id_next(&id))
        return 0;
    if (stream_log_seek(&s->log, id, &c))
        n = stream_log_count(&c, STREAM_ID_MAX, UINT64_MAX);
    stream_log_end(&c);
    return n;
}

uint64_t stream_unread(const struct stream *s, const struct stream_group *g)
{
    return s->log.length ? live_beyond(s, g->last_id) : 0;
}

/* How many entries were added before all but the newest n; a counter that was set may be too low.
 */
static int64_t added_before(const struct stream *s, uint64_t n)
{
    return s->added > n ? (int64_t)(s->added - n) : 0;
}

int64_t stream_entries_read_at(const struct stream *s, struct stream_id id)
{
    if (s->added == 0)
        return 0;
    if (s->log.length == 0 && stream_id_compare(id, s->last_id) < 1)
        return added_before(s, 0);
    int against_last = stream_id_compare(id, s->last_id);
    if (against_last == 0)
        return added_before(s, 0);
    if (against_last > 0)
        return -1;
    struct stream_id first = stream_first_id(s);
    int against_first = stream_id_compare(id, first);
    if (stream_id_is_zero(s->max_deleted) || stream_id_compare(s->max_deleted, first) < 0) {
        if (against_first < 0)
            return added_before(s, s->log.length);
        if (against_first == 0)
            return added_before(s, s->log.length - 1);
    }
    return -1;
}

bool stream_lag(const struct stream *s, const struct stream_group *g, uint64_t *out)
{
    *out = 0;
    if (s->added == 0 || s->log.length == 0)
        return true;
    bool counted = g->entries_read >= 0 && !has_holes(s, g->last_id);
    if (!counted && stream_entries_read_at(s, g->last_id) < 0)
        return false;
    *out = live_beyond(s, g->last_id);
    return true;
}

/* entries_read of a group that has not counted, or that reads across a gap: derived from the
 * stream. */
static void count_read_slowly(const struct stream *s, struct stream_group *g, struct stream_id id)
{
    bool counted = g->entries_read >= 0;
    if (counted && !has_holes(s, g->last_id) && !is_behind(s, g->last_id)) {
        if (g->entries_read < INT64_MAX)
            g->entries_read++;
    } else if (counted && !has_holes(s, id)) {
        /* Entries between the former position and this one were deleted or trimmed. */
        g->entries_read = added_before(s, live_beyond(s, id));
    } else if (s->added) {
        g->entries_read = stream_entries_read_at(s, id);
    }
}

void stream_advance_group(const struct stream *s, struct stream_group *g, struct stream_id id,
                          bool follows)
{
    if (__builtin_expect(follows && g->entries_read >= 0 && g->entries_read < INT64_MAX &&
                             stream_id_compare(s->max_deleted, g->last_id) < 0,
                         1))
        g->entries_read++;
    else
        count_read_slowly(s, g, id);
    g->last_id = id;
}

struct zone_table *stream_zones(const struct stream *s)
{
    return dlist_item(s->dedup.actives, struct stream_context, with_records)->zones;
}

struct stream_extra *stream_need_extra(struct stream *s)
{
    if (!s->extra)
        s->extra = stream_extra_new();
    return s->extra;
}

void stream_tidy_extra(struct stream *s)
{
    if (!s->extra || !stream_extra_is_empty(s->extra))
        return;
    ASSERT(!s->extra->watch);
    stream_extra_free(s->extra);
    s->extra = NULL;
}

struct stream_outcomes *stream_need_outcomes(struct stream *s)
{
    if (!s->outcomes)
        s->outcomes = mem_zalloc(sizeof(*s->outcomes));
    return s->outcomes;
}

size_t stream_memory(const struct stream *s, size_t samples)
{
    size_t n = mem_block_size(s) + stream_log_memory(&s->log, samples) + dict_memory(&s->groups);
    n += s->outcomes ? mem_block_size(s->outcomes) : 0;
    struct dict_walk w = {0};
    for (struct dict_node *x; (x = dict_next(&s->groups, &w));)
        n += stream_group_memory(x->value);
    return s->extra ? n + stream_extra_memory(s->extra) : n;
}

/* No message is both present and scheduled, and every expiry time belongs to one of them. */
static bool extra_is_sound(const struct stream *s)
{
    const struct stream_extra *x = s->extra;
    struct stream_map_place at;
    struct stream_future_message m;
    struct stream_id id;
    int64_t ms;
    bool any = stream_future_seek(&x->future, STREAM_ID_MIN, &at, &m);
    for (; any; any = stream_future_next(&x->future, &at, &m))
        if (stream_log_has(&s->log, m.id))
            return false;
    any = stream_expiry_seek(&x->expiry, STREAM_ID_MIN, &at, &id, &ms);
    for (; any; any = stream_expiry_next(&x->expiry, &at, &id, &ms))
        if (!stream_log_has(&s->log, id) && !stream_future_has(&x->future, id))
            return false;
    return stream_extra_is_sound(x);
}

bool stream_is_sound(const struct stream *s)
{
    struct stream_id newest;
    struct dict_walk w = {0};
    uint32_t policies = 0, deleting = 0;
    if (stream_log_newest(&s->log, &newest) && stream_id_compare(newest, s->last_id) > 0)
        return false;
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));) {
        const struct stream_group *g = n->value;
        if (!bytes_equal(dict_key(n), str_bytes(g->name)) || !stream_group_is_sound(g))
            return false;
        policies += g->policy != NULL;
        deleting += g->policy && g->policy->delete_acked;
    }
    return policies == s->policies && deleting == s->deleting && s->added <= INT64_MAX &&
           (!s->extra || extra_is_sound(s)) && stream_log_is_sound(&s->log);
}
