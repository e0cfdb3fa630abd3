/* What a read or a subscription gets of a group: each message once. Entry n-1 of the queue is
 * [n-1 [n n]]. */
#include "broker/broker_deliver.h"

#include "broker.h"

#define PUSH(id, n, deliveries) "[xdeliver q g " id " [n " n "] " deliveries "]"

/* broker U3, C1: the subscription's own cap is reached by another's entry, behind one of its own.
 */
TEST(who_is_full_by_its_own_cap_gets_its_own_once)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100", 2, false, &c);
    struct client *w = bench_client(b);
    w->reply.resp = 3;
    SAYS(w, "XCONSUME START GROUP g w PREFETCH 1 STREAMS q", "OK " PUSH("1-1", "1", "1"));
    SAYS(c, "XREADGROUP GROUP g c COUNT 1 STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    SAYS(w, "XCONSUME START GROUP g w PREFETCH 2 STREAMS q", "OK");
    broker_bench_wait(b, 100);
    HEARS(w, PUSH("1-1", "1", "2") " " PUSH("2-1", "2", "2"));
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 [[w 2]]]");
    broker_bench_end(b);
}

/* broker L4: pending by force, it is unread as well. */
TEST(what_is_pending_and_unread_is_given_once)
{
    static const char *const orders[] = {"", "ORDERBY k"};
    for (int i = 0; i < 2; i++) {
        struct client *c;
        struct bench *b = broker_queue(orders[i], 2, false, &c);
        SAYS(c, "XNACK q g FAIL IDS 1 1-1 FORCE", "1");
        SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]]]]]");
        SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
        broker_bench_end(b);
    }
}

UNIT_MAIN(T(who_is_full_by_its_own_cap_gets_its_own_once),
          T(what_is_pending_and_unread_is_given_once))
