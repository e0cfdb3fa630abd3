/* A protocol front of two hundred lines, which is no RESP: what AMQP or MQTT need of the broker is
 * there without them. A connection says
 *
 *   PUB key text         appends a message with the field `body`
 *   SUB tag key prefetch consumes the group `toy` of a key; deliveries come with this tag
 *   ACK n, REQ n         acknowledges a delivery, or gives it back, by the connection's own number
 *   END                  the connection closes: what it has not acknowledged is for others
 *
 * and hears "MSG n tag text" ("again" behind one that was delivered before) and "END tag why". */
#include "broker/broker_append.h"
#include "broker/broker_consume.h"
#include "broker/broker_lease.h"
#include "broker/broker_retry.h"

#include "broker.h"

#define UNACKED 64 /* deliveries that a connection knows by their numbers */

/* ---- The front */

struct toy_delivery {
    struct broker_subscription *of; /* NULL: settled */
    struct stream_id id;
};

struct toy {
    struct broker_subscriber subscriber;
    struct buf out; /* what it is sent */
    struct toy_delivery sent[UNACKED];
    unsigned n;
    bool stuffed; /* its socket takes no more */
};

static struct toy *toy_of(const struct broker_subscriber *s)
{
    return dlist_item((struct broker_subscriber *)(uintptr_t)s, struct toy, subscriber);
}

static void deliver(struct broker_subscription *s, struct stream_entry *e, uint64_t deliveries)
{
    struct toy *t = toy_of(s->subscriber);
    struct bytes name, value;
    t->sent[t->n] = (struct toy_delivery){s, e->id};
    buf_printf(&t->out, "MSG %u %llu", t->n++, (unsigned long long)s->owner);
    for (uint32_t i = 0; i < e->fields; i++) {
        stream_block_field(e, &name, &value);
        buf_printf(&t->out, " %.*s", (int)value.n, value.p);
    }
    buf_add_text(&t->out, deliveries > 1 ? " again|" : "|");
}

static void ended(struct broker_subscription *s, enum broker_watch_end why)
{
    static const char *const words[] = {"key", "group", "policy"};
    struct toy *t = toy_of(s->subscriber);
    for (unsigned i = 0; i < t->n; i++)
        if (t->sent[i].of == s)
            t->sent[i].of = NULL;
    buf_printf(&t->out, "END %llu %s|", (unsigned long long)s->owner, words[why]);
}

static bool takes(const struct broker_subscriber *s)
{
    return !toy_of(s)->stuffed;
}

static const struct broker_front toy_front = {.deliver = deliver, .ended = ended, .takes = takes};

static struct toy *toy_new(struct bench *b)
{
    struct toy *t = mem_zalloc(sizeof(*t));
    t->subscriber = (struct broker_subscriber){.front = &toy_front, .client = bench_client(b)};
    return t;
}

/* The group `toy` of a key, fetched for change, within act_begin(). */
static struct broker_group group_of(struct engine *e, struct bytes key)
{
    struct db *db = &e->store->dbs[0];
    struct entry *entry = db_write(db, key);
    struct broker_group x = {
        .engine = e, .db = db, .key = key, .stream = entry ? value_to_change(entry) : NULL};
    x.group = x.stream ? stream_find_group(x.stream, BYTES("toy")) : NULL;
    return x;
}

static void publish(struct engine *e, struct bytes key, struct bytes text)
{
    struct bytes pairs[] = {BYTES("body"), text};
    struct broker_message m = {.pairs = pairs, .fields = 1};
    struct broker_group x = group_of(e, key);
    if (broker_append_may(&x, key, &m))
        broker_append(&x, key, &m);
}

/* ACK, or REQ. */
static void settle(struct toy *t, unsigned n, bool acknowledges)
{
    struct toy_delivery *d = &t->sent[n];
    if (n >= t->n || !d->of)
        return;
    struct broker_group x = group_of(t->subscriber.client->engine, str_bytes(d->of->key));
    const struct broker_retry back = {.mode = BROKER_RETRY_SILENT, .due_ms = -1, .count = -1};
    if (acknowledges)
        broker_lease_ack(&x, &d->id, 1);
    else
        broker_retry_give_back(&x, &back, &d->id, 1);
    d->of = NULL;
}

static void end(struct toy *t)
{
    broker_consume_leave(&t->subscriber);
    session_close(t->subscriber.client);
    buf_free(&t->out);
    mem_free(t);
}

/* One line of a connection. */
static void says(struct toy *t, const char *line)
{
    struct engine *e = t->subscriber.client->engine;
    char word[8], key[16] = "", text[32] = "";
    unsigned n = 0, prefetch = 0;
    bool may = act_begin(e);
    CHECK(may);
    if (sscanf(line, "%7s %15s %31s", word, key, text) == 3 && !strcmp(word, "PUB")) {
        publish(e, bytes_text(key), bytes_text(text));
    } else if (sscanf(line, "SUB %u %15s %u", &n, key, &prefetch) == 3) {
        struct broker_group x = group_of(e, bytes_text(key));
        char name[24];
        snprintf(name, sizeof(name), "toy-%llu", (unsigned long long)t->subscriber.client->id);
        broker_consume_start(&x, &t->subscriber, bytes_text(name), prefetch)->owner = n;
    } else if (sscanf(line, "%*s %u", &n) == 1) {
        settle(t, n, line[0] == 'A');
    }
    act_end(e);
    block_serve(e);
}

