/* Bytes of the RDB format for unit tests: written down by hand, and values shown as text.
 *
 * rdb_hex("0c000000 0200 81'a'02 0501 ff") makes bytes of hexadecimal digits, blanks in between,
 * and of text in single quotes. */
#ifndef SUPPORT_RDB_H
#define SUPPORT_RDB_H

#include "base/mem.h"
#include "base/num.h"
#include "persist/rdb_get.h"
#include "type/hash.h"
#include "type/list.h"
#include "type/set.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "type/zset.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rdb_get_options rdb_options = {.list_fill = -2,
                                             .node_entries = 100,
                                             .node_bytes = 4096,
                                             .raw_blocks = 2,
                                             .hash = {512, 64},
                                             .set = {512, 128, 64},
                                             .zset = {128, 64}};

/* What the streams of a test share; made when it is first asked for. */
static inline struct stream_context *rdb_streams(void)
{
    if (!rdb_options.streams)
        rdb_options.streams = stream_context_new();
    return rdb_options.streams;
}

/* Valid until the eighth call behind it. */
static inline struct bytes rdb_hex(const char *text)
{
    static char all[8][1024];
    static unsigned turn;
    char *to = all[turn++ % 8];
    size_t n = 0;
    for (const char *p = text; *p;) {
        if (*p == '\'') {
            for (p++; *p != '\''; p++)
                to[n++] = *p;
            p++;
        } else if (isxdigit((unsigned char)*p)) {
            char pair[3] = {p[0], p[1], 0};
            to[n++] = (char)strtoul(pair, NULL, 16);
            p += 2;
        } else {
            p++;
        }
    }
    return bytes_of(to, n);
}

static inline struct rdb_source rdb_source_of(struct bytes x)
{
    const unsigned char *p = (const unsigned char *)x.p;
    return (struct rdb_source){.start = p, .p = p, .end = p + x.n};
}

static inline void rdb_show_stream(struct buf *to, const struct stream *s)
{
    char id[STREAM_ID_TEXT_MAX];
    struct stream_cursor c;
    struct stream_entry e;
    struct bytes name, value;
    bool any = stream_log_seek(&s->log, STREAM_ID_MIN, &c);
    for (; any; any = stream_log_next(&c)) {
        stream_log_read(&c, &e);
        buf_printf(to, " %.*s", (int)stream_id_print(id, e.id), id);
        for (uint32_t i = 0, n = e.fields; i < n; i++) {
            stream_block_field(&e, &name, &value);
            buf_printf(to, " %.*s=%.*s", (int)name.n, name.p, (int)value.n, value.p);
        }
    }
    stream_log_end(&c);
    buf_printf(to, " last %.*s", (int)stream_id_print(id, s->last_id), id);
    buf_printf(to, " added %llu", (unsigned long long)s->added);
    size_t n;
    struct stream_group **groups = stream_sorted_groups(s, &n);
    for (size_t i = 0; i < n; i++) {
        struct stream_group *g = groups[i];
        buf_printf(to, " group %.*s read %lld pending %llu released %llu", (int)g->name->n,
                   g->name->p, (long long)g->entries_read, (unsigned long long)g->pending.count,
                   (unsigned long long)stream_pending_released_count(&g->pending));
    }
    mem_free(groups);
    if (s->dedup.tracked)
        buf_printf(to, " ids %llu of %llu, %llu again", (unsigned long long)s->dedup.tracked,
                   (unsigned long long)s->dedup.added, (unsigned long long)s->dedup.duplicates);
}

