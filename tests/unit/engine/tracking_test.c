#include "engine/tracking.h"

#include "engine_commands.h"
#include "unit.h"

#define INVALID(n, keys) ">2|$10|invalidate|*" n "|" keys

static struct client *reader(struct bench *b, unsigned flags)
{
    struct client *c = bench_client(b);
    c->reply.resp = 3;
    tracking_enable(c, flags, 0, NULL, 0);
    return c;
}

static struct client *listener(struct bench *b, unsigned flags, const char *prefix)
{
    struct client *c = bench_client(b);
    struct str *prefixes[] = {str_new(bytes_text(prefix))};
    c->reply.resp = 3;
    tracking_enable(c, TRACKING_BCAST | flags, 0, prefixes, 1);
    return c;
}

TEST(a_tracking_client_is_notified_once_per_read)
{
    struct bench *b = bench_begin(engine_commands);
    struct tracking *t = b->engine.tracking;
    struct client *c = reader(b, 0), *w = bench_client(b);
    bench_says(c, "HAS k");
    bench_says(c, "HAS k");
    bench_says(c, "HAS j");
    CHECK(bench_heard(c, ":0|:0|:0|") && t->keys.used == 2 && t->items == 2 && t->bytes > 0);
    bench_says(w, "PUT k");
    CHECK(bench_heard(c, INVALID("1", "$1|k|")));
    bench_says(w, "PUT k");
    CHECK(bench_heard(c, "") && t->keys.used == 1 && t->items == 1);
    bench_says(w, "HAS i"); /* nobody tracks for w */
    bench_says(w, "PUT i");
    CHECK(bench_heard(c, ""));
    tracking_disable(c);
    bench_says(w, "PUT j");
    CHECK(bench_heard(c, "") && t->client_n == 0 && b->engine.store->watched == 0);
    CHECK(dlist_empty(&t->clients));
    bench_end(b);
}

/* What it changes itself it hears behind its reply, or (NOLOOP) not. */
TEST(ones_own_changes)
{
    for (int noloop = 0; noloop < 2; noloop++) {
        struct bench *b = bench_begin(engine_commands);
        struct client *c = reader(b, noloop ? TRACKING_NOLOOP : 0), *d = reader(b, 0);
        bench_says(c, "HAS k");
        bench_says(d, "HAS k");
        bench_says(c, "PUT k");
        CHECK(bench_heard(c, noloop ? ":0|+OK|" : ":0|+OK|" INVALID("1", "$1|k|")));
        CHECK(bench_heard(d, ":0|" INVALID("1", "$1|k|")));
        struct client *l = listener(b, noloop ? TRACKING_NOLOOP : 0, "");
        bench_says(l, "PUT x");
        tracking_broadcast(&b->engine);
        CHECK(bench_heard(l, noloop ? "+OK|" : "+OK|" INVALID("1", "$1|x|")));
        /* Changed by others as well it is news. */
        bench_says(l, "PUT x");
        bench_says(d, "PUT x");
        tracking_broadcast(&b->engine);
        CHECK(bench_heard(l, "+OK|" INVALID("1", "$1|x|")));
        bench_end(b);
    }
}

TEST(prefixes_hear_at_the_end_of_the_turn)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *a = listener(b, 0, "a"), *all = listener(b, 0, ""), *w = bench_client(b);
    CHECK(e->tracking->broadcasting == 2);
    CHECK(a->held == sizeof(struct str *) + mem_block_size(a->tracking->prefixes[0]));
    bench_says(w, "PUT ab");
    bench_says(w, "PUT ab");
    bench_says(w, "PUT b");
    CHECK(bench_heard(a, "") && tracking_pending(e) > 0);
    tracking_broadcast(e);
    CHECK(bench_heard(a, INVALID("1", "$2|ab|")) && tracking_pending(e) == e->tracking->own.cap);
    CHECK(chain_pending(&all->out) == strlen(INVALID("2", "$2|ab|$1|b|")) + 8);
    tracking_broadcast(e);
    CHECK(bench_heard(a, ""));
    tracking_disable(a);
    CHECK(e->tracking->broadcasting == 1 && a->held == 0 && !(a->flags & CLIENT_TRACKING));
    bench_end(b);
}

TEST(in_or_out_by_choice)
{
    struct bench *b = bench_begin(engine_commands);
    struct tracking *t = b->engine.tracking;
    struct client *in = reader(b, TRACKING_OPTIN), *out = reader(b, TRACKING_OPTOUT);
    bench_says(in, "HAS a");
    CHECK(t->keys.used == 0);
    in->tracking->flags |= TRACKING_CACHING;
    bench_says(in, "HAS b");
    CHECK(t->keys.used == 1);
    bench_says(out, "HAS c");
    CHECK(t->keys.used == 2);
    out->tracking->flags |= TRACKING_CACHING;
    bench_says(out, "HAS d");
    CHECK(t->keys.used == 2);
    bench_end(b);
}

