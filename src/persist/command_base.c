/* Writes and verifies a base of the append-only file that consists of commands.
 *
 *   header | generation | frame ... where a frame is commands and their trailer (aof_frame.h)
 *
 * Each value becomes the commands that create it: a collection is split into commands of at most 64
 * elements (element() gathers them, end() emits one), a stream into an XADD per entry, XSETID for
 * its counters, and XGROUP and XCLAIM for its groups. Then come the effects that Redis has no
 * commands for, and PEXPIREAT last, so that a key whose deadline has passed is complete before it
 * expires.
 *
 * Commands collect in `out`; once it holds 256 KiB, end_frame() writes it with a trailer. A frame
 * ends only between commands, never within one. Unlike a frame of an increment it is no
 * transaction: a value may span several.
 *
 * The first error of write() is kept and everything after it is skipped; the caller then removes
 * the file. command_base_verify() reads the file back through the ordinary reader, which checks
 * every trailer: a base is used only after that. */
#include "persist/command_base.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "io/file.h"
#include "persist/aof_frame.h"
#include "persist/aof_read.h"
#include "persist/journal.h"
#include "persist/rdb_put.h"
#include "persist/stream_rebuild.h"
#include "persist/wrap.h"

#include "type/hash.h"
#include "type/list.h"
#include "type/set.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "type/zset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS_MOST  64 /* elements in a command, as Redis has it */
#define FRAME_BYTES ((size_t)256 << 10)

struct writer {
    int fd, error;
    int version; /* as rdb-compat */
    struct aof_frame_header head;
    struct buf out; /* commands of the current frame */
    uint64_t written;
    /* The command being collected: its fixed words, then the elements, whose bytes are copied since
     * walks reuse theirs. */
    struct buf text;
    struct {
        size_t at, n;
    } words[8 + 2 * ITEMS_MOST];
    int argc, fixed;
};

static void put_all(struct writer *w, struct bytes x)
{
    size_t written;
    if (!w->error)
        w->error = file_write_all(w->fd, x, &written);
    w->written += x.n;
}

static void end_frame(struct writer *w)
{
    char trailer[AOF_FRAME_LINE_MAX];
    if (!w->out.n)
        return;
    size_t n = aof_frame_print_trailer(w->head.salt, bytes_of("", 0), buf_bytes(&w->out),
                                       w->head.offset, trailer);
    put_all(w, buf_bytes(&w->out));
    put_all(w, bytes_of(trailer, n));
    w->out.n = 0;
}

static void command(struct writer *w, const struct bytes *argv, int argc)
{
    journal_format(&w->out, argv, argc);
    if (w->out.n >= FRAME_BYTES)
        end_frame(w);
}

#define COMMAND(w, ...)                                                                            \
    command(w, (const struct bytes[]){__VA_ARGS__},                                                \
            (int)(sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes)))

/* ---- Commands of many elements */

static void word(struct writer *w, struct bytes x)
{
    ASSERT((size_t)w->argc < sizeof(w->words) / sizeof(*w->words));
    w->words[w->argc].at = w->text.n;
    w->words[w->argc++].n = x.n;
    buf_add(&w->text, x);
}

static void begin(struct writer *w, const char *name, struct bytes key)
{
    w->text.n = 0;
    w->argc = 0;
    word(w, bytes_text(name));
    word(w, key);
    w->fixed = w->argc;
}

static void end(struct writer *w)
{
    struct bytes argv[8 + 2 * ITEMS_MOST];
    if (w->argc == w->fixed)
        return;
    ASSERT(w->fixed >= 2); /* begin() */
    for (int i = 0; i < w->argc; i++)
        argv[i] = bytes_of(w->text.p + w->words[i].at, w->words[i].n);
    command(w, argv, w->argc);
    w->argc = w->fixed;
    w->text.n = w->words[w->fixed - 1].at + w->words[w->fixed - 1].n;
}

/* One element of one or two words. */
static void element(struct writer *w, struct bytes a, const struct bytes *b)
{
    if (w->argc + 2 > w->fixed + 2 * ITEMS_MOST || (!b && w->argc == w->fixed + ITEMS_MOST))
        end(w);
    word(w, a);
    if (b)
        word(w, *b);
}