/* "list a b", "hash f=v@5 g=w", "zset m=1.5" ... */
static inline void rdb_show(struct buf *to, const struct entry *e)
{
    char scratch[NUM_INT_MAX];
    struct bytes x;
    switch (value_type(e)) {
    case TYPE_LIST: {
        struct list_cursor c;
        buf_printf(to, "list");
        for (bool any = list_seek(value_object(e), 0, &c); any; any = list_next(&c)) {
            x = list_get(&c);
            buf_printf(to, " %.*s", (int)x.n, x.p);
        }
        list_end(&c);
        break;
    }
    case TYPE_SET: {
        struct set_walk w;
        buf_printf(to, "set");
        set_walk_start(&w, value_object(e));
        while (set_walk_next(&w, &x))
            buf_printf(to, " %.*s", (int)x.n, x.p);
        break;
    }
    case TYPE_HASH: {
        struct hash_walk w;
        struct hash_field f;
        buf_printf(to, "hash");
        hash_walk_start(&w, value_object(e), HASH_ALL);
        while (hash_walk_next(&w, &f)) {
            buf_printf(to, " %.*s=%.*s", (int)f.name.n, f.name.p, (int)f.value.n, f.value.p);
            if (f.deadline_ms >= 0)
                buf_printf(to, "@%lld", (long long)f.deadline_ms);
        }
        break;
    }
    case TYPE_ZSET: {
        struct zset_walk w;
        struct zset_item item;
        buf_printf(to, "zset");
        zset_walk_start(&w, value_object(e), 0, zset_count(value_object(e)), false);
        while (zset_walk_next(&w, &item))
            buf_printf(to, " %.*s=%g", (int)item.member.n, item.member.p, item.score);
        break;
    }
    case TYPE_STREAM:
        buf_printf(to, "stream");
        rdb_show_stream(to, value_object(e));
        break;
    default:
        x = string_view(e, scratch);
        buf_printf(to, "string %.*s", (int)x.n, x.p);
    }
}

/* What the bytes are as a value of that type: as rdb_show(), "empty", or "! " and why they are
 * refused. Valid until the next call. */
static inline const char *rdb_value_of(enum rdb_dialect dialect, unsigned type, struct bytes data)
{
    static char text[1024];
    struct buf shown = {0};
    /* In a block of their own size, so that a sanitizer sees what reads behind them. */
    char *exact = malloc(data.n ? data.n : 1);
    memcpy(exact, data.p, data.n);
    struct rdb_source r = rdb_source_of(bytes_of(exact, data.n));
    r.dialect = dialect;
    rdb_streams();
    struct entry *e = rdb_get_value(&r, BYTES("key"), type, &rdb_options);
    if (e)
        rdb_show(&shown, e);
    else if (r.empty)
        buf_printf(&shown, "empty");
    else
        buf_printf(&shown, "! %s", r.failed ? r.error : "not known");
    if (e && r.p != r.end)
        buf_printf(&shown, " and more");
    snprintf(text, sizeof(text), "%.*s", (int)shown.n, shown.p);
    if (e)
        value_free(e);
    rdb_source_free(&r);
    buf_free(&shown);
    free(exact);
    return text;
}

struct rdb_case {
    enum rdb_dialect dialect;
    unsigned type;
    const char *hex;
    const char *want; /* the beginning is enough for a refusal */
};

/* Whether each is read as it should be, and refused when it is cut anywhere. */
static inline bool rdb_cases_hold(const struct rdb_case *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct bytes data = rdb_hex(all[i].hex);
        const char *got = rdb_value_of(all[i].dialect, all[i].type, data);
        bool refused = all[i].want[0] == '!';
        if (refused ? strncmp(got, all[i].want, strlen(all[i].want)) != 0
                    : strcmp(got, all[i].want) != 0) {
            printf("# type %u, %s: <%s>, wanted <%s>\n", all[i].type, all[i].hex, got, all[i].want);
            return false;
        }
        for (size_t cut = 0; !refused && cut < data.n; cut++) {
            got = rdb_value_of(all[i].dialect, all[i].type, bytes_of(data.p, cut));
            if (strncmp(got, "! ", 2) != 0) {
                printf("# type %u, %s, cut at %zu: <%s>\n", all[i].type, all[i].hex, cut, got);
                return false;
            }
        }
    }
    return true;
}

#define RDB_CASES_HOLD(all) rdb_cases_hold(all, sizeof(all) / sizeof(*(all)))

#endif
