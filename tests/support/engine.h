/* An engine without sockets, files and clock, for unit tests: clients send lines and read replies
 * as text. The commands are the test's own, or all (families_all(), in tests of module commands).
 *
 *   struct bench *b = bench_begin(commands);
 *   struct client *c = bench_client(b);
 *   bench_says(c, "PUSH l x");
 *   CHECK(bench_heard(c, ":1|"));
 *   bench_end(b); */
#ifndef SUPPORT_ENGINE_H
#define SUPPORT_ENGINE_H

#include "base/hash.h"
#include "base/mem.h"
#include "engine/act.h"
#include "engine/assemble.h"
#include "engine/block.h"
#include "engine/feed.h"
#include "engine/pause.h"
#include "engine/rights.h"
#include "engine/session.h"

#include <stdio.h>
#include <string.h>

struct bench {
    struct settings *settings;
    struct engine engine;
    struct feed *feed;
    struct journal_reader reader; /* attached by bench_journal() */
    bool has_room;                /* the result of make_room() */
    struct client *closes;        /* the client that limit_clients() closes, or NULL */
};

static bool bench_make_room(void *context)
{
    return ((struct bench *)context)->has_room;
}

static void bench_limit_clients(void *context)
{
    struct bench *b = context;
    if (b->closes)
        client_close(b->closes);
}

static inline struct bench *bench_begin(const struct command *const *commands)
{
    struct bench *b = mem_zalloc(sizeof(*b));
    hash_init(NULL, 0);
    b->settings = settings_new();
    b->has_room = true;
    b->feed = feed_new();
    assemble_begin(&b->engine, b->settings, registry_new(commands), 1);
    b->engine.services.context = b;
    b->engine.services.make_room = bench_make_room;
    b->engine.services.limit_clients = bench_limit_clients;
    b->engine.now_ms = b->engine.store->now_ms = 1700000000000;
    b->engine.steady_ms = 1000;
    return b;
}

static inline struct client *bench_client(struct bench *b)
{
    struct client *c = client_new(&b->engine);
    rights_begin(c);
    c->link = b; /* counts as having a connection */
    return c;
}

/* Sends one request in RESP. */
static inline void bench_says_bytes(struct client *c, struct bytes request)
{
    struct bench *b = c->link;
    feed_begin(b->feed, FEED_NO_END);
    feed_add(b->feed, c, request.p, request.n);
    feed_run(b->feed);
}

/* Sends one request, given as words separated by blanks. */
static inline void bench_says(struct client *c, const char *line)
{
    struct buf request = {0}, words = {0};
    int n = 0;
    for (const char *p = line; *p; n++) {
        size_t len = strcspn(p, " ");
        buf_printf(&words, "$%zu\r\n%.*s\r\n", len, (int)len, p);
        p += len + (p[len] == ' ');
    }
    buf_printf(&request, "*%d\r\n", n);
    buf_add(&request, buf_bytes(&words));
    bench_says_bytes(c, buf_bytes(&request));
    buf_free(&request);
    buf_free(&words);
}

/* Whether this is all that the client received since the last call; "|" stands for a line end. */
static inline bool bench_heard(struct client *c, const char *want)
{
    char got[4096];
    size_t n = 0;
    while (chain_pending(&c->out)) {
        struct iovec piece;
        chain_pieces(&c->out, &piece, 1, UINT64_MAX);
        const char *p = piece.iov_base;
        for (size_t i = 0; i < piece.iov_len && n < sizeof(got) - 1; i++)
            if (p[i] != '\r')
                got[n++] = p[i] == '\n' ? '|' : p[i];
        chain_take(&c->out, piece.iov_len);
    }
    got[n] = 0;
    if (strcmp(got, want) != 0)
        printf("# heard <%s>, wanted <%s>\n", got, want);
    return strcmp(got, want) == 0;
}

/* Advances the clock, and does what is due. */
static inline void bench_wait(struct bench *b, int64_t ms)
{
    struct engine *e = &b->engine;
    e->steady_ms += ms;
    e->now_ms = e->store->now_ms += ms;
    timer_run(&e->timers, e->steady_ms, e->now_ms);
    pause_run_due(e);
    block_run_due(e);
}

/* Attaches a reader to the journal, which starts in database 0. */
static inline void bench_journal(struct bench *b)
{
    journal_attach(b->engine.journal, &b->reader);
    b->engine.journal->db = 0;
}

/* Whether these are all effects since the last call. */
static inline bool bench_journalled(struct bench *b, const char *want)
{
    struct bytes got = journal_unread(&b->reader);
    bool same = bytes_equal(got, bytes_text(want));
    if (!same)
        printf("# journal <%.*s>\n", (int)got.n, got.n ? got.p : "");
    journal_take(&b->reader, got.n);
    return same && journal_lag(&b->reader) == 0;
}

/* Ends a turn: frees closed clients. */
static inline void bench_turn(struct bench *b)
{
    struct engine *e = &b->engine;
    block_serve(e);
    while (!dlist_empty(&e->clients.closing))
        session_close(dlist_item(e->clients.closing.next, struct client, closing));
}

static inline void bench_end(struct bench *b)
{
    struct engine *e = &b->engine;
    while (!dlist_empty(&e->clients.all))
        session_close(dlist_item(e->clients.all.next, struct client, all));
    journal_detach(&b->reader);
    assemble_end(e);
    feed_free(b->feed);
    settings_free(b->settings);
    mem_free(b);
}

#endif