/* ---- Values */

static void put_string(struct writer *w, struct bytes key, const struct entry *e)
{
    char text[NUM_INT_MAX];
    COMMAND(w, BYTES("SET"), key, string_view(e, text));
}

static void put_list(struct writer *w, struct bytes key, const struct list *l)
{
    struct list_cursor c;
    begin(w, "RPUSH", key);
    for (bool any = list_seek(l, 0, &c); any; any = list_next(&c))
        element(w, list_get(&c), NULL);
    list_end(&c);
    end(w);
}

static void put_set(struct writer *w, struct bytes key, const struct set *s)
{
    struct set_walk walk;
    struct bytes member;
    begin(w, "SADD", key);
    set_walk_start(&walk, s);
    while (set_walk_next(&walk, &member))
        element(w, member, NULL);
    end(w);
}

static void put_hash(struct writer *w, struct bytes key, const struct hash *h)
{
    struct hash_walk walk;
    struct hash_field f;
    begin(w, "HSET", key);
    hash_walk_start(&walk, h, HASH_ALL);
    while (hash_walk_next(&walk, &f))
        element(w, f.name, &f.value);
    end(w);
}

static void put_zset(struct writer *w, struct bytes key, const struct zset *z)
{
    struct zset_walk walk;
    struct zset_item x;
    begin(w, "ZADD", key);
    zset_walk_start(&walk, z, 0, zset_count(z), false);
    while (zset_walk_next(&walk, &x)) {
        char text[64];
        struct bytes score = bytes_of(text, (size_t)snprintf(text, sizeof(text), "%.17g", x.score));
        element(w, score, &x.member);
    }
    end(w);
}

/* ---- Streams */

static struct bytes id_text(char to[STREAM_ID_TEXT_MAX], struct stream_id id)
{
    return bytes_of(to, stream_id_print(to, id));
}

/* Ends an XCLAIM, whose entries share owner, time and count. */
static void end_claim(struct writer *w, const struct stream_pending_entry *e)
{
    char time[NUM_INT_MAX], count[NUM_INT_MAX];
    if (w->argc == w->fixed)
        return;
    word(w, BYTES("TIME"));
    word(w, bytes_of(time, num_print_int(time, e->time_ms)));
    word(w, BYTES("RETRYCOUNT"));
    word(w, bytes_of(count, num_print_uint(count, e->count)));
    word(w, BYTES("FORCE"));
    word(w, BYTES("JUSTID"));
    end(w);
}

static void begin_claim(struct writer *w, struct bytes key, const struct stream_group *g,
                        uint32_t consumer)
{
    begin(w, "XCLAIM", key);
    word(w, str_bytes(g->name));
    /* Redis has no entries without an owner, so they get one here. */
    word(w, consumer == STREAM_PENDING_NO_CONSUMER
                ? STREAM_REBUILD_UNOWNED
                : str_bytes(stream_group_owner(g, consumer)->name));
    word(w, BYTES("0"));
    w->fixed = w->argc;
}

/* before: the previous entry; none while argc is 0. */
static void claim(struct writer *w, struct bytes key, const struct stream_group *g,
                  const struct stream_pending_entry *e, struct stream_pending_entry *before)
{
    char text[STREAM_ID_TEXT_MAX];
    if (!w->argc || e->consumer != before->consumer) {
        end_claim(w, before);
        begin_claim(w, key, g, e->consumer);
    } else if (w->argc == w->fixed + ITEMS_MOST || e->time_ms != before->time_ms ||
               e->count != before->count) {
        end_claim(w, before);
    }
    *before = *e;
    word(w, id_text(text, e->id));
}

static int by_delivery(const void *a, const void *b)
{
    const struct stream_pending_entry *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return stream_id_compare(x->id, y->id);
}

/* When the commands are run, the place of each entry among the others by time is searched from the
 * end. So entries with ascending times come first, by ID and whoever owns them, and the rest after
 * them, sorted by time: in another order loading would take quadratic time. */
