/* The file itself, whose walks over names are counted. */
#include "ds/dict.h"

static size_t walks;

static struct dict_node *counted_next(const struct dict *d, struct dict_walk *w)
{
    walks += w->bucket == 0 && !w->next;
    return dict_next(d, w);
}

#define dict_next counted_next
#include "pubsub/pubsub.c"

#include "unit.h"

struct ear {
    int heard;
    bool leaves; /* it is not told */
    char last[128];
};

static bool deliver(void *owner, struct pubsub_message *m)
{
    struct ear *e = owner;
    struct bytes text = str_bytes(pubsub_encoded(m, 2));
    e->heard++;
    snprintf(e->last, sizeof(e->last), "%.*s", (int)text.n, text.p);
    return !e->leaves;
}

TEST(channels_patterns_and_shards_are_apart)
{
    struct pubsub *p = pubsub_new(deliver);
    struct ear a = {0}, b = {0};
    struct subscriber *s = pubsub_join(&a), *t = pubsub_join(&b);
    CHECK(pubsub_subscribe(p, s, PUBSUB_CHANNEL, BYTES("ch")));
    CHECK(!pubsub_subscribe(p, s, PUBSUB_CHANNEL, BYTES("ch")));
    CHECK(pubsub_subscribe(p, s, PUBSUB_PATTERN, BYTES("c*")));
    CHECK(pubsub_subscribe(p, t, PUBSUB_SHARD, BYTES("ch")));
    CHECK(pubsub_publish(p, PUBSUB_CHANNEL, BYTES("ch"), BYTES("x")) == 2);
    CHECK(a.heard == 2 && b.heard == 0);
    CHECK(pubsub_publish(p, PUBSUB_SHARD, BYTES("ch"), BYTES("x")) == 1);
    CHECK(a.heard == 2 && b.heard == 1);
    CHECK(strcmp(b.last, "*3\r\n$8\r\nsmessage\r\n$2\r\nch\r\n$1\r\nx\r\n") == 0);
    CHECK(pubsub_publish(p, PUBSUB_CHANNEL, BYTES("cx"), BYTES("y")) == 1);
    CHECK(strcmp(a.last, "*4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$2\r\ncx\r\n$1\r\ny\r\n") == 0);
    CHECK(pubsub_audience(p, PUBSUB_CHANNEL, BYTES("ch")) == 1);
    CHECK(pubsub_unsubscribe(p, s, PUBSUB_CHANNEL, BYTES("ch")));
    CHECK(!pubsub_unsubscribe(p, s, PUBSUB_CHANNEL, BYTES("ch")));
    CHECK(pubsub_names(p, PUBSUB_CHANNEL)->used == 0);
    pubsub_leave(p, s);
    CHECK(pubsub_publish(p, PUBSUB_CHANNEL, BYTES("ch"), BYTES("z")) == 0 && a.heard == 3);
    pubsub_leave(p, t);
    CHECK(pubsub_names(p, PUBSUB_SHARD)->used == 0);
    pubsub_free(p);
}

TEST(a_message_of_empty_strings_has_each_of_them)
{
    struct pubsub_message m = {.kind = PUBSUB_PATTERN};
    CHECK(bytes_equal(str_bytes(pubsub_encoded(&m, 3)),
                      BYTES(">4\r\n$8\r\npmessage\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n")));
    CHECK(pubsub_encoded(&m, 3) == m.encoded[1] && !m.encoded[0]);
    str_unref(m.encoded[1]);
}

static void capture(void *context, struct bytes channel, struct bytes payload)
{
    struct ear *e = context;
    e->heard++;
    snprintf(e->last, sizeof(e->last), "%.*s %.*s", (int)channel.n, channel.p, (int)payload.n,
             payload.p);
}

