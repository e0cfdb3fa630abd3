/* A visit finds a stream's record by the number stored in the stream, and trusts it only if the
 * record refers back to this stream: a copy, a loaded stream, or one whose record was swept while
 * it moved between databases has no number, or another's. Groups work the same way. So a stream
 * keeps its record, and its rates, when it is renamed.
 *
 * Reading a stream twice in a pass is harmless (a scan may return it twice): totals count a record
 * only when the pass first meets it.
 *
 * A stream of many groups is read in several steps, bucket by bucket of its dictionary of groups;
 * when the dictionary is resized, reading starts again. Sums over its groups are collected
 * separately, and the record keeps those of the previous pass until they are complete. */
#include "survey/survey_read.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/block.h"
#include "survey/alarms.h"
#include "survey/keep.h"
#include "survey/survey_choice.h"
#include "survey/survey_more.h"
#include "type/stream/stream_status.h"

#define GROUPS_AT_ONCE 32
#define RATE_LEAST_MS  500 /* rates are computed over at least this time */
#define LETTER_MOST    64  /* fields of an entry that may be a dead letter */

/* `counted` events, and those since; or as many as it can say. */
static uint32_t more_events(uint32_t counted, uint64_t before, uint64_t now)
{
    uint64_t n = now > before ? now - before : 0;
    return n < UINT32_MAX - counted ? counted + (uint32_t)n : UINT32_MAX;
}

/* The low bits of a moment by the steady clock. */
static uint32_t moment(const struct survey *sv)
{
    return (uint32_t)sv->engine->steady_ms;
}