static bool hears(struct toy *t, const char *want)
{
    buf_add_char(&t->out, 0);
    bool same = !strcmp(t->out.p, want);
    if (!same)
        printf("# heard <%s>, wanted <%s>\n", t->out.p, want);
    t->out.n = 0;
    return same;
}

/* ---- What it can do */

/* broker U2, U3: the engine knows nothing of the protocol. */
TEST(a_front_publishes_and_consumes)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    struct toy *p = toy_new(b), *t = toy_new(b);
    SAYS(c, "XPOLICY SET q toy MKSTREAM JOBS", "OK");
    SAYS(c, "XPOLICY SET r toy MKSTREAM", "OK");
    SAYS(c, "XBIND ADD q DIRECT copy BY body TO r", "1");
    says(t, "SUB 7 q 2");
    says(t, "SUB 8 r 10");
    says(p, "PUB q one");
    says(p, "PUB q copy"); /* routed */
    says(p, "PUB q three");
    CHECK(hears(t, "MSG 0 7 one|MSG 1 7 copy|MSG 2 8 copy|"));
    says(t, "ACK 0");
    broker_bench_turn(b);
    CHECK(hears(t, "MSG 3 7 three|"));
    SAYS(c, "XLEN q", "2"); /* acknowledged: gone */
    says(t, "REQ 1");
    broker_bench_turn(b);
    CHECK(hears(t, "MSG 4 7 copy|")); /* as if it had not been delivered */
    says(t, "ACK 1");                 /* settled already */
    CHECK(broker_group(b, "q", "toy")->pending.count == 2);
    SAYS(c, "DEL r", "1");
    CHECK(hears(t, "END 8 key|"));
    says(t, "ACK 2");
    end(p);
    end(t);
    broker_bench_turn(b);
    broker_bench_end(b);
}

/* broker U4. */
TEST(what_a_front_does_not_acknowledge_is_for_others)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    struct toy *t = toy_new(b), *u = toy_new(b);
    SAYS(c, "XPOLICY SET q toy MKSTREAM", "OK");
    says(t, "SUB 1 q 10");
    for (int i = 0; i < 3; i++)
        says(u, "PUB q text");
    CHECK(hears(t, "MSG 0 1 text|MSG 1 1 text|MSG 2 1 text|"));
    says(t, "ACK 1");
    says(u, "SUB 2 q 10");
    end(t);
    broker_bench_turn(b);
    CHECK(hears(u, "MSG 0 2 text again|MSG 1 2 text again|"));
    /* A socket that takes no more, and then does. */
    u->stuffed = true;
    SAYS(c, "XADD q * body late", "*");
    broker_bench_turn(b);
    CHECK(hears(u, "") && !broker_has_work(b->engine.broker));
    u->stuffed = false;
    CHECK(broker_has_work(b->engine.broker));
    broker_bench_turn(b);
    CHECK(hears(u, "MSG 2 2 late|"));
    /* Its subscriptions go as the protocol says. */
    broker_consume_stop(
        broker_consume_find(&u->subscriber, &b->engine.store->dbs[0], BYTES("q"), BYTES("toy")));
    SAYS(c, "XADD q * body more", "*");
    CHECK(hears(u, ""));
    end(u);
    broker_bench_end(b);
}

/* broker U5, S3: of those who subscribe to a group with a seat one is served. */
TEST(a_seat_passes_on_to_the_next_subscriber)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    struct toy *t = toy_new(b), *u = toy_new(b), *v = toy_new(b);
    SAYS(c, "XPOLICY SET q toy MKSTREAM SINGLE 1000", "OK");
    says(t, "SUB 1 q 10");
    says(u, "SUB 2 q 10");
    says(v, "SUB 3 q 10");
    for (int i = 0; i < 3; i++)
        says(v, "PUB q text");
    broker_bench_wait(b, 5000);
    CHECK(hears(t, "MSG 0 1 text|MSG 1 1 text|MSG 2 1 text|"));
    CHECK(hears(u, "") && hears(v, ""));
    says(t, "ACK 0");
    end(t);
    for (int i = 0; i < 4; i++)
        broker_bench_turn(b);
    CHECK(hears(u, "MSG 0 2 text again|MSG 1 2 text again|") && hears(v, ""));
    end(u);
    end(v);
    broker_bench_turn(b);
    broker_bench_end(b);
}

UNIT_MAIN(T(a_front_publishes_and_consumes), T(what_a_front_does_not_acknowledge_is_for_others),
          T(a_seat_passes_on_to_the_next_subscriber))
