#include "persist/rdb_write.h"

#include "base/clock.h"
#include "base/crc.h"
#include "base/lz.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "persist/journal.h"
#include "persist/listpack.h"
#include "type/list.h"
#include "type/stream/stream.h"
#include "type/string.h"

#include <stdio.h>

#define FLUSH_FROM (256u * 1024)

struct writer {
    int fd;
    struct buf out;
    uint64_t crc;
    int error;
    const struct rdb_write_options *o;
    struct buf pack, effects;
};

static void flush(struct writer *w)
{
    size_t written;
    if (w->o->checksum)
        w->crc = crc_64(w->crc, w->out.p, w->out.n);
    if (!w->error)
        w->error = file_write_all(w->fd, buf_bytes(&w->out), &written);
    w->out.n = 0;
}

static void put(struct writer *w, const void *p, size_t n)
{
    buf_add(&w->out, bytes_of(p, n));
    if (w->out.n >= FLUSH_FROM)
        flush(w);
}

static void put_byte(struct writer *w, unsigned v)
{
    unsigned char c = (unsigned char)v;
    put(w, &c, 1);
}

static void put_length(struct writer *w, uint64_t n)
{
    unsigned char b[9];
    if (n < 64) {
        put_byte(w, (unsigned)n);
    } else if (n < 16384) {
        b[0] = (unsigned char)(0x40 | n >> 8);
        b[1] = (unsigned char)n;
        put(w, b, 2);
    } else {
        unsigned bytes = n <= UINT32_MAX ? 4 : 8;
        b[0] = bytes == 4 ? 0x80 : 0x81;
        for (unsigned i = 0; i < bytes; i++)
            b[1 + i] = (unsigned char)(n >> (8 * (bytes - 1 - i)));
        put(w, b, bytes + 1);
    }
}

static void put_little64(struct writer *w, uint64_t v)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (unsigned char)(v >> (8 * i));
    put(w, b, 8);
}

static void put_int(struct writer *w, int64_t v)
{
    unsigned char b[5];
    unsigned bytes = v >= -128 && v <= 127 ? 1 : v >= -32768 && v <= 32767 ? 2 : 4;
    b[0] = bytes == 1 ? 0xc0 : bytes == 2 ? 0xc1 : 0xc2;
    for (unsigned i = 0; i < bytes; i++)
        b[1 + i] = (unsigned char)((uint64_t)v >> (8 * i));
    put(w, b, bytes + 1);
}

static bool put_compressed(struct writer *w, struct bytes x)
{
    unsigned char *packed = mem_alloc(x.n);
    size_t n = lz_lzf_compress(x.p, x.n, packed, x.n - 4);
    if (n) {
        put_byte(w, 0xc3);
        put_length(w, n);
        put_length(w, x.n);
        put(w, packed, n);
    }
    mem_free(packed);
    return n > 0;
}

static void put_string(struct writer *w, struct bytes x)
{
    long long v;
    if (x.n && x.n <= 11 && num_parse_int(x, &v) && v >= INT32_MIN && v <= INT32_MAX) {
        put_int(w, v);
        return;
    }
    if (w->o->compress && x.n > 20 && x.n < UINT32_MAX && put_compressed(w, x))
        return;
    put_length(w, x.n);
    if (x.n >= FLUSH_FROM)
        flush(w);
    put(w, x.p, x.n);
}

static void put_aux(struct writer *w, const char *name, struct bytes value)
{
    put_byte(w, 0xfa);
    put_string(w, bytes_text(name));
    put_string(w, value);
}

static void put_aux_int(struct writer *w, const char *name, uint64_t v)
{
    char text[NUM_INT_MAX];
    put_aux(w, name, bytes_of(text, num_print_uint(text, v)));
}

static void put_string_value(struct writer *w, const struct entry *e)
{
    char scratch[NUM_INT_MAX];
    put_string(w, string_view(e, scratch));
}

#define NODE_BYTES 8192u

static void put_node(struct writer *w)
{
    listpack_end(&w->pack);
    put_length(w, 2);
    put_string(w, buf_bytes(&w->pack));
}

/* The list as nodes of about 8 KiB; a longer element is a plain node of its own. Two passes: the
 * count comes first. */
static void put_list(struct writer *w, struct list *l)
{
    struct list_cursor c;
    uint64_t nodes = 0;
    for (int pass = 0; pass < 2; pass++) {
        size_t used = 0, in_node = 0;
        bool any = list_seek(l, 0, &c);
        if (pass == 1) {
            put_length(w, nodes);
            listpack_begin(&w->pack);
        }
        for (; any; any = list_next(&c)) {
            struct bytes x = list_get(&c);
            bool plain = x.n > NODE_BYTES;
            if (in_node && (plain || used + x.n > NODE_BYTES)) {
                if (pass == 1) {
                    put_node(w);
                    listpack_begin(&w->pack);
                }
                nodes += pass == 0;
                used = in_node = 0;
            }
            if (plain) {
                nodes += pass == 0;
                if (pass == 1) {
                    put_length(w, 1);
                    put_string(w, x);
                }
                continue;
            }
            if (pass == 1)
                listpack_add(&w->pack, x);
            used += x.n + 4;
            in_node++;
        }
        if (in_node) {
            nodes += pass == 0;
            if (pass == 1)
                put_node(w);
        }
    }
}

