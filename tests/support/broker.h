/* A bench with a broker: streams act on their own. The steady clock starts at the wall clock's
 * time, as in a server that was just started. Replies and effects are compared as text:
 *
 *   SAYS(c, "XPENDING q g", "[1 1-1 1-1 [[a 1]]]");
 *                 [..] arrays and pushes, (nil), !errors, the rest as it is
 *   EFFECTS(b, "{XADD d 5-0 a 1;XACK q g 1-1}");
 *                 {..;..} a group, @ in front of a wrapped effect */
#ifndef SUPPORT_BROKER_H
#define SUPPORT_BROKER_H

#include "broker/broker.h"
#include "broker/broker_capture.h"
#include "commands/families.h"
#include "engine.h"
#include "persist/wrap.h"
#include "unit.h"

#include <stdlib.h>

#define BROKER_EPOCH 1700000000000

/* The effects of a stream that is made without anything that Redis knows
 * (broker_act_effect_made()). */
#define MADE(key)                                                                                  \
    "XGROUP CREATE " key " millrace-made 0 MKSTREAM;XGROUP DESTROY " key " millrace-made;"

static inline struct bench *broker_bench(void)
{
    struct bench *b = bench_begin(families_all());
    b->engine.steady_ms = b->engine.now_ms;
    b->settings->broker_turn_us = (int64_t)1 << 50; /* a turn does all, however busy the machine */
    b->engine.broker = broker_new(&b->engine);
    return b;
}

static inline void broker_bench_end(struct bench *b)
{
    broker_free(b->engine.broker);
    bench_end(b);
}

/* One turn of the server. */
static inline void broker_bench_turn(struct bench *b)
{
    timer_run(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms);
    block_run_due(&b->engine);
    broker_turn(b->engine.broker);
    broker_capture_turn(&b->engine);
    bench_turn(b);
    broker_serve(b->engine.broker);
}

/* Time passes, by both clocks, and a turn. */
static inline void broker_bench_wait(struct bench *b, int64_t ms)
{
    struct engine *e = &b->engine;
    e->steady_ms += ms;
    e->now_ms = e->store->now_ms += ms;
    broker_bench_turn(b);
}

/* One RESP2 value as text; returns what is behind it. */
static inline const char *broker_text(const char *p, struct buf *out)
{
    const char *end = p; /* no strstr(): under a sanitizer it looks at all of a long reply */
    while (end[0] != '\r' || end[1] != '\n')
        end++;
    int n = atoi(p + 1);
    if ((*p == '*' || *p == '>' || *p == '~') && n >= 0) {
        buf_add_char(out, '[');
        for (p = end + 2; n-- > 0;) {
            p = broker_text(p, out);
            if (n)
                buf_add_char(out, ' ');
        }
        buf_add_char(out, ']');
        return p;
    }
    if (*p == '*' || (*p == '$' && n < 0)) {
        buf_add_text(out, "(nil)");
    } else if (*p == '$') {
        buf_add(out, bytes_of(end + 2, (size_t)n));
        return end + 2 + n + 2;
    } else {
        if (*p == '-')
            buf_add_char(out, '!');
        buf_add(out, bytes_of(p + 1, (size_t)(end - p) - 1));
    }
    return end + 2;
}

static inline void broker_drain(struct client *c, struct buf *raw)
{
    while (chain_pending(&c->out)) {
        struct iovec piece;
        chain_pieces(&c->out, &piece, 1, UINT64_MAX);
        buf_add(raw, bytes_of(piece.iov_base, piece.iov_len));
        chain_take(&c->out, piece.iov_len);
    }
    buf_add_char(raw, 0);
}

static inline void broker_forget_replies(struct client *c)
{
    struct buf raw = {0};
    broker_drain(c, &raw);
    buf_free(&raw);
}

/* All that the client got since it was last asked, replies with a blank between them. '*' as the
 * last character of want: and anything more. */
static inline bool broker_heard(struct client *c, const char *want)
{
    struct buf raw = {0}, text = {0};
    broker_drain(c, &raw);
    for (const char *p = raw.p; *p;) {
        if (text.n)
            buf_add_char(&text, ' ');
        p = broker_text(p, &text);
    }
    buf_add_char(&text, 0);
    size_t n = strlen(want);
    bool same =
        n && want[n - 1] == '*' ? strncmp(text.p, want, n - 1) == 0 : strcmp(text.p, want) == 0;
    if (!same)
        printf("# heard <%s>\n# wanted <%s>\n", text.p, want);
    buf_free(&raw);
    buf_free(&text);
    return same;
}