static void put_pending(struct writer *w, struct bytes key, const struct stream_group *g)
{
    struct stream_pending_place at;
    struct stream_pending_entry e, before = {.count = 0}, *late = NULL;
    size_t n = 0, cap = 0;
    int64_t latest_ms = INT64_MIN;
    w->argc = w->fixed = 0;
    bool any = stream_pending_seek(&g->pending, STREAM_ID_MIN, &at);
    for (; any; any = stream_pending_next(&g->pending, &at)) {
        stream_pending_get(&g->pending, at, &e);
        if (e.time_ms >= latest_ms) {
            latest_ms = e.time_ms;
            claim(w, key, g, &e, &before);
            continue;
        }
        if (n == cap)
            late = mem_realloc(late, (cap = cap ? 2 * cap : 64) * sizeof(*late));
        late[n++] = e;
    }
    if (n)
        qsort(late, n, sizeof(*late), by_delivery);
    for (size_t i = 0; i < n; i++)
        claim(w, key, g, &late[i], &before);
    end_claim(w, &before);
    mem_free(late);
}

static void put_group(struct writer *w, struct bytes key, struct stream_group *g)
{
    char id[STREAM_ID_TEXT_MAX], read[NUM_INT_MAX];
    size_t n;
    COMMAND(w, BYTES("XGROUP"), BYTES("CREATE"), key, str_bytes(g->name), id_text(id, g->last_id),
            BYTES("ENTRIESREAD"), bytes_of(read, num_print_int(read, g->entries_read)));
    struct stream_consumer **all = stream_group_sorted(g, &n);
    for (size_t i = 0; i < n; i++)
        COMMAND(w, BYTES("XGROUP"), BYTES("CREATECONSUMER"), key, str_bytes(g->name),
                str_bytes(all[i]->name));
    mem_free(all);
    put_pending(w, key, g);
}

static void put_entries(struct writer *w, struct bytes key, const struct stream *s)
{
    struct stream_cursor c;
    struct stream_entry e;
    struct bytes *argv = NULL;
    size_t cap = 0;
    char id[STREAM_ID_TEXT_MAX];
    uint64_t left = s->log.length;
    bool any = stream_log_seek(&s->log, STREAM_ID_MIN, &c);
    for (; any; any = stream_log_next(&c)) {
        stream_log_read(&c, &e);
        size_t n = 3 + 2 * (size_t)e.fields;
        if (n > cap)
            argv = mem_realloc(argv, (cap = n) * sizeof(*argv));
        argv[0] = BYTES("XADD");
        argv[1] = key;
        argv[2] = id_text(id, e.id);
        for (uint32_t i = 0, fields = e.fields; i < fields; i++)
            stream_block_field(&e, &argv[3 + 2 * i], &argv[4 + 2 * i]);
        command(w, argv, (int)n);
        left--;
    }
    ASSERT(left == 0);
    stream_log_end(&c);
    mem_free(argv);
}

static void put_stream(struct writer *w, struct bytes key, const struct stream *s)
{
    char last[STREAM_ID_TEXT_MAX], deleted[STREAM_ID_TEXT_MAX], added[NUM_INT_MAX];
    size_t n;
    if (s->log.length == 0) {
        /* Only XGROUP CREATE can create a stream without entries. */
        COMMAND(w, BYTES("XGROUP"), BYTES("CREATE"), key, BYTES("g"), BYTES("0"),
                BYTES("MKSTREAM"));
        COMMAND(w, BYTES("XGROUP"), BYTES("DESTROY"), key, BYTES("g"));
    }
    put_entries(w, key, s);
    COMMAND(w, BYTES("XSETID"), key, id_text(last, s->last_id), BYTES("ENTRIESADDED"),
            bytes_of(added, num_print_uint(added, s->added)), BYTES("MAXDELETEDID"),
            id_text(deleted, s->max_deleted));
    struct stream_group **groups = stream_sorted_groups(s, &n);
    for (size_t i = 0; i < n; i++)
        put_group(w, key, groups[i]);
    mem_free(groups);
}

struct effects {
    struct writer *to;
    bool wrapped; /* Redis may not know them */
    uint64_t n;
};

static void add_effect(void *context, const struct bytes *argv, int argc)
{
    struct effects *x = context;
    struct writer *w = x->to;
    x->n++;
    if (!x->wrapped) {
        command(w, argv, argc);
        return;
    }
    w->text.n = 0;
    journal_format(&w->text, argv, argc);
    wrap_format(&w->out, buf_bytes(&w->text));
    if (w->out.n >= FRAME_BYTES)
        end_frame(w);
}

