#include "engine/deliver.h"

#include "engine/gate.h"
#include "engine_commands.h"
#include "unit.h"

/* Compat 5.1. */
TEST(pushes_follow_the_reply)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *x = bench_client(b), *y = bench_client(b);
    struct client_running outer;
    x->flags |= CLIENT_SUBSCRIBED; /* who may get pushes takes the careful path */
    x->reply.resp = 3;
    bench_says(x, "SAY");
    CHECK(bench_heard(x, ":1|>push|"));
    bench_says(x, "MULTI");
    bench_says(x, "SAY");
    bench_says(x, "SAY");
    bench_says(x, "EXEC");
    CHECK(bench_heard(x, "+OK|+QUEUED|+QUEUED|*2|:1|:1|>push|>push|"));
    /* Another's request within one's own. */
    deliver_begin(&outer, y);
    bench_says(x, "SAY");
    deliver_push(y, BYTES(">later\r\n"));
    deliver_push(x, BYTES(">now\r\n"));
    CHECK(bench_heard(x, ":1|>push|>now|") && bench_heard(y, ""));
    deliver_end(&outer);
    CHECK(bench_heard(y, ">later|") && !b->engine.running);
    /* Whether replies are wanted or not. */
    x->flags |= CLIENT_REPLY_OFF;
    bench_says(x, "SAY");
    CHECK(bench_heard(x, ">push|"));
    bench_end(b);
}

static void listen_to(struct client *c, enum pubsub_kind kind, const char *name)
{
    if (!c->subscriber)
        c->subscriber = pubsub_join(c);
    pubsub_subscribe(c->engine->pubsub, c->subscriber, kind, bytes_text(name));
    client_set_subscribed(c, true);
}

TEST(a_publication_reaches_subscribers_that_are_staying)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *x = bench_client(b), *y = bench_client(b), *gone = bench_client(b);
    char large[2000];
    memset(large, 'a', sizeof(large));
    listen_to(x, PUBSUB_CHANNEL, "c");
    listen_to(y, PUBSUB_PATTERN, "c*");
    listen_to(gone, PUBSUB_CHANNEL, "c");
    y->reply.resp = 3;
    client_close(gone);
    CHECK(pubsub_publish(b->engine.pubsub, PUBSUB_CHANNEL, BYTES("c"), BYTES("hi")) == 2);
    CHECK(bench_heard(x, "*3|$7|message|$1|c|$2|hi|"));
    CHECK(bench_heard(y, ">4|$8|pmessage|$2|c*|$1|c|$2|hi|") && bench_heard(gone, ""));
    CHECK(dlist_linked(&x->outgoing) && !dlist_linked(&gone->outgoing));
    /* A long one is shared, and the same to read. */
    pubsub_publish(b->engine.pubsub, PUBSUB_CHANNEL, BYTES("c"), bytes_of(large, sizeof(large)));
    CHECK(chain_pending(&x->out) ==
          sizeof("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2000\r\n\r\n") - 1 + 2000);
    CHECK(x->out.tail->ref);
    pubsub_publish(b->engine.pubsub, PUBSUB_CHANNEL, BYTES("c"), BYTES("hi"));
    CHECK(!x->out.tail->ref); /* a short one is copied */
    bench_end(b);
}

/* What is pushed within a group waits for its end, also while replies do not wait. */
TEST(a_push_waits_for_the_group_that_caused_it)
{
    struct bench *b = bench_begin_journal();
    struct engine *e = &b->engine;
    struct client *x = bench_client(b);
    const struct bytes put[] = {BYTES("PUT"), BYTES("k")};
    struct gate_promise p = {.open = true, .durable = true};
    gate_tell(e, &p);
    deliver_push(x, BYTES("1\r\n"));
    CHECK(x->mark_n == 0 && gate_sendable(x) == 3); /* in no group */
    gate_group_begin(e);
    deliver_push(x, BYTES("2\r\n"));
    CHECK(x->mark_n == 0); /* a command's own: the write is done before anything is sent */
    gate_group_begin(e);
    deliver_push(x, BYTES("3\r\n"));
    CHECK(x->mark_n == 1 && gate_sendable(x) == 6);
    journal_add(e->journal, 0, put, 2, bytes_of(NULL, 0));
    gate_group_end(e);
    CHECK(gate_sendable(x) == 6);
    gate_group_end(e);
    CHECK(dlist_empty(&e->gate.pushed) && gate_sendable(x) == 6);
    p.released = e->journal->offset - 1;
    gate_tell(e, &p);
    CHECK(gate_sendable(x) == 6);
    p.released = e->journal->offset;
    gate_tell(e, &p);
    CHECK(gate_sendable(x) == 9);
    bench_end(b);
}

