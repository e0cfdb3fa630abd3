/* A payload, as drawn in the header: type, value, version, checksum. What decides:
 *
 *   writing   the value alone: the lowest version and type that hold all of it. For a reader that
 *             is named (dump_write_for()) what that reader knows, and whether it is all.
 *   reading   the footer: its checksum, and by its version whose codes these are. Then the value is
 *             read as in a snapshot, and must end where the footer begins.
 *
 * What can go wrong: a bad footer (DUMP_BAD_FRAME, nothing is read), damage within (DUMP_BAD_DATA,
 * what was made is freed), a value without a counterpart here (DUMP_FOREIGN). */
#include "persist/dump.h"

#include "base/assert.h"
#include "base/crc.h"
#include "base/mem.h"
#include "persist/rdb_put.h"
#include "persist/rdb_skip.h"
#include "type/stream/stream.h"
#include "type/value.h"

#include <stdio.h>

#define FOOTER 10u

/* As XCFGSET takes them. */
#define DURATION_MOST 86400
#define RECORDS_MOST  10000

/* ---- Streams with what Redis does not have */

static bool is_default(const struct stream *s)
{
    struct dict_walk walk = {0};
    if (s->dedup.tracked || s->dedup.duration_s != 100 || s->dedup.max_size != 100)
        return false;
    for (struct dict_node *n; (n = dict_next(&s->groups, &walk));)
        if (stream_pending_released_count(&((struct stream_group *)n->value)->pending))
            return false;
    return true;
}

static void put_id(struct rdb_sink *s, struct stream_id id)
{
    rdb_sink_length(s, id.ms);
    rdb_sink_length(s, id.seq);
}

static void put_extras(struct rdb_sink *s, const struct stream *x)
{
    rdb_sink_length(s, (uint64_t)x->dedup.duration_s);
    rdb_sink_length(s, x->dedup.max_size);
    uint64_t left = x->dedup.tracked;
    rdb_sink_length(s, left);
    for (const struct stream_dedup_record *r = NULL; (r = stream_dedup_next(&x->dedup, r));
         left--) {
        rdb_sink_string(s, dict_key(r->producer->node));
        rdb_sink_string(s, bytes_of(r->iid, r->n));
        put_id(s, r->id);
        rdb_sink_little64(s, (uint64_t)r->at_ms);
    }
    ASSERT(left == 0);
    struct dict_walk walk = {0};
    rdb_sink_length(s, x->groups.used);
    for (struct dict_node *n; (n = dict_next(&x->groups, &walk));) {
        const struct stream_pending *p = &((struct stream_group *)n->value)->pending;
        struct stream_pending_entry e;
        rdb_sink_string(s, dict_key(n));
        left = stream_pending_released_count(p);
        rdb_sink_length(s, left);
        uint32_t at = STREAM_TOUCHED_NONE;
        for (; stream_pending_walk_released(p, &at, &e); left--) {
            put_id(s, e.id);
            rdb_sink_length(s, e.count);
        }
        ASSERT(left == 0);
    }
}

static bool get_id(struct rdb_source *r, struct stream_id *out)
{
    return rdb_source_length(r, &out->ms) && rdb_source_length(r, &out->seq);
}

static bool get_released(struct rdb_source *r, struct stream *s)
{
    struct bytes name;
    uint64_t n, count;
    struct stream_id id;
    if (!rdb_source_string(r, &name))
        return false;
    struct stream_group *g = dict_get(&s->groups, name);
    if (!g || !rdb_source_length(r, &n))
        return rdb_source_fail(r, "Damaged released entries");
    for (; n; n--) {
        struct stream_pending_place at;
        if (!get_id(r, &id) || !rdb_source_length(r, &count))
            return false;
        if (stream_pending_find(&g->pending, id, &at))
            return rdb_source_fail(r, "Released entry stands twice");
        stream_group_restore(g, id, NULL, 0, 0);
        stream_pending_find(&g->pending, id, &at);
        stream_group_assign(g, at, NULL, 0, count, true);
    }
    return true;
}

static bool get_extras(struct rdb_source *r, struct stream *s)
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
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--)
        if (!get_released(r, s))
            return false;
    return true;
}

/* ---- All */

static void put_footer(struct rdb_sink *s, struct buf *to)
{
    ASSERT(s->fd < 0 && s->written == 0); /* the checksum is of all of it: nothing has left */
    rdb_sink_byte(s, (unsigned)s->version);
    rdb_sink_byte(s, 0);
    rdb_sink_little64(s, crc_64(0, s->out.p, s->out.n));
    buf_add(to, buf_bytes(&s->out));
    rdb_sink_free(s);
}

void dump_write(struct buf *to, const struct entry *e, bool compress)
{
    struct rdb_sink s = {.fd = -1, .compress = compress, .version = 10};
    if (value_type(e) == TYPE_STREAM && !is_default(value_object(e))) {
        s.version = 11;
        rdb_sink_byte(&s, RDB_MILLRACE_STREAM);
        rdb_put_value(&s, e, RDB_STREAM_ACTIVE);
        put_extras(&s, value_object(e));
    } else {
        if (value_has_field_ttl(e))
            s.version = 12;
        unsigned type = rdb_put_type(&s, e);
        rdb_sink_byte(&s, type);
        rdb_put_value(&s, e, type);
    }
    put_footer(&s, to);
}