/* broker H3 */
TEST(a_capture_hears_of_all_and_is_no_receiver)
{
    struct pubsub *p = pubsub_new(deliver);
    struct ear e = {0};
    pubsub_capture_by(p, capture, &e);
    CHECK(pubsub_publish(p, PUBSUB_CHANNEL, BYTES("ch"), BYTES("x")) == 0);
    CHECK(e.heard == 1 && strcmp(e.last, "ch x") == 0);
    CHECK(pubsub_publish(p, PUBSUB_SHARD, BYTES("ch"), BYTES("y")) == 0 && e.heard == 1);
    pubsub_capture_by(p, NULL, NULL);
    CHECK(pubsub_publish(p, PUBSUB_CHANNEL, BYTES("ch"), BYTES("z")) == 0 && e.heard == 1);
    pubsub_free(p);
}

TEST(unsubscribe_order_does_not_matter)
{
    struct pubsub *p = pubsub_new(deliver);
    struct ear ears[20] = {0};
    struct subscriber *all[20];
    for (int i = 0; i < 20; i++) {
        all[i] = pubsub_join(&ears[i]);
        pubsub_subscribe(p, all[i], PUBSUB_CHANNEL, BYTES("one"));
        pubsub_subscribe(p, all[i], PUBSUB_CHANNEL, i % 2 ? BYTES("odd") : BYTES("even"));
    }
    CHECK(pubsub_publish(p, PUBSUB_CHANNEL, BYTES("one"), BYTES("")) == 20);
    for (int i = 0; i < 20; i += 3)
        pubsub_leave(p, all[i]);
    CHECK(pubsub_publish(p, PUBSUB_CHANNEL, BYTES("one"), BYTES("")) == 13);
    for (int i = 0; i < 20; i++)
        CHECK(ears[i].heard == (i % 3 == 0 ? 1 : 2));
    for (int i = 19; i >= 0; i--)
        if (i % 3)
            pubsub_leave(p, all[i]);
    CHECK(pubsub_names(p, PUBSUB_CHANNEL)->used == 0);
    pubsub_free(p);
}

TEST(leaving_subscribers_are_not_counted)
{
    struct pubsub *p = pubsub_new(deliver);
    struct ear ears[2] = {{0}, {.leaves = true}};
    struct subscriber *subscribers[2];
    for (int i = 0; i < 2; i++) {
        subscribers[i] = pubsub_join(&ears[i]);
        pubsub_subscribe(p, subscribers[i], PUBSUB_CHANNEL, BYTES("c"));
        pubsub_subscribe(p, subscribers[i], PUBSUB_PATTERN, BYTES("*"));
    }
    CHECK(pubsub_publish(p, PUBSUB_CHANNEL, BYTES("c"), BYTES("m")) == 2);
    for (int i = 0; i < 2; i++)
        pubsub_leave(p, subscribers[i]);
    pubsub_free(p);
}

static void note_left(void *context, struct bytes name)
{
    size_t *left = context;
    *left += name.n;
}

/* A walk begun again for each name passes all that were emptied: a client with 100,000 channels
 * stopped the server for most of a minute when it left. */
TEST(leaving_many_names_takes_one_walk)
{
    struct pubsub *p = pubsub_new(deliver);
    struct ear e = {0};
    struct subscriber *s = pubsub_join(&e);
    size_t left = 0;
    char name[8];
    for (int round = 0; round < 2; round++) {
        for (int i = 100; i < 999; i++) {
            snprintf(name, sizeof(name), "%d", i);
            CHECK(pubsub_subscribe(p, s, PUBSUB_CHANNEL, bytes_text(name)));
        }
        walks = 0;
        if (round == 0)
            pubsub_unsubscribe_all(p, s, PUBSUB_CHANNEL, note_left, &left);
        else
            pubsub_leave(p, s);
        CHECK(walks <= PUBSUB_KINDS);
        CHECK(pubsub_names(p, PUBSUB_CHANNEL)->used == 0 && left == 3 * 899);
    }
    pubsub_free(p);
}

UNIT_MAIN(T(a_capture_hears_of_all_and_is_no_receiver), T(channels_patterns_and_shards_are_apart),
          T(unsubscribe_order_does_not_matter), T(leaving_subscribers_are_not_counted),
          T(leaving_many_names_takes_one_walk), T(a_message_of_empty_strings_has_each_of_them))