TEST(events_of_keys_go_to_the_channels_that_are_wanted)
{
    static const char space[] = "*3|$7|message|$16|__keyspace@0__:k|$3|set|",
                      event[] = "*3|$7|message|$18|__keyevent@0__:set|$1|k|";
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *x = bench_client(b);
    char both[128];
    snprintf(both, sizeof(both), "%s%s", space, event);
    listen_to(x, PUBSUB_CHANNEL, "__keyspace@0__:k");
    listen_to(x, PUBSUB_CHANNEL, "__keyevent@0__:set");
    for (int i = 0; i < 4; i++) {
        e->store->notify =
            DB_EVENT_STRING | (i & 1 ? DB_EVENT_KEYSPACE : 0) | (i & 2 ? DB_EVENT_KEYEVENT : 0);
        db_notify(x->db, BYTES("k"), DB_EVENT_STRING, "set");
        db_notify(x->db, BYTES("k"), DB_EVENT_LIST, "set"); /* not wanted */
        CHECK(bench_heard(x, i == 0 ? "" : i == 1 ? space : i == 2 ? event : both));
    }
    bench_end(b);
}

TEST(events_of_fields_name_them)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *x = bench_client(b);
    const struct bytes names[] = {BYTES("f"), BYTES("-"), BYTES("g,")};
    struct db_fields fields = {names, 2, 2};
    listen_to(x, PUBSUB_PATTERN, "__sub*");
    e->store->notify = DB_EVENT_HASH | DB_EVENT_SUBKEYSPACE;
    db_notify_fields(x->db, BYTES("h"), "hset", fields);
    CHECK(bench_heard(x, "*4|$8|pmessage|$6|__sub*|$19|__subkeyspace@0__:h|$13|hset|1:f,2:g,|"));
    e->store->notify = DB_EVENT_HASH | DB_EVENT_SUBKEYEVENT;
    db_notify_fields(x->db, BYTES("h"), "hset", fields);
    CHECK(bench_heard(x, "*4|$8|pmessage|$6|__sub*|$22|__subkeyevent@0__:hset|$12|1:h|1:f,2:g,|"));
    e->store->notify = DB_EVENT_HASH | DB_EVENT_SUBKEYSPACEITEM;
    db_notify_fields(x->db, BYTES("h"), "hset", fields);
    CHECK(bench_heard(x, "*4|$8|pmessage|$6|__sub*|$25|__subkeyspaceitem@0__:h|f|$4|hset|"
                         "*4|$8|pmessage|$6|__sub*|$26|__subkeyspaceitem@0__:h|g,|$4|hset|"));
    db_notify_fields(x->db, BYTES("a\nb"), "hset", fields); /* could not be told from a field */
    CHECK(bench_heard(x, ""));
    e->store->notify = DB_EVENT_HASH | DB_EVENT_SUBKEYSPACEEVENT;
    db_notify_fields(x->db, BYTES("h"), "hset", fields);
    CHECK(
        bench_heard(x, "*4|$8|pmessage|$6|__sub*|$29|__subkeyspaceevent@0__:hset|h|$8|1:f,2:g,|"));
    bench_end(b);
}

UNIT_MAIN(T(pushes_follow_the_reply), T(a_publication_reaches_subscribers_that_are_staying),
          T(a_push_waits_for_the_group_that_caused_it),
          T(events_of_keys_go_to_the_channels_that_are_wanted), T(events_of_fields_name_them))
