/* A payload as described in the header: type, value, version, checksum. What decides:
 *
 *   writing   the value alone: the lowest version and type that hold all of it. For a reader that
 *             is named (dump_write_for()) what that reader knows, and whether it is all.
 *   reading   the footer: its checksum, and by its version whose codes these are. Then the value is
 *             read as in a snapshot, and must end where the footer begins.
 *
 * What can fail: a bad footer (DUMP_BAD_FRAME, nothing is read), a damaged value (DUMP_BAD_DATA,
 * what was built is freed), an unsupported type of value (DUMP_FOREIGN). */
#include "persist/dump.h"

#include "base/assert.h"
#include "base/crc.h"
#include "base/mem.h"
#include "persist/dump_stream.h"
#include "persist/rdb_put.h"
#include "persist/rdb_put_stream.h"
#include "persist/rdb_skip.h"
#include "type/stream/stream.h"
#include "type/value.h"

#include <stdio.h>

#define FOOTER 10u

static void put_footer(struct rdb_sink *s, struct buf *to)
{
    ASSERT(s->fd < 0 && s->written == 0); /* the checksum covers all: nothing was flushed */
    rdb_sink_byte(s, (unsigned)s->version);
    rdb_sink_byte(s, 0);
    rdb_sink_little64(s, crc_64(0, s->out.p, s->out.n));
    buf_add(to, buf_bytes(&s->out));
    rdb_sink_free(s);
}

/* The type of our own that it needs; 0: none. */
static unsigned own_type(const struct entry *e)
{
    unsigned type = value_type(e) == TYPE_STREAM ? dump_stream_type(value_object(e)) : 0;
    return type == RDB_STREAM_ACTIVE ? 0 : type;
}

static bool is_own(unsigned type)
{
    return type == RDB_MILLRACE_STREAM || type == RDB_MILLRACE_QUEUE;
}

void dump_write(struct buf *to, const struct entry *e, bool compress)
{
    struct rdb_sink s = {.fd = -1, .compress = compress, .version = 10};
    unsigned own = own_type(e);
    if (own) {
        s.version = 11;
        rdb_sink_byte(&s, own);
        rdb_put_stream(&s, value_object(e), false);
        dump_stream_put(&s, value_object(e), own);
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
    return value_type(e) == TYPE_STREAM ? own_type(e) != 0 : timed && !keeps;
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

/* Module metadata of the key may precede the type; it is dropped. */
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
    struct entry *e = rdb_get_value(r, key, is_own(type) ? RDB_STREAM_ACTIVE : type, o);
    bool good =
        e && (!is_own(type) || dump_stream_get(r, value_to_change(e), type)) && r->p == r->end;
    if (good && is_own(type))
        value_set_stream_acts(e, stream_acts(value_object(e)));
    if (!good && e)
        value_free(e);
    return good ? e : NULL;
}

/* Checks the footer; *n is the number of bytes before it. A checksum of 0 was not computed. Unknown
 * versions are not an error here; the value may turn out to be. */
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