static int64_t older(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- The stream itself */

/* 0: it has none. */
static uint32_t find_record(const struct survey *sv, const struct stream *s)
{
    uint32_t number = s->surveyed;
    if (!number || number > sv->streams.n)
        return 0;
    const struct survey_stream *x = slots_at(&sv->streams, number);
    return x->slot.seen && x->of == s ? number : 0;
}

static uint32_t record_of(struct survey *sv, struct stream *s)
{
    uint32_t number = find_record(sv, s);
    if (number)
        return number;
    number = s->surveyed = slots_take(&sv->streams);
    struct survey_stream *x = slots_at(&sv->streams, number);
    x->of = s;
    x->rated_ms = moment(sv);
    x->added = s->added;
    return number;
}

/* Whether the newest entry is a dead letter. */
static bool newest_is_letter(const struct stream *s)
{
    struct stream_cursor c;
    struct stream_entry e;
    struct bytes name, value;
    bool is = false;
    if (!s->log.length)
        return false;
    if (stream_log_seek_back(&s->log, STREAM_ID_MAX, &c)) {
        stream_log_read(&c, &e);
        for (uint32_t i = 0; i < e.fields && e.fields <= LETTER_MOST && !is; i++) {
            stream_block_field(&e, &name, &value);
            is = bytes_equal(name, BYTES("dl-reason"));
        }
    }
    stream_log_end(&c);
    return is;
}

static unsigned flags_of(const struct survey_stream *x, const struct stream *s)
{
    unsigned flags = s->policies ? SURVEY_POLICY : 0;
    if (s->extra) {
        flags |= s->extra->bindings ? SURVEY_BINDINGS : 0;
        flags |= stream_schedules_count(&s->extra->schedules) ? SURVEY_SCHEDULES : 0;
        flags |= stream_captures_count(&s->extra->captures) ? SURVEY_CAPTURES : 0;
    }
    bool same = x->slot.seen && stream_id_compare(x->last, s->last_id) == 0;
    bool letters = same ? x->flags & SURVEY_DEAD_LETTERS : newest_is_letter(s);
    return flags | (letters ? SURVEY_DEAD_LETTERS : 0);
}

/* What only some streams have. */
static void read_more(const struct survey *sv, const struct survey_stream *x,
                      const struct stream *s, struct survey_stream_more *more)
{
    static const struct stream_outcomes none;
    struct stream_id newest = STREAM_ID_MIN;
    if (more->named_by_policy && more->named_by_policy + 1 < sv->pass)
        more->named_by_policy = 0;
    bool letters = more->named_by_policy || (x->flags & SURVEY_DEAD_LETTERS);
    if (letters)
        stream_log_newest(&s->log, &newest);
    more->read_ms = letters ? sv->engine->now_ms : 0;
    more->newest_ms = newest.ms;
    more->outcomes = s->outcomes ? *s->outcomes : none;
    more->maxlen = s->extra ? s->extra->limits.max_entries : STREAM_LIMITS_NONE;
    more->scheduled = s->extra ? stream_future_count(&s->extra->future) : 0;
    more->expiries = s->extra ? stream_expiry_count(&s->extra->expiry) : 0;
}

static void form_added_rate(struct survey_stream *x, uint32_t now, struct survey_stream_more *more)
{
    if (now - x->rated_ms < RATE_LEAST_MS)
        return;
    x->interval_ms = now - x->rated_ms;
    x->in_added = more->since_added;
    x->rated_ms = now;
    more->since_added = 0;
}

/* Reads the stream's own data. Flags that come from its groups stay unchanged. named: by a policy,
 * as its dead-letter stream. */
static uint32_t read_self(struct survey *sv, const struct db *db, struct entry *e, bool named)
{
    const unsigned of_groups = SURVEY_PAUSED | SURVEY_ABOUT;
    struct stream *s = value_to_change(e); /* only its `surveyed`, which is not data */
    uint32_t number = record_of(sv, s);
    struct survey_stream *x = slots_at(&sv->streams, number);
    struct survey_stream_more more = *survey_more_of_stream(x);
    x->is_again = x->slot.seen == sv->pass;
    x->is_new = x->is_new && x->is_again;
    if (survey_names_set(&x->key, entry_key(e)) || x->db != db->id)
        x->is_new = sv->choice_is_due = true;
    x->flags = (uint8_t)((x->flags & of_groups) | flags_of(x, s));
    x->db = db->id;
    x->length = s->log.length;
    x->bytes = s->log.bytes;
    more.since_added = more_events(more.since_added, x->added, s->added);
    x->added = s->added;
    uint64_t length;
    if (!stream_log_glance(&s->log, STREAM_ID_MIN, &x->first, &length))
        x->first = STREAM_ID_MIN;
    x->last = s->last_id;
    x->groups = (uint32_t)s->groups.used;
    x->refuses = s->extra && s->extra->limits.refuses;
    more.named_by_policy = named ? sv->pass : more.named_by_policy;
    read_more(sv, x, s, &more);
    form_added_rate(x, moment(sv), &more);
    survey_more_put_of_stream(x, &more);
    if (x->slot.seen != sv->pass) {
        x->slot.seen = sv->pass;
        sv->counting.streams++;
        sv->counting.scheduled += more.scheduled;
        sv->counting.added_rate += survey_more_rate(x->in_added, x->interval_ms);
    }
    return number;
}

/* ---- Groups */

/* 0: it has none. */
static uint32_t find_group_record(const struct survey *sv, const struct stream_group *g)
{
    uint32_t number = g->surveyed;
    if (!number || number > sv->groups.n)
        return 0;
    const struct survey_group *x = slots_at(&sv->groups, number);
    return x->slot.seen && x->of == g ? number : 0;
}

static uint32_t group_record_of(struct survey *sv, struct stream_group *g, bool *fresh)
{
    uint32_t number = find_group_record(sv, g);
    *fresh = !number;
    if (number)
        return number;
    number = g->surveyed = slots_take(&sv->groups);
    ((struct survey_group *)slots_at(&sv->groups, number))->of = g;
    return number;
}

static struct survey_counts counts_of(const struct stream_group *g)
{
    if (g->policy) {
        const struct stream_policy_counts *c = &g->policy->counts;
        return (struct survey_counts){c->delivered,    c->redelivered, c->acked,     c->failed,
                                      c->leases_ended, c->dead,        c->discarded, c->lost};
    }
    if (g->entries_read < 0)
        return (struct survey_counts){0};
    uint64_t read = (uint64_t)g->entries_read, pending = g->pending.count;
    return (struct survey_counts){.delivered = read, .acked = read > pending ? read - pending : 0};
}

/* Of one whose deliveries are counted: events since what x and `more` have, which are of the last
 * time. fresh: there is nothing to compare with. */
static void form_rates(struct survey_group *x, struct survey_group_more *more,
                       const struct survey_counts *now, uint32_t now_ms, bool fresh)
{
    if (fresh) {
        x->since_delivered = x->since_acked = 0;
        x->rated_ms = now_ms;
        return;
    }
    x->since_delivered = more_events(x->since_delivered, x->delivered, now->delivered);
    x->since_acked = more_events(x->since_acked, survey_more_acked(x), now->acked);
    more->since_redelivered =
        more_events(more->since_redelivered, more->counts.redelivered, now->redelivered);
    more->since_failed = more_events(more->since_failed, more->counts.failed, now->failed);
    if (now_ms - x->rated_ms < RATE_LEAST_MS)
        return;
    x->interval_ms = now_ms - x->rated_ms;
    x->in_delivered = x->since_delivered;
    x->in_acked = x->since_acked;
    more->in_redelivered = more->since_redelivered;
    more->in_failed = more->since_failed;
    x->since_delivered = x->since_acked = more->since_redelivered = more->since_failed = 0;
    x->rated_ms = now_ms;
}

static void forget_rates(struct survey_group *x, struct survey_group_more *more,
                         const struct stream_group *g)
{
    x->in_delivered = x->in_acked = more->in_redelivered = more->in_failed = 0;
    more->since_redelivered = more->since_failed = 0;
    x->position = g->last_id;
}

/* The record of the dead-letter stream, which is marked as named by a policy. */
static uint32_t read_letters(struct survey *sv, struct db *db, const struct stream_policy *p)
{
    struct entry *e = p && p->dead_letter->n ? db_find_past(db, str_bytes(p->dead_letter)) : NULL;
    if (!e || value_type(e) != TYPE_STREAM || db_is_due(db->store, e))
        return 0;
    return read_self(sv, db, e, true);
}

static void count_group(struct survey_totals *t, const struct survey_group *x)
{
    const struct survey_group_more *more = survey_more_of_group(x);
    t->delivered_rate += survey_more_rate(x->in_delivered, x->interval_ms);
    t->redelivered_rate += survey_more_rate(more->in_redelivered, x->interval_ms);
    t->acked_rate += survey_more_rate(x->in_acked, x->interval_ms);
    t->failed_rate += survey_more_rate(more->in_failed, x->interval_ms);
    t->groups++;
    t->unread += x->unread;
    t->released += more->released;
    t->overdue += more->overdue;
    t->leased += x->leased;
    t->deferred += more->deferred;
    t->held += more->held;
    t->blocked += more->blocked;
    t->oldest_ready_ms = older(t->oldest_ready_ms, x->oldest_ready_ms);
}

static void add_group(struct survey_sums *sums, const struct survey_group *x)
{
    const struct survey_group_more *more = survey_more_of_group(x);
    sums->flags |= x->flags & (SURVEY_PAUSED | SURVEY_ABOUT);
    sums->consumers += x->consumers;
    sums->ready += survey_more_ready(x);
    sums->leased += x->leased;
    sums->deferred += more->deferred;
    sums->failed_rate += survey_more_rate(more->in_failed, x->interval_ms);
    sums->dead += more->counts.dead;
    sums->oldest_ready_ms = older(sums->oldest_ready_ms, x->oldest_ready_ms);
}

/* Whether nothing was delivered to the group since it was last read although messages are ready and
 * no reader waits. x has what was read then. fresh: nothing was. */
static bool is_quiet(const struct survey_group *x, const struct stream_group *g,
                     const struct stream_status *st, const struct survey_counts *counts, bool fresh)
{
    uint64_t ready = st->unread + st->released + st->overdue;
    bool moved = x->counted
                     ? counts->delivered != x->delivered
                     : stream_id_compare(g->last_id, x->position) != 0 || st->leased != x->leased;
    return ready > 0 && !x->waiting && !fresh && !moved;
}

static void find_alarms(struct survey *sv, const struct survey_group *x, uint32_t number)
{
    uint64_t ready = survey_more_ready(x), blocked = survey_more_of_group(x)->blocked;
    if (blocked)
        alarms_find(sv->alarms, ALARM_DEAD_BLOCKED, x->stream, number, (double)blocked);
    if (x->oldest_ready_ms > ALARMS_OLD_MS)
        alarms_find(sv->alarms, ALARM_OLD_MESSAGES, x->stream, number, (double)x->oldest_ready_ms);
    if (ready && !(x->flags & SURVEY_PAUSED) && moment(sv) - x->quiet_ms >= ALARMS_QUIET_MS)
        alarms_find(sv->alarms, ALARM_NOBODY_READS, x->stream, number, (double)ready);
}

static void note_quiet(struct survey_group *x, uint32_t now, bool is_quiet_now)
{
    if (!is_quiet_now)
        x->quiet_ms = now;
    else if (now - x->quiet_ms > ALARMS_QUIET_MS)
        x->quiet_ms = now - ALARMS_QUIET_MS;
}

/* The group's numbers. fresh: it was not read before. */
static void read_numbers(struct survey *sv, struct survey_group *x, const struct stream *s,
                         struct stream_group *g, struct survey_group_more *more, bool fresh)
{
    const struct engine *e = sv->engine;
    const struct survey_counts none = {0}, counts = counts_of(g);
    struct stream_status st;
    bool counted = g->policy || g->entries_read >= 0;
    bool other = fresh || counted != x->counted; /* than what was read last */
    stream_status_glance(s, g, e->now_ms, e->steady_ms, &st);
    note_quiet(x, moment(sv), is_quiet(x, g, &st, &counts, other));
    if (counted)
        form_rates(x, more, &counts, moment(sv), other);
    else
        forget_rates(x, more, g);
    sv->choice_is_due |= !(x->flags & SURVEY_POLICY) != !g->policy;
    x->flags = g->policy ? SURVEY_POLICY | (g->policy->paused ? SURVEY_PAUSED : 0) : SURVEY_ABOUT;
    x->counted = counted;
    if (counted)
        x->delivered = counts.delivered;
    x->unread = st.unread;
    x->leased = st.leased;
    x->oldest_ready_ms = st.oldest_ready_ms;
    x->oldest_leased_ms = st.oldest_leased_ms;
    more->released = st.released;
    more->overdue = st.overdue;
    more->deferred = st.deferred;
    more->held = st.held;
    more->blocked = st.blocked;
    more->counts = g->policy ? counts : none;
}

static void read_group(struct survey *sv, struct db *db, uint32_t of, const struct stream *s,
                       struct stream_group *g, struct survey_sums *sums)
{
    const struct engine *e = sv->engine;
    bool fresh;
    /* A former group of this name may have been read in this pass, and keeps its record. */
    if (survey_record_stream(sv, of)->is_again && !find_group_record(sv, g))
        return;
    uint32_t number = group_record_of(sv, g, &fresh);
    struct survey_group *x = slots_at(&sv->groups, number);
    struct survey_group_more more = *survey_more_of_group(x);
    struct bytes key = str_bytes(survey_record_stream(sv, of)->key);
    if (fresh)
        x->name = survey_names_share(&sv->names, str_bytes(g->name));
    x->is_new = x->stream != of || (x->is_new && x->slot.seen == sv->pass);
    sv->choice_is_due |= x->stream != of;
    x->stream = of;
    x->consumers = (uint32_t)g->consumers.used;
    x->waiting = (uint32_t)block_count_readers(e, db, key, str_bytes(g->name), g->policy);
    more.letters = read_letters(sv, db, g->policy);
    more.subscribers = sv->subscriptions ? (uint32_t)sv->subscriptions(g) : 0;
    read_numbers(sv, x, s, g, &more, fresh);
    survey_more_put_of_group(x, &more);
    if (x->slot.seen != sv->pass) {
        x->slot.seen = sv->pass;
        count_group(&sv->counting, x);
        sv->db_counting[db->id]++;
        find_alarms(sv, x, number);
    }
    add_group(sums, x);
    keep_group(sv, number);
}

/* ---- Schedules */

static struct survey_schedule *fill(struct survey *sv, uint32_t number, uint32_t stream,
                                    struct bytes name)
{
    struct survey_schedule *x = slots_at(&sv->schedules, number);
    survey_names_set(&x->name, name);
    x->stream = stream;
    x->slot.seen = sv->pass;
    return x;
}

/* The name of a schedule's record: its stream's number, and its own name. */
static struct bytes schedule_name(struct buf *to, uint32_t stream, struct bytes name)
{
    buf_add(to, bytes_of(&stream, sizeof(stream)));
    buf_add(to, name);
    return buf_bytes(to);
}

static void read_schedule(struct survey *sv, uint32_t stream, const struct stream_schedule *c)
{
    struct buf name = {0};
    struct dict_node *node =
        dict_ensure(&sv->schedule_names, schedule_name(&name, stream, str_bytes(c->name)));
    buf_free(&name);
    if (!node->value)
        node->value = (void *)(uintptr_t)slots_take(&sv->schedules);
    uint32_t number = (uint32_t)(uintptr_t)node->value;
    struct survey_schedule *x = fill(sv, number, stream, str_bytes(c->name));
    x->kind = c->rules.cron.n ? "cron" : "every";
    x->next_ms = c->next_ms == INT64_MAX ? -1 : c->next_ms;
    x->fired = (long long)c->fired;
    x->missed = (long long)c->missed;
}

static void read_next_message(struct survey *sv, uint32_t stream, const struct stream *s)
{
    struct survey_stream *x = slots_at(&sv->streams, stream);
    struct stream_future_message m;
    char text[STREAM_ID_TEXT_MAX];
    struct survey_stream_more more = *survey_more_of_stream(x);
    bool is_there = s->extra && stream_future_first(&s->extra->future, &m);
    if (!is_there && !more.message)
        return;
    if (!is_there)
        more.message = 0; /* its record is swept */
    else if (!more.message)
        more.message = slots_take(&sv->schedules);
    survey_more_put_of_stream(x, &more);
    if (!is_there)
        return;
    struct bytes name = bytes_of(text, stream_id_print(text, m.id));
    struct survey_schedule *y = fill(sv, more.message, stream, name);
    y->kind = "message";
    y->next_ms = (int64_t)m.id.ms;
    y->fired = y->missed = -1;
}

static size_t schedules_of(const struct stream *s)
{
    return s->extra ? stream_schedules_count(&s->extra->schedules) : 0;
}

/* ---- The whole */

static struct survey_sums no_sums(void)
{
    return (struct survey_sums){.oldest_ready_ms = -1};
}

static void take_sums(struct survey *sv, uint32_t number, const struct survey_sums *sums)
{
    struct survey_stream *x = slots_at(&sv->streams, number);
    struct survey_stream_more more = *survey_more_of_stream(x);
    x->flags = (uint8_t)((x->flags & ~(unsigned)(SURVEY_PAUSED | SURVEY_ABOUT)) | sums->flags);
    x->consumers = sums->consumers;
    x->ready = sums->ready;
    x->leased = sums->leased;
    more.deferred = sums->deferred;
    more.failed_rate = sums->failed_rate;
    more.dead = sums->dead;
    survey_more_put_of_stream(x, &more);
    x->oldest_ready_ms = sums->oldest_ready_ms;
    sv->choice_is_due |= !x->complete;
    x->complete = true;
    keep_stream(sv, number);
}

static void put_off(struct survey *sv, struct db *db, struct bytes key)
{
    struct survey_large *l = mem_zalloc(sizeof(*l));
    l->db = db;
    l->key = str_new(key);
    dlist_append(&sv->large, &l->node);
}

void survey_read_stream(struct survey *sv, struct db *db, struct entry *e)
{
    uint32_t number = read_self(sv, db, e, false);
    const struct stream *s = value_object(e);
    struct survey_sums sums = no_sums();
    struct dict_walk w = {0};
    read_next_message(sv, number, s);
    if (s->groups.used > GROUPS_AT_ONCE || schedules_of(s) > GROUPS_AT_ONCE) {
        put_off(sv, db, entry_key(e));
        return;
    }
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));)
        read_group(sv, db, number, s, n->value, &sums);
    w = (struct dict_walk){0};
    for (struct dict_node *n; schedules_of(s) && (n = dict_next(&s->extra->schedules.by_name, &w));)
        read_schedule(sv, number, n->value);
    take_sums(sv, number, &sums);
}