static void big_endian_id(unsigned char *to, struct stream_id id)
{
    for (int i = 0; i < 8; i++) {
        to[i] = (unsigned char)(id.ms >> (8 * (7 - i)));
        to[8 + i] = (unsigned char)(id.seq >> (8 * (7 - i)));
    }
}

/* One block as Redis holds it: master entry, then the live entries. */
static void put_block(struct writer *w, const struct stream_block *b)
{
    const unsigned char *data = stream_block_pin(b);
    struct stream_entry e, first;
    struct bytes name, value;
    struct buf *p = &w->pack;
    uint32_t i = b->first_live;
    while (stream_block_is_dead(b, i))
        i++;
    stream_block_entry(b, data, i, &first);
    unsigned char key[16];
    big_endian_id(key, first.id);
    listpack_begin(p);
    listpack_add_int(p, b->live);
    listpack_add_int(p, 0);
    /* The names of the first live entry become the master's. */
    e = first;
    listpack_add_int(p, e.fields);
    for (uint32_t f = 0; f < e.fields; f++) {
        stream_block_field(&e, &name, &value);
        listpack_add(p, name);
    }
    listpack_add_int(p, 0);
    bool master_same = first.same;
    for (; i < b->count; i++) {
        if (stream_block_is_dead(b, i))
            continue;
        stream_block_entry(b, data, i, &e);
        bool same = (master_same && e.same) || stream_id_compare(e.id, first.id) == 0;
        listpack_add_int(p, same ? 2 : 0);
        listpack_add_int(p, (int64_t)(e.id.ms - first.id.ms));
        listpack_add_int(p, (int64_t)(e.id.seq - first.id.seq));
        if (!same)
            listpack_add_int(p, e.fields);
        for (uint32_t f = 0, n = e.fields; f < n; f++) {
            stream_block_field(&e, &name, &value);
            if (!same)
                listpack_add(p, name);
            listpack_add(p, value);
        }
        listpack_add_int(p, same ? e.fields + 3 : 2 * (int64_t)e.fields + 4);
    }
    listpack_end(p);
    stream_block_unpin(b);
    put_string(w, bytes_of(key, 16));
    put_string(w, buf_bytes(p));
}

static void put_id(struct writer *w, struct stream_id id)
{
    put_length(w, id.ms);
    put_length(w, id.seq);
}

static void put_raw_id(struct writer *w, struct stream_id id)
{
    unsigned char b[16];
    big_endian_id(b, id);
    put(w, b, 16);
}

static void put_group(struct writer *w, struct stream_group *g)
{
    struct stream_pending *p = &g->pending;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    put_string(w, str_bytes(g->name));
    put_id(w, g->last_id);
    put_length(w, (uint64_t)g->entries_read);
    uint64_t owned = 0;
    for (uint32_t i = 0; i < g->numbers; i++)
        owned += g->by_number[i] ? g->by_number[i]->pending : 0;
    put_length(w, owned);
    bool any = stream_pending_seek(p, STREAM_ID_MIN, &at);
    for (; any; any = stream_pending_next(p, &at)) {
        stream_pending_get(p, at, &e);
        if (e.consumer == STREAM_PENDING_NO_CONSUMER)
            continue;
        put_raw_id(w, e.id);
        put_little64(w, (uint64_t)e.time_ms);
        put_length(w, e.count);
    }
    put_length(w, g->consumers.used);
    for (uint32_t i = 0; i < g->numbers; i++) {
        struct stream_consumer *c = g->by_number[i];
        if (!c)
            continue;
        put_string(w, str_bytes(c->name));
        put_little64(w, (uint64_t)c->seen_ms);
        if (w->o->version >= 11)
            put_little64(w, (uint64_t)c->active_ms);
        put_length(w, c->pending);
        any = stream_pending_seek_owned(p, STREAM_ID_MIN, c->number, &at);
        for (; any; any = stream_pending_next_owned(p, c->number, &at)) {
            stream_pending_get(p, at, &e);
            put_raw_id(w, e.id);
        }
    }
}

static void put_stream(struct writer *w, const struct stream *s)
{
    put_length(w, s->log.n);
    for (size_t i = 0; i < s->log.n; i++)
        put_block(w, stream_log_block(&s->log, i));
    put_length(w, s->log.length);
    put_id(w, s->last_id);
    put_id(w, stream_first_id(s));
    put_id(w, s->max_deleted);
    put_length(w, s->added);
    size_t n;
    struct stream_group **groups = stream_sorted_groups(s, &n);
    put_length(w, n);
    for (size_t i = 0; i < n; i++)
        put_group(w, groups[i]);
    mem_free(groups);
}

