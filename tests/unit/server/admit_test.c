#include "acl/users.h"
#include "commands/families.h"
#include "engine.h"
#include "server/admit.h"
#include "unit.h"

static struct admit *begin(struct bench **b)
{
    *b = bench_begin(families_all());
    return admit_new(&(*b)->engine);
}

static void end(struct admit *a, struct bench *b)
{
    admit_free(a);
    bench_end(b);
}

static struct client *stranger(struct bench *b)
{
    struct client *c = bench_client(b);
    client_set_anonymous(c, true);
    return c;
}

TEST(protected_mode_lets_only_this_machine_in)
{
    struct bench *b;
    struct admit *a = begin(&b);
    enum err why;
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why));
    CHECK(!admit_connection(a, "10.0.0.1:1", false, &why) && why == ERR_DENIED);
    b->settings->protected_mode = false;
    CHECK(admit_connection(a, "10.0.0.1:1", false, &why));
    b->settings->protected_mode = true;
    users_set_default_password(b->engine.users, BYTES("secret"));
    CHECK(admit_connection(a, "10.0.0.1:1", false, &why));
    end(a, b);
}

TEST(one_address_has_a_limit)
{
    struct bench *b;
    struct admit *a = begin(&b);
    enum err why;
    b->settings->maxclients_per_address = 2;
    struct dict_node *first = admit_peer(a, "::1:7001"), *second = admit_peer(a, "::1:7002");
    CHECK(first == second);
    CHECK(!admit_connection(a, "::1:7003", true, &why) && why == ERR_MAXCLIENTS);
    CHECK(admit_connection(a, "127.0.0.1:7003", true, &why));
    CHECK(admit_connection(a, "", true, &why)); /* a unix socket has no address */
    admit_gone(a, first);
    CHECK(admit_connection(a, "::1:7003", true, &why));
    admit_gone(a, second);
    end(a, b);
}

TEST(maxclients)
{
    struct bench *b;
    struct admit *a = begin(&b);
    enum err why;
    b->settings->maxclients = 2;
    bench_client(b);
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why));
    struct client *c = bench_client(b);
    CHECK(!admit_connection(a, "127.0.0.1:1", true, &why) && why == ERR_MAXCLIENTS);
    client_close(c); /* it goes at the end of the turn, and no longer counts */
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why));
    bench_turn(b);
    end(a, b);
}

/* A flood of strangers must not keep those out who are about to say who they are. */
TEST(too_many_strangers_lose_the_oldest)
{
    struct bench *b;
    struct admit *a = begin(&b);
    enum err why;
    struct client *first = NULL;
    users_set_default_password(b->engine.users, BYTES("secret"));
    b->settings->maxclients = 40; /* a quarter: 10 */
    for (int i = 0; i < 9; i++) {
        struct client *c = stranger(b);
        first = first ? first : c;
    }
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why));
    CHECK(!(first->flags & CLIENT_CLOSING));
    stranger(b);
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why));
    CHECK(first->flags & CLIENT_CLOSING);
    CHECK(b->engine.stats.rejected_connections == 1);
    bench_turn(b);
    end(a, b);
}

TEST(eight_strangers_may_come_in_any_case)
{
    struct bench *b;
    struct admit *a = begin(&b);
    enum err why;
    users_set_default_password(b->engine.users, BYTES("secret"));
    b->settings->maxclients = 12;
    struct client *first = stranger(b);
    for (int i = 0; i < 6; i++)
        stranger(b);
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why) && !(first->flags & CLIENT_CLOSING));
    stranger(b);
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why) && (first->flags & CLIENT_CLOSING));
    bench_turn(b);
    end(a, b);
}

/* Without a password strangers are handshakes: they give way only when there is no place left. */
TEST(handshakes_give_way_when_it_is_full)
{
    struct bench *b;
    struct admit *a = begin(&b);
    enum err why;
    b->settings->maxclients = 12;
    struct client *first = stranger(b);
    for (int i = 0; i < 10; i++)
        stranger(b);
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why) && !(first->flags & CLIENT_CLOSING));
    stranger(b);
    CHECK(admit_connection(a, "127.0.0.1:1", true, &why) && (first->flags & CLIENT_CLOSING));
    bench_turn(b);
    end(a, b);
}

UNIT_MAIN(T(protected_mode_lets_only_this_machine_in), T(one_address_has_a_limit), T(maxclients),
          T(too_many_strangers_lose_the_oldest), T(eight_strangers_may_come_in_any_case),
          T(handshakes_give_way_when_it_is_full))
