#include "persist/rdb_write.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "persist/journal.h"
#include "persist/rdb_put.h"
#include "persist/stream_rebuild.h"

#include <errno.h>
#include <stdio.h>

#define PIECE_BYTES ((size_t)1 << 20)

static void put_aux(struct rdb_sink *s, const char *name, struct bytes value)
{
    rdb_sink_byte(s, RDB_AUX);
    rdb_sink_string(s, bytes_text(name));
    rdb_sink_string(s, value);
}

static void put_aux_int(struct rdb_sink *s, const char *name, uint64_t v)
{
    char text[NUM_INT_MAX];
    put_aux(s, name, bytes_of(text, num_print_uint(text, v)));
}

/* The effects that complete a key, in pieces, which bounds the memory of both writer and reader. */
struct effects {
    struct rdb_sink *to;
    struct buf piece;
    bool any;
};

static void end_piece(struct effects *x, size_t n)
{
    if (!n)
        return;
    put_aux(x->to, "millrace-effects", bytes_of(x->piece.p, n));
    buf_consume(&x->piece, n);
    x->any = true;
}

/* Pieces end between commands. */
static void add_effect(void *context, const struct bytes *argv, int argc)
{
    struct effects *x = context;
    size_t before = x->piece.n;
    journal_format(&x->piece, argv, argc);
    if (x->piece.n > PIECE_BYTES)
        end_piece(x, before);
}

static void put_entry(struct rdb_sink *s, struct effects *effects, const struct entry *e,
                      struct rdb_write_result *result)
{
    unsigned type = rdb_put_type(s, e);
    if (e->has_ttl) {
        rdb_sink_byte(s, RDB_EXPIRE_MS);
        rdb_sink_little64(s, (uint64_t)entry_deadline_ms(e));
    }
    rdb_sink_byte(s, type);
    rdb_sink_string(s, entry_key(e));
    rdb_put_value(s, e, type);
    effects->any = false;
    rdb_put_effects(entry_key(e), e, type, add_effect, effects);
    end_piece(effects, effects->piece.n);
    if (effects->any && value_type(e) == TYPE_STREAM)
        rdb_write_count_stream(result, value_object(e));
    else if (effects->any)
        result->hashes_aside++;
    result->keys++;
}

void rdb_write_count_stream(struct rdb_write_result *result, const struct stream *s)
{
    result->streams_aside++;
    result->stream_kinds |= stream_rebuild_kinds(s);
    result->scheduled += s->extra ? stream_future_count(&s->extra->future) : 0;
}

void rdb_write_pause(const struct rdb_write_options *o, uint64_t keys)
{
    if (o->progress)
        o->progress(o->context, keys);
    clock_delay(o->key_delay_us, keys);
}

int rdb_write(int fd, struct store *s, const struct rdb_write_options *o,
              struct rdb_write_result *result)
{
    struct rdb_sink w = {
        .fd = fd, .checksum = o->checksum, .compress = o->compress, .version = o->version};
    struct effects effects = {.to = &w};
    char head[16];
    ASSERT(o->version >= 1 && o->version <= RDB_REDIS_VERSION_MOST);
    *result = (struct rdb_write_result){0};
    snprintf(head, sizeof(head), "REDIS%04d", o->version);
    rdb_sink_put(&w, head, RDB_MAGIC_BYTES);
    put_aux(&w, "redis-ver", BYTES("7.2.4"));
    put_aux_int(&w, "redis-bits", 64);
    put_aux_int(&w, "ctime", (uint64_t)clock_wall_ms() / 1000);
    put_aux_int(&w, "used-mem", mem_used());
    if (o->replication_id) {
        put_aux_int(&w, "repl-stream-db", o->stream_db < 0 ? 0 : (uint64_t)o->stream_db);
        put_aux(&w, "repl-id", bytes_of(o->replication_id, 40));
        put_aux_int(&w, "repl-offset", o->journal_offset);
    }
    put_aux_int(&w, "aof-base", o->aof_base);
    put_aux(&w, "millrace-version", BYTES("1"));
    if (o->replication_id)
        put_aux_int(&w, "millrace-replicas", o->replicas);
    if (o->generation) {
        put_aux_int(&w, "millrace-generation", o->generation);
        put_aux_int(&w, "millrace-aof", o->aof);
    }
    struct bytes code;
    for (size_t i = 0; o->library && (code = o->library(o->context, i)).n; i++) {
        rdb_sink_byte(&w, RDB_FUNCTION);
        rdb_sink_string(&w, code);
    }
    for (int i = 0; !o->no_keys && i < s->count && !w.error; i++) {
        const struct db *db = &s->dbs[i];
        if (db->keys.used == 0)
            continue;
        rdb_sink_byte(&w, RDB_SELECT);
        rdb_sink_length(&w, (uint64_t)i);
        rdb_sink_byte(&w, RDB_RESIZE);
        rdb_sink_length(&w, db->keys.used);
        rdb_sink_length(&w, db->keys_with_ttl.used);
        struct table_walk walk;
        uint64_t before = result->keys;
        table_walk_start(&walk, &db->keys);
        for (struct entry *e; !w.error && (e = table_walk_next(&walk));) {
            put_entry(&w, &effects, e, result);
            rdb_write_pause(o, result->keys);
        }
        ASSERT(w.error || result->keys - before == db->keys.used);
    }
    rdb_sink_byte(&w, RDB_EOF);
    rdb_sink_flush(&w);
    result->sum = o->checksum ? w.crc : 0;
    rdb_sink_little64(&w, result->sum);
    rdb_sink_flush(&w);
    ASSERT(w.out.n == 0);
    result->bytes = w.written;
    rdb_sink_free(&w);
    buf_free(&effects.piece);
    return w.error;
}

struct reading {
    uint64_t bytes, crc, body; /* body: position of the checksum itself */
    char trailer[RDB_SUM_BYTES];
};

static void sum_piece(void *context, struct bytes piece)
{
    struct reading *r = context;
    size_t n = r->bytes >= r->body            ? 0
               : r->body - r->bytes < piece.n ? (size_t)(r->body - r->bytes)
                                              : piece.n;
    r->crc = crc_64(r->crc, piece.p, n);
    for (size_t i = n; i < piece.n; i++) {
        uint64_t at = r->bytes + i - r->body;
        if (at < sizeof(r->trailer))
            r->trailer[at] = piece.p[i];
    }
    r->bytes += piece.n;
}

int rdb_write_verify(const char *path, const struct rdb_write_result *written)
{
    ASSERT(written->bytes > RDB_MAGIC_BYTES + RDB_SUM_BYTES);
    struct reading r = {.body = written->bytes - RDB_SUM_BYTES};
    int error = file_each(path, sum_piece, &r);
    if (error)
        return error;
    bool same = r.bytes == written->bytes &&
                memcmp(r.trailer, &written->sum, sizeof(r.trailer)) == 0 &&
                (written->sum == 0 || r.crc == written->sum);
    return same ? 0 : -EBADMSG;
}