TEST(another_may_hear_in_ones_place)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *to = bench_client(b), *w = bench_client(b);
    tracking_enable(c, 0, to->id, NULL, 0);
    bench_says(c, "HAS k");
    bench_says(w, "PUT k"); /* not subscribed in RESP2: could not tell it from a reply */
    CHECK(bench_heard(to, "") && bench_heard(c, ":0|"));
    client_set_subscribed(to, true);
    bench_says(c, "HAS k");
    bench_says(w, "PUT k");
    CHECK(bench_heard(to, "*3|$7|message|$20|__redis__:invalidate|*1|$1|k|"));
    to->reply.resp = 3;
    bench_says(c, "HAS k");
    bench_says(w, "PUT k");
    CHECK(bench_heard(to, INVALID("1", "$1|k|")) && bench_heard(c, ":1|:1|"));
    c->reply.resp = 3;
    client_close(to);
    bench_says(c, "HAS k");
    bench_says(w, "PUT k");
    CHECK(bench_heard(c, ":1|>2|$21|tracking-redir-broken|:2|"));
    CHECK(c->tracking->flags & TRACKING_BROKEN);
    bench_end(b);
}

TEST(a_flush_is_told_once)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = reader(b, 0), *d = reader(b, 0);
    bench_says(c, "PUT k");
    bench_says(c, "HAS k");
    chain_take(&c->out, chain_pending(&c->out));
    tracking_begin(c); /* within a request of c */
    db_flush(&e->store->dbs[0]);
    db_flush(&e->store->dbs[1]);
    tracking_end(c);
    CHECK(bench_heard(c, ">2|$10|invalidate|_|") && bench_heard(d, ""));
    CHECK(e->tracking->keys.used == 0 && e->tracking->items == 0 && e->tracking->bytes == 0);
    tracking_broadcast(e);
    CHECK(bench_heard(c, "") && bench_heard(d, ">2|$10|invalidate|_|"));
    tracking_broadcast(e);
    CHECK(bench_heard(d, ""));
    /* What changed before is not told beside it. */
    struct client *l = listener(b, 0, ""), *w = bench_client(b);
    bench_says(w, "PUT x");
    CHECK(e->tracking->own.n == 0);
    db_flush(&e->store->dbs[0]);
    tracking_broadcast(e);
    CHECK(bench_heard(l, ">2|$10|invalidate|_|"));
    bench_end(b);
}

TEST(the_oldest_keys_are_given_up)
{
    struct bench *b = bench_begin(engine_commands);
    struct tracking *t = b->engine.tracking;
    struct client *c = reader(b, TRACKING_NOLOOP);
    b->settings->tracking_table_max_keys = 3;
    bench_says(c, "HAS a");
    bench_says(c, "HAS b");
    bench_says(c, "HAS c");
    CHECK(t->keys.used == 3 && bench_heard(c, ":0|:0|:0|"));
    bench_says(c, "HAS d"); /* NOLOOP or not: a has not changed, it is forgotten */
    CHECK(t->keys.used == 3 && bench_heard(c, ":0|" INVALID("1", "$1|a|")));
    b->settings->tracking_table_max_keys = 1;
    tracking_broadcast(&b->engine);
    CHECK(t->keys.used == 1 && dict_find(&t->keys, BYTES("d")));
    b->settings->tracking_table_max_keys = 0; /* no limit */
    for (int i = 0; i < 20; i++) {
        char line[16];
        snprintf(line, sizeof(line), "HAS %d", i);
        bench_says(c, line);
    }
    CHECK(t->keys.used == 21);
    bench_end(b);
}

/* Keys that were read before stay noted for a client that has gone over to prefixes, or leaves. */
TEST(clients_that_switched_to_bcast_or_left_get_no_invalidations)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = reader(b, 0), *gone = reader(b, 0), *w = bench_client(b);
    bench_says(c, "HAS k");
    bench_says(gone, "HAS k");
    c->tracking->flags = TRACKING_BCAST;
    client_close(gone);
    bench_says(w, "PUT k");
    CHECK(bench_heard(c, ":0|") && bench_heard(gone, ":0|"));
    bench_end(b);
}

/* Broadcasting at the end of a turn visits only clients with prefixes. */
TEST(those_with_prefixes_come_first)
{
    struct bench *b = bench_begin(engine_commands);
    struct tracking *t = b->engine.tracking;
    for (int i = 0; i < 10; i++) {
        reader(b, 0);
        struct client *c = i % 3 ? NULL : listener(b, 0, "k");
        if (i == 6)
            tracking_disable(c);
    }
    size_t n = 0, first = 0;
    for (struct dlist_node *at = t->clients.next; at != &t->clients; at = at->next, n++)
        if (dlist_item(at, struct tracking_client, node)->flags & TRACKING_BCAST)
            first += n == first;
    CHECK(n == 13 && first == 3 && t->broadcasting == 3);
    bench_end(b);
}

UNIT_MAIN(T(a_tracking_client_is_notified_once_per_read), T(ones_own_changes),
          T(prefixes_hear_at_the_end_of_the_turn), T(in_or_out_by_choice),
          T(another_may_hear_in_ones_place), T(a_flush_is_told_once),
          T(the_oldest_keys_are_given_up), T(those_with_prefixes_come_first),
          T(clients_that_switched_to_bcast_or_left_get_no_invalidations))