static void end_large(struct survey_large *l)
{
    dlist_remove(&l->node);
    str_unref(l->key);
    mem_free(l);
}

void survey_read_forget_large(struct survey *sv)
{
    while (!dlist_empty(&sv->large))
        end_large(dlist_item(sv->large.next, struct survey_large, node));
}

/* Reads some of its groups or schedules. False: all were read. */
static bool read_some(struct survey *sv, struct survey_large *l, uint32_t number,
                      const struct stream *s)
{
    const struct dict *d = l->schedules && s->extra ? &s->extra->schedules.by_name : &s->groups;
    if (l->schedules && !schedules_of(s))
        return false; /* removed meanwhile */
    if (!l->bucket || l->mask != d->mask) {
        l->bucket = 0;
        l->mask = d->mask;
        l->sums = l->schedules ? l->sums : no_sums();
    }
    struct dict_walk w = {.bucket = l->bucket};
    struct dict_node *n = NULL;
    for (int i = 0; (i < GROUPS_AT_ONCE || w.next) && (n = dict_next(d, &w)); i++) {
        if (l->schedules)
            read_schedule(sv, number, n->value);
        else
            read_group(sv, l->db, number, s, n->value, &l->sums);
    }
    l->bucket = w.bucket;
    return n != NULL;
}