/* Blanks within a word are written as '_'. */
static inline bool broker_says(struct client *c, const char *line, const char *want)
{
    bench_says(c, line);
    bool same = broker_heard(c, want);
    if (!same)
        printf("# to <%s>\n", line);
    return same;
}

#define SAYS(client, line, want) CHECK(broker_says(client, line, want))
#define HEARS(client, want)      CHECK(broker_heard(client, want))

static inline void broker_effect_text(const struct bytes *argv, int argc, struct buf *out)
{
    for (int i = 0; i < argc; i++) {
        if (i)
            buf_add_char(out, ' ');
        if (argv[i].n)
            buf_add(out, argv[i]);
        else
            buf_add_text(out, "\"\"");
    }
}

/* Whether these are all effects since it was last asked. */
static inline bool broker_journalled(struct bench *b, const char *want)
{
    struct buf text = {0}, all = {0};
    struct aof_parse_room room = {0}, inner = {0};
    buf_add(&all, journal_unread(&b->reader));
    for (size_t at = 0; at < all.n;) {
        struct aof_parsed p = aof_parse(buf_bytes(&all), at, &room);
        if (p.item != AOF_PARSE_COMMAND)
            break;
        at = p.next;
        char last = text.n ? text.p[text.n - 1] : '{';
        if (bytes_is(room.argv[0], "exec")) {
            buf_add_char(&text, '}');
            continue;
        }
        if (last != '{')
            buf_add_char(&text, ';');
        if (bytes_is(room.argv[0], "multi")) {
            buf_add_char(&text, '{');
            continue;
        }
        int n = wrap_open(room.argv, p.argc, &inner);
        if (n)
            buf_add_char(&text, '@');
        broker_effect_text(n ? inner.argv : room.argv, n ? n : p.argc, &text);
    }
    buf_add_char(&text, 0);
    bool same = strcmp(text.p, want) == 0;
    if (!same)
        printf("# journal <%s>\n# wanted <%s>\n", text.p, want);
    journal_take(&b->reader, journal_unread(&b->reader).n);
    buf_free(&text);
    buf_free(&all);
    aof_parse_free(&room);
    aof_parse_free(&inner);
    return same;
}

static inline void broker_forget_effects(struct bench *b)
{
    journal_take(&b->reader, journal_unread(&b->reader).n);
}

#define EFFECTS(bench, want) CHECK(broker_journalled(bench, want))

struct broker_line {
    const char *line, *reply;
};

/* Says n lines in a bench of their own, whose key s holds a string: the replies, and no effect. */
static inline void broker_refuses(const struct broker_line *lines, size_t n)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    SAYS(c, "SET s v", "OK");
    bench_journal(b);
    for (size_t i = 0; i < n; i++)
        SAYS(c, lines[i].line, lines[i].reply);
    EFFECTS(b, "");
    broker_bench_end(b);
}

static inline struct stream *broker_stream(struct bench *b, const char *key)
{
    struct entry *e = db_find(&b->engine.store->dbs[0], bytes_text(key));
    return e ? value_to_change(e) : NULL;
}

static inline struct stream_group *broker_group(struct bench *b, const char *key, const char *name)
{
    return stream_find_group(broker_stream(b, key), bytes_text(name));
}

/* Stream q with group g, whose policy has these rules, and entries 1-1 to n-1; read: all of them
 * are delivered to consumer c. *c: a client. The journal begins behind all of that. */
static inline struct bench *broker_queue(const char *rules, int n, bool read, struct client **c)
{
    struct bench *b = broker_bench();
    char line[300];
    *c = bench_client(b);
    snprintf(line, sizeof(line), "XPOLICY SET q g MKSTREAM%s%s", *rules ? " " : "", rules);
    SAYS(*c, line, "OK");
    for (int i = 1; i <= n; i++) {
        snprintf(line, sizeof(line), "XADD q %d-1 n %d", i, i);
        bench_says(*c, line);
    }
    if (read)
        bench_says(*c, "XREADGROUP GROUP g c STREAMS q >");
    HEARS(*c, "*");
    broker_bench_turn(b);
    bench_journal(b);
    return b;
}

#endif
