/* A section is written to a buffer first, since its length precedes it; empty sections are left
 * out. Groups are ordered by name, entries in their order of delivery.
 *
 * Reading goes section by section, each within its own bounds. Damage is: bytes left over in a
 * section, an unknown group, an entry that is already pending, or a policy whose words this version
 * does not know. Policies precede the entries they defer. After damage the stream is half built,
 * and the caller frees it.
 *
 * Nothing else can fail. */
#include "persist/dump_stream.h"

#include "base/assert.h"
#include "base/mem.h"
#include "persist/dump_stream_extra.h"
#include "persist/dump_stream_routes.h"
#include "persist/dump_stream_schedules.h"
#include "persist/rdb_format.h"
#include "type/stream/stream_pending_deferred.h"
#include "type/stream/stream_policy_words.h"

/* As XCFGSET and XNACK take them. */
#define DURATION_MOST 86400
#define RECORDS_MOST  10000

enum tag {
    LIMITS = 1,
    MESSAGE_IDS,
    RELEASED,
    POLICIES,
    DEFERRED,
    SCHEDULED,
    EXPIRIES,
    SCHEDULES,
    BINDINGS,
    CAPTURES,
    TAGS,
    MAY_BE_SKIPPED = 128
};

static bool has_message_ids(const struct stream *s)
{
    return s->dedup.tracked || s->dedup.duration_s != STREAM_DEDUP_DURATION_S ||
           s->dedup.max_size != STREAM_DEDUP_MAX_SIZE;
}

unsigned dump_stream_type(const struct stream *s)
{
    struct dict_walk walk = {0};
    bool released = has_message_ids(s),
         more = s->policies > 0 || (s->extra && !stream_extra_is_empty(s->extra));
    for (struct dict_node *n; (n = dict_next(&s->groups, &walk));) {
        const struct stream_pending *p = &((struct stream_group *)n->value)->pending;
        released = released || stream_pending_undeferred_count(p);
        more = more || stream_pending_deferred_count(p) || p->notes.by_id.used;
    }
    return more ? RDB_MILLRACE_QUEUE : released ? RDB_MILLRACE_STREAM : RDB_STREAM_ACTIVE;
}

/* ---- Writing */

static void put_id(struct rdb_sink *s, struct stream_id id)
{
    rdb_sink_length(s, id.ms);
    rdb_sink_length(s, id.seq);
}

static void put_message_ids(struct rdb_sink *to, const struct stream *s)
{
    uint64_t left = s->dedup.tracked;
    rdb_sink_length(to, (uint64_t)s->dedup.duration_s);
    rdb_sink_length(to, s->dedup.max_size);
    rdb_sink_length(to, left);
    for (const struct stream_dedup_record *r = NULL; (r = stream_dedup_next(&s->dedup, r));
         left--) {
        rdb_sink_string(to, dict_key(r->producer->node));
        rdb_sink_string(to, bytes_of(r->iid, r->n));
        put_id(to, r->id);
        rdb_sink_little64(to, (uint64_t)r->at_ms);
    }
    ASSERT(left == 0);
}

static void put_released(struct rdb_sink *to, const struct stream_group *g, bool reasons)
{
    const struct stream_pending *p = &g->pending;
    struct stream_pending_entry e;
    uint64_t left = stream_pending_undeferred_count(p);
    uint32_t at = STREAM_TOUCHED_NONE;
    rdb_sink_string(to, str_bytes(g->name));
    rdb_sink_length(to, left);
    for (; stream_pending_walk_released(p, &at, &e); left--) {
        put_id(to, e.id);
        rdb_sink_length(to, e.count);
        if (reasons)
            rdb_sink_string(to, stream_pending_reason(p, e.id));
    }
    ASSERT(left == 0);
}

static void put_policy(struct rdb_sink *to, const struct stream_group *g)
{
    struct bytes words[STREAM_POLICY_WORDS_MOST];
    struct buf room = {0};
    int n = stream_policy_words(g->policy, words, &room);
    rdb_sink_string(to, str_bytes(g->name));
    rdb_sink_length(to, (uint64_t)n);
    for (int i = 0; i < n; i++)
        rdb_sink_string(to, words[i]);
    buf_free(&room);
}

static void put_deferred(struct rdb_sink *to, const struct stream_group *g)
{
    size_t n;
    struct stream_pending_deferred *all =
        stream_pending_deferred(&g->pending, INT64_MIN, SIZE_MAX, &n);
    rdb_sink_string(to, str_bytes(g->name));
    rdb_sink_length(to, n);
    for (size_t i = 0; i < n; i++) {
        put_id(to, all[i].id);
        rdb_sink_little64(to, (uint64_t)all[i].due_ms);
        rdb_sink_length(to, all[i].count);
        rdb_sink_string(to, all[i].reason);
    }
    mem_free(all);
}