bool dump_write_for(struct buf *to, const struct entry *e, bool compress, long long compat)
{
    bool timed = value_has_field_ttl(e), keeps = timed && compat >= 12;
    struct rdb_sink s = {.fd = -1, .compress = compress, .version = keeps ? 12 : 10};
    unsigned type = rdb_put_type(&s, e);
    rdb_sink_byte(&s, type);
    rdb_put_value(&s, e, type);
    put_footer(&s, to);
    return value_type(e) == TYPE_STREAM ? !is_default(value_object(e)) : timed && !keeps;
}

bool dump_is_for(struct bytes payload, long long compat)
{
    static const unsigned newest[] = {RDB_STREAM, RDB_STREAM_ACTIVE, RDB_TIMED_HASH_PACK};
    const unsigned char *p = (const unsigned char *)payload.p;
    ASSERT(compat >= 10 && compat <= 12);
    if (payload.n < FOOTER)
        return false;
    unsigned version = p[payload.n - FOOTER] | (unsigned)p[payload.n - FOOTER + 1] << 8;
    return version <= compat && p[0] <= newest[compat - 10];
}

/* What modules know of the key may stand in front of the type; it is lost. */
static struct entry *read_value(struct rdb_source *r, struct bytes key,
                                const struct rdb_get_options *o, const char **what)
{
    unsigned type;
    if (!rdb_source_byte(r, &type) ||
        (type == RDB_REDIS_KEY_META && r->dialect == RDB_REDIS &&
         (!rdb_skip_key_meta(r, NULL, NULL) || !rdb_source_byte(r, &type))))
        return NULL;
    if ((*what = rdb_format_foreign(r->dialect, type)))
        return NULL;
    struct entry *e =
        rdb_get_value(r, key, type == RDB_MILLRACE_STREAM ? RDB_STREAM_ACTIVE : type, o);
    bool good =
        e && (type != RDB_MILLRACE_STREAM || get_extras(r, value_to_change(e))) && r->p == r->end;
    if (!good && e)
        value_free(e);
    return good ? e : NULL;
}

/* The bytes in front of a footer that is good. A checksum of 0 was not computed. Versions that are
 * not known are no error: what is in front of them may be. */
static bool check_footer(struct bytes payload, bool any_checksum, size_t *n,
                         enum rdb_dialect *dialect)
{
    const unsigned char *p = (const unsigned char *)payload.p;
    if (payload.n < FOOTER)
        return false;
    *n = payload.n - FOOTER;
    uint64_t crc;
    memcpy(&crc, p + *n + 2, 8);
    *dialect =
        (p[*n] | (unsigned)p[*n + 1] << 8) > RDB_REDIS_RESERVED_MOST ? RDB_VALKEY : RDB_REDIS;
    return any_checksum || crc == 0 || crc == crc_64(0, p, *n + 2);
}

enum dump_result dump_read(struct bytes payload, struct bytes key, const struct rdb_get_options *o,
                           struct entry **out, const char **what, char error[DUMP_ERROR])
{
    const unsigned char *p = (const unsigned char *)payload.p;
    enum rdb_dialect dialect;
    size_t n;
    *what = NULL;
    if (!check_footer(payload, o->any_checksum, &n, &dialect))
        return DUMP_BAD_FRAME;
    struct rdb_source r = {.start = p, .p = p, .end = p + n, .dialect = dialect};
    *out = read_value(&r, key, o, what);
    if (error)
        snprintf(error, DUMP_ERROR, "%s", r.error[0] ? r.error : "Empty value, or more than one");
    rdb_source_free(&r);
    return *out ? DUMP_GOOD : *what ? DUMP_FOREIGN : DUMP_BAD_DATA;
}

void dump_write_libraries(struct buf *to, struct bytes (*library)(void *context, size_t i),
                          void *context)
{
    struct rdb_sink s = {.fd = -1, .compress = true, .version = 10};
    struct bytes code;
    for (size_t i = 0; (code = library(context, i)).n; i++) {
        rdb_sink_byte(&s, RDB_FUNCTION);
        rdb_sink_string(&s, code);
    }
    put_footer(&s, to);
}

void dump_write_libraries_again(struct buf *to, struct bytes payload)
{
    struct rdb_sink s = {.fd = -1, .version = 10};
    ASSERT(payload.n >= FOOTER);
    rdb_sink_put(&s, payload.p, payload.n - FOOTER);
    put_footer(&s, to);
}

enum dump_result dump_read_libraries(struct bytes payload,
                                     bool (*take)(void *context, struct bytes code), void *context)
{
    const unsigned char *p = (const unsigned char *)payload.p;
    enum rdb_dialect dialect;
    size_t n;
    if (!check_footer(payload, false, &n, &dialect))
        return DUMP_BAD_FRAME;
    struct rdb_source r = {.start = p, .p = p, .end = p + n};
    enum dump_result result = DUMP_GOOD;
    while (result == DUMP_GOOD && r.p < r.end) {
        unsigned type;
        struct bytes code;
        if (!rdb_source_byte(&r, &type) || type != RDB_FUNCTION || !rdb_source_string(&r, &code))
            result = DUMP_BAD_DATA;
        else if (!take(context, code))
            result = DUMP_STOPPED;
    }
    rdb_source_free(&r);
    return result;
}