void survey_read_large(struct survey *sv)
{
    struct survey_large *l = dlist_item(sv->large.next, struct survey_large, node);
    struct entry *e = db_find_past(l->db, str_bytes(l->key));
    const struct stream *s = e && value_type(e) == TYPE_STREAM ? value_object(e) : NULL;
    uint32_t number = s && !db_is_due(l->db->store, e) ? find_record(sv, s) : 0;
    if (!number || survey_record_stream(sv, number)->slot.seen != sv->pass) {
        end_large(l); /* it was removed or replaced */
        return;
    }
    if (read_some(sv, l, number, s))
        return;
    if (!l->schedules) {
        take_sums(sv, number, &l->sums);
        l->schedules = true;
        l->bucket = 0;
        if (schedules_of(s))
            return;
    }
    end_large(l);
}

bool survey_read_find(struct survey *sv, struct db *db, struct bytes key, const struct bytes *group,
                      uint32_t *out)
{
    struct entry *e = db_find_past(db, key);
    *out = 0;
    if (!e || value_type(e) != TYPE_STREAM || db_is_due(db->store, e))
        return false;
    const struct stream *s = value_object(e);
    const struct stream_group *g = group ? stream_find_group(s, *group) : NULL;
    *out = g ? find_group_record(sv, g) : find_record(sv, s);
    return g || !group;
}

/* ---- The end of records */

void survey_read_drop_stream(struct survey *sv, uint32_t number)
{
    const struct survey_stream *x = slots_at(&sv->streams, number);
    uint32_t kept = survey_more_of_stream(x)->kept;
    if (kept)
        keep_drop(sv, kept);
    mem_free(x->more);
    str_unref(x->key);
    survey_choice_drop_stream(sv, number);
    slots_give(&sv->streams, number);
}

void survey_read_drop_group(struct survey *sv, uint32_t number)
{
    const struct survey_group *x = slots_at(&sv->groups, number);
    uint32_t kept = survey_more_of_group(x)->kept;
    if (kept)
        keep_drop(sv, kept);
    mem_free(x->more);
    str_unref(x->name);
    survey_choice_drop_group(sv, number);
    slots_give(&sv->groups, number);
}

void survey_read_drop_schedule(struct survey *sv, uint32_t number)
{
    const struct survey_schedule *x = slots_at(&sv->schedules, number);
    struct buf name = {0};
    if (x->fired >= 0)
        dict_remove(&sv->schedule_names, schedule_name(&name, x->stream, str_bytes(x->name)));
    buf_free(&name);
    str_unref(x->name);
    slots_give(&sv->schedules, number);
}