static void put_effects(struct writer *w, struct bytes key, const struct entry *e,
                        struct rdb_write_result *result)
{
    bool stream = value_type(e) == TYPE_STREAM;
    struct effects x = {.to = w, .wrapped = stream || w->version < 12};
    rdb_put_effects(key, e, RDB_HASH, add_effect, &x);
    if (x.n && stream)
        rdb_write_count_stream(result, value_object(e));
    else if (x.n && x.wrapped)
        result->hashes_aside++;
}

static void put_value(struct writer *w, const struct entry *e, struct rdb_write_result *result)
{
    struct bytes key = entry_key(e);
    char text[NUM_INT_MAX];
    switch (value_type(e)) {
    case TYPE_STRING:
        put_string(w, key, e);
        break;
    case TYPE_LIST:
        put_list(w, key, value_object(e));
        break;
    case TYPE_SET:
        put_set(w, key, value_object(e));
        break;
    case TYPE_ZSET:
        put_zset(w, key, value_object(e));
        break;
    case TYPE_HASH:
        put_hash(w, key, value_object(e));
        break;
    case TYPE_STREAM:
        put_stream(w, key, value_object(e));
        break;
    default:
        w->error = w->error ? w->error : -ENOTSUP;
    }
    put_effects(w, key, e, result);
    if (e->has_ttl)
        COMMAND(w, BYTES("PEXPIREAT"), key,
                bytes_of(text, num_print_int(text, entry_deadline_ms(e))));
    result->keys++;
}

int command_base_write(int fd, struct store *s, const struct rdb_write_options *o,
                       struct rdb_write_result *result)
{
    struct writer w = {.fd = fd,
                       .version = o->version,
                       .head = {.version = AOF_FRAME_VERSION, .offset = o->journal_offset}};
    char head[AOF_FRAME_HEADER_MAX], line[AOF_FRAME_LINE_MAX], number[NUM_INT_MAX];
    struct bytes code;
    int selected = 0;
    *result = (struct rdb_write_result){0};
    rng_system(&w.head.salt, sizeof(w.head.salt));
    snprintf(w.head.replication_id, sizeof(w.head.replication_id), "%s", o->replication_id);
    put_all(&w, bytes_of(head, aof_frame_print_header(&w.head, head)));
    put_all(&w, bytes_of(line, aof_frame_print_generation(w.head.salt, o->generation, line)));
    for (size_t i = 0; o->library && (code = o->library(o->context, i)).n; i++)
        COMMAND(&w, BYTES("FUNCTION"), BYTES("LOAD"), BYTES("REPLACE"), code);
    for (int i = 0; i < s->count && !w.error; i++) {
        const struct db *db = &s->dbs[i];
        struct table_walk walk;
        if (db->keys.used == 0)
            continue;
        COMMAND(&w, BYTES("SELECT"), bytes_of(number, num_print_int(number, i)));
        selected = i;
        table_walk_start(&walk, &db->keys);
        for (struct entry *e; !w.error && (e = table_walk_next(&walk));) {
            put_value(&w, e, result);
            rdb_write_pause(o, result->keys);
        }
    }
    if (o->stream_db >= 0 && o->stream_db != selected) /* a replica continues in it */
        COMMAND(&w, BYTES("SELECT"), bytes_of(number, num_print_int(number, o->stream_db)));
    end_frame(&w);
    ASSERT(w.out.n == 0 && (w.error || w.written > 0));
    result->bytes = w.written;
    buf_free(&w.out);
    buf_free(&w.text);
    return w.error;
}

static bool take(void *context, const struct bytes *argv, int argc)
{
    (void)context;
    (void)argv;
    (void)argc;
    return true;
}

int command_base_verify(const char *path, const struct rdb_write_result *written)
{
    struct bytes map;
    int error = file_map(path, &map);
    if (error)
        return error;
    struct aof_read_options o = {.apply = take};
    struct aof_read_result r;
    aof_read(map, &o, &r);
    bool good = r.status == AOF_READ_GOOD && r.framed && map.n == written->bytes;
    file_unmap(map);
    return good ? 0 : -EBADMSG;
}