static bool has_any(const struct stream_group *g, enum tag tag)
{
    return tag == RELEASED   ? stream_pending_undeferred_count(&g->pending) > 0
           : tag == POLICIES ? g->policy != NULL
                             : stream_pending_deferred_count(&g->pending) > 0;
}

/* False: no group has any of that. */
static bool put_groups(struct rdb_sink *to, const struct stream *s, enum tag tag)
{
    size_t n, with = 0;
    struct stream_group **groups = stream_sorted_groups(s, &n);
    for (size_t i = 0; i < n; i++)
        with += has_any(groups[i], tag);
    if (with)
        rdb_sink_length(to, with);
    for (size_t i = 0; i < n; i++) {
        if (!has_any(groups[i], tag))
            continue;
        if (tag == RELEASED)
            put_released(to, groups[i], true);
        else if (tag == POLICIES)
            put_policy(to, groups[i]);
        else
            put_deferred(to, groups[i]);
    }
    mem_free(groups);
    return with > 0;
}

/* ---- Reading */

static bool get_id(struct rdb_source *r, struct stream_id *out)
{
    return rdb_source_length(r, &out->ms) && rdb_source_length(r, &out->seq);
}

static bool get_message_ids(struct rdb_source *r, struct stream *s)
{
    uint64_t duration, most, n, at_ms;
    if (!rdb_source_length(r, &duration) || !rdb_source_length(r, &most) ||
        !rdb_source_length(r, &n))
        return false;
    if (duration < 1 || duration > DURATION_MOST || most < 1 || most > RECORDS_MOST)
        return rdb_source_fail(r, "Damaged settings of message ids");
    stream_dedup_set_limits(&s->dedup, (int64_t)duration, most);
    for (; n; n--) {
        struct bytes producer, iid;
        struct stream_id id;
        if (!rdb_source_string_into(r, &producer, &r->blob) || !rdb_source_string(r, &iid) ||
            !get_id(r, &id) || !rdb_source_little64(r, &at_ms))
            return false;
        if (producer.n == 0 || iid.n == 0)
            return rdb_source_fail(r, "Damaged message id");
        stream_dedup_record(&s->dedup, producer, iid, id, (int64_t)at_ms);
    }
    return true;
}

/* Reads the name of the group that follows. */
static bool get_group(struct rdb_source *r, const struct stream *s, struct stream_group **out)
{
    struct bytes name;
    if (!rdb_source_string(r, &name))
        return false;
    *out = stream_find_group(s, name);
    return *out || rdb_source_fail(r, "A group of the stream does not exist");
}

/* An entry without an owner. due_ms NULL: released. */
static bool get_unowned(struct rdb_source *r, struct stream_group *g, bool deferred, bool reasons)
{
    struct stream_pending_place at;
    struct stream_id id;
    struct bytes reason = {0};
    uint64_t due_ms = 0, count;
    if (!get_id(r, &id) || (deferred && !rdb_source_little64(r, &due_ms)) ||
        !rdb_source_length(r, &count) || (reasons && !rdb_source_string(r, &reason)))
        return false;
    if (stream_pending_find(&g->pending, id, &at))
        return rdb_source_fail(r, "Released entry stands twice");
    if (due_ms > DUMP_STREAM_EXTRA_MOMENT_MOST || reason.n > STREAM_PENDING_REASON_MOST)
        return rdb_source_fail(r, "Damaged released entry");
    if (count > INT64_MAX) /* the most that commands accept */
        count = INT64_MAX;
    stream_group_restore(g, id, NULL, 0, count);
    if (deferred) {
        stream_pending_find(&g->pending, id, &at);
        stream_group_defer(g, at, count, (int64_t)due_ms);
    }
    if (reason.n)
        stream_pending_set_reason(&g->pending, id, reason);
    return true;
}

static bool get_unowned_of_group(struct rdb_source *r, const struct stream *s, bool deferred,
                                 bool reasons)
{
    struct stream_group *g;
    uint64_t n;
    if (!get_group(r, s, &g) || !rdb_source_length(r, &n))
        return false;
    if (deferred && !g->policy) /* nothing would ever release it */
        return rdb_source_fail(r, "Deferred entries of a group without a policy");
    for (; n; n--)
        if (!get_unowned(r, g, deferred, reasons))
            return false;
    return true;
}

static bool get_policy(struct rdb_source *r, struct stream *s)
{
    struct bytes words[STREAM_POLICY_WORDS_MOST];
    size_t ends[STREAM_POLICY_WORDS_MOST];
    struct stream_group *g;
    struct buf text = {0};
    uint64_t n;
    if (!get_group(r, s, &g) || !rdb_source_length(r, &n))
        return false;
    bool good = n <= STREAM_POLICY_WORDS_MOST && !g->policy;
    for (uint64_t i = 0; good && i < n; i++) {
        struct bytes word;
        good = rdb_source_string(r, &word);
        if (good)
            buf_add(&text, word);
        ends[i] = text.n;
    }
    for (uint64_t i = 0; good && i < n; i++) {
        size_t from = i ? ends[i - 1] : 0;
        words[i] = bytes_of(text.p ? text.p + from : "", ends[i] - from);
    }
    struct stream_policy *p = good ? stream_policy_words_read(words, (int)n) : NULL;
    if (p)
        stream_set_policy(s, g, p);
    buf_free(&text);
    return p || rdb_source_fail(r, "Damaged policy, or one of a later version");
}