static void add_effect(struct writer *w, const struct bytes *argv, int argc)
{
    journal_format(&w->effects, argv, argc);
}

/* What Redis has no place for: the released zones and the producers' message ids. */
static void stream_effects(struct writer *w, struct bytes key, const struct stream *s)
{
    char a[STREAM_ID_TEXT_MAX], b[NUM_INT_MAX];
    if (s->dedup.duration_s != 100 || s->dedup.max_size != 100) {
        struct bytes argv[] = {
            BYTES("XCFGSET"),       key,
            BYTES("IDMP-DURATION"), bytes_of(a, num_print_int(a, s->dedup.duration_s)),
            BYTES("IDMP-MAXSIZE"),  bytes_of(b, num_print_uint(b, s->dedup.max_size))};
        add_effect(w, argv, 6);
    }
    for (const struct stream_dedup_record *r = NULL; (r = stream_dedup_next(&s->dedup, r));) {
        struct bytes argv[] = {BYTES("XIDMPRECORD"), key, dict_key(r->producer->node),
                               bytes_of(r->iid, r->n), bytes_of(a, stream_id_print(a, r->id))};
        add_effect(w, argv, 5);
    }
    struct dict_walk groups = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &groups));) {
        struct stream_group *g = n->value;
        const struct dlist_node *x = NULL;
        struct stream_id id;
        while ((x = stream_pending_released_next(&g->pending, x, &id))) {
            struct stream_pending_place at;
            struct stream_pending_entry e;
            stream_pending_find(&g->pending, id, &at);
            stream_pending_get(&g->pending, at, &e);
            struct bytes argv[] = {BYTES("XNACK"),
                                   key,
                                   dict_key(n),
                                   BYTES("FAIL"),
                                   BYTES("IDS"),
                                   BYTES("1"),
                                   bytes_of(a, stream_id_print(a, id)),
                                   BYTES("RETRYCOUNT"),
                                   bytes_of(b, num_print_uint(b, e.count)),
                                   BYTES("FORCE")};
            add_effect(w, argv, 10);
        }
    }
}

static void put_entry(struct writer *w, const struct entry *e)
{
    if (e->has_deadline) {
        put_byte(w, 0xfc);
        put_little64(w, (uint64_t)entry_deadline_ms(e));
    }
    switch (value_type(e)) {
    case TYPE_LIST:
        put_byte(w, 18);
        put_string(w, entry_key(e));
        put_list(w, value_object(e));
        break;
    case TYPE_STREAM:
        put_byte(w, w->o->version >= 11 ? 21 : 19);
        put_string(w, entry_key(e));
        put_stream(w, value_object(e));
        w->effects.n = 0;
        stream_effects(w, entry_key(e), value_object(e));
        if (w->effects.n)
            put_aux(w, "millrace-effects", buf_bytes(&w->effects));
        break;
    default:
        put_byte(w, 0);
        put_string(w, entry_key(e));
        put_string_value(w, e);
    }
}

int rdb_write(int fd, struct store *s, const struct rdb_write_options *o, uint64_t *keys)
{
    struct writer w = {.fd = fd, .o = o};
    char head[16];
    *keys = 0;
    snprintf(head, sizeof(head), "REDIS%04d", o->version);
    put(&w, head, 9);
    put_aux(&w, "redis-ver", BYTES("7.2.4"));
    put_aux_int(&w, "redis-bits", 64);
    put_aux_int(&w, "ctime", (uint64_t)clock_wall_ms() / 1000);
    put_aux_int(&w, "used-mem", mem_used());
    if (o->replication_id) {
        put_aux_int(&w, "repl-stream-db", 0);
        put_aux(&w, "repl-id", bytes_of(o->replication_id, 40));
        put_aux_int(&w, "repl-offset", o->journal_offset);
    }
    put_aux_int(&w, "aof-base", o->aof_base);
    put_aux(&w, "millrace-version", BYTES("1"));
    for (int i = 0; i < s->count && !w.error; i++) {
        const struct db *db = &s->dbs[i];
        if (db->keys.used == 0)
            continue;
        put_byte(&w, 0xfe);
        put_length(&w, (uint64_t)i);
        put_byte(&w, 0xfb);
        put_length(&w, db->keys.used);
        put_length(&w, db->deadlines.used);
        struct table_walk walk;
        table_walk_start(&walk, &db->keys);
        for (struct entry *e; !w.error && (e = table_walk_next(&walk)); ++*keys)
            put_entry(&w, e);
    }
    put_byte(&w, 0xff);
    flush(&w);
    put_little64(&w, o->checksum ? w.crc : 0);
    flush(&w);
    buf_free(&w.out);
    buf_free(&w.pack);
    buf_free(&w.effects);
    return w.error;
}