/* ---- Sections */

/* Sections that are not group by group: whether the stream has any of it, writing, reading. */
static const struct section {
    bool (*has)(const struct stream *s);
    void (*put)(struct rdb_sink *to, const struct stream *s);
    bool (*get)(struct rdb_source *r, struct stream *s);
} sections[TAGS] = {
    [LIMITS] = {dump_stream_extra_has_limits, dump_stream_extra_put_limits,
                dump_stream_extra_get_limits},
    [MESSAGE_IDS] = {has_message_ids, put_message_ids, get_message_ids},
    [SCHEDULED] = {dump_stream_extra_has_scheduled, dump_stream_extra_put_scheduled,
                   dump_stream_extra_get_scheduled},
    [EXPIRIES] = {dump_stream_extra_has_expiries, dump_stream_extra_put_expiries,
                  dump_stream_extra_get_expiries},
    [SCHEDULES] = {dump_stream_schedules_has, dump_stream_schedules_put, dump_stream_schedules_get},
    [BINDINGS] = {dump_stream_routes_has_bindings, dump_stream_routes_put_bindings,
                  dump_stream_routes_get_bindings},
    [CAPTURES] = {dump_stream_routes_has_captures, dump_stream_routes_put_captures,
                  dump_stream_routes_get_captures}};

static void put_sections(struct rdb_sink *to, const struct stream *s)
{
    struct rdb_sink all = {.fd = -1}, one = {.fd = -1, .compress = to->compress};
    uint64_t n = 0;
    for (enum tag tag = LIMITS; tag < TAGS; tag++) {
        const struct section *x = &sections[tag];
        bool any = x->has ? x->has(s) : put_groups(&one, s, tag);
        if (!any)
            continue;
        if (x->put)
            x->put(&one, s);
        rdb_sink_byte(&all, tag);
        rdb_sink_length(&all, one.out.n);
        rdb_sink_put(&all, one.out.p, one.out.n);
        one.out.n = 0;
        n++;
    }
    rdb_sink_length(to, n);
    rdb_sink_put(to, all.out.p, all.out.n);
    rdb_sink_free(&all);
    rdb_sink_free(&one);
}

static bool get_section(struct rdb_source *r, struct stream *s, unsigned tag)
{
    uint64_t groups;
    if (tag < TAGS && sections[tag].get)
        return sections[tag].get(r, s);
    if (tag < LIMITS || tag >= TAGS)
        return rdb_source_fail(r, "The payload has a section %u, which is not known", tag);
    if (!rdb_source_length(r, &groups))
        return false;
    for (; groups; groups--)
        if (!(tag == POLICIES ? get_policy(r, s)
                              : get_unowned_of_group(r, s, tag == DEFERRED, true)))
            return false;
    return true;
}

static bool get_sections(struct rdb_source *r, struct stream *s)
{
    uint64_t n, length;
    unsigned tag, before = 0;
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--, before = tag) {
        if (!rdb_source_byte(r, &tag) || !rdb_source_length(r, &length) ||
            !rdb_source_need(r, length))
            return false;
        if (tag <= before)
            return rdb_source_fail(r, "Sections out of order");
        const unsigned char *behind = r->p + length, *end = r->end;
        if (tag < MAY_BE_SKIPPED) {
            r->end = behind;
            bool good = get_section(r, s, tag);
            r->end = end;
            if (!good || r->p != behind)
                return rdb_source_fail(r, "Damaged section");
        }
        r->p = behind;
    }
    return true;
}

void dump_stream_put(struct rdb_sink *to, const struct stream *s, unsigned type)
{
    struct dict_walk walk = {0};
    ASSERT(type == RDB_MILLRACE_STREAM || type == RDB_MILLRACE_QUEUE);
    if (type == RDB_MILLRACE_QUEUE) {
        put_sections(to, s);
        return;
    }
    put_message_ids(to, s);
    rdb_sink_length(to, s->groups.used);
    for (struct dict_node *n; (n = dict_next(&s->groups, &walk));)
        put_released(to, n->value, false);
}

bool dump_stream_get(struct rdb_source *r, struct stream *s, unsigned type)
{
    uint64_t n;
    if (type == RDB_MILLRACE_QUEUE) {
        bool good = get_sections(r, s);
        stream_tidy_extra(s); /* unlimited limits */
        return good;
    }
    if (!get_message_ids(r, s) || !rdb_source_length(r, &n))
        return false;
    for (; n; n--)
        if (!get_unowned_of_group(r, s, false, false))
            return false;
    return true;
}
