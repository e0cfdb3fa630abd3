/* A walk over entries in steps. */
#include "admin/sweep.h"

#include "exchange.h"

#define ENTRIES 1300

struct heard {
    char first[ENTRIES_ID], last[ENTRIES_ID];
    int n;
};

static void hear(void *to, const struct entries *e)
{
    struct heard *h = to;
    snprintf(h->n ? h->last : h->first, ENTRIES_ID, "%s", e->id);
    h->n++;
}

/* An exchange that goes on while the test walks: a tail. */
static void begin(struct talk *t)
{
    talk_begin(t);
    for (int i = 1; i <= ENTRIES; i++) {
        char line[64];
        snprintf(line, sizeof(line), "XADD q %d-1 f v", i);
        bench_says(t->c, line);
    }
    HEARS(t->c, "*");
    CHECK(talk_logs_in(t, "{}"));
    talk_asks(t, "GET", "/api/v1/streams/0/q/tail", "", "");
    for (int i = 0; i < 100 && t->x.phase != EXCHANGE_STREAMING; i++)
        if (t->x.phase == EXCHANGE_WORKING)
            exchange_step(&t->x);
    CHECK(t->x.phase == EXCHANGE_STREAMING);
}

/* Steps up to its end. */
static enum sweep_result walks(struct talk *t, struct sweep *s, struct heard *h)
{
    enum sweep_result result;
    long long before;
    *h = (struct heard){.n = 0};
    s->each = hear;
    s->to = h;
    do {
        before = s->looked;
        result = sweep_step(s, &t->x, BYTES("q"));
        CHECK(s->looked - before <= 500);
    } while (result == SWEEP_GOES_ON);
    CHECK(s->looked == h->n);
    return result;
}

TEST(all_of_them_in_steps)
{
    struct talk t;
    struct heard h;
    begin(&t);
    struct sweep s = {.most = 10000, .entries = {.keep = 64}};
    CHECK(walks(&t, &s, &h) == SWEEP_IS_THROUGH && h.n == ENTRIES);
    CHECK(strcmp(h.first, "1-1") == 0 && strcmp(h.last, "1300-1") == 0);
    sweep_end(&s);
    s = (struct sweep){.most = 10000, .back = true, .entries = {.keep = 64}};
    CHECK(walks(&t, &s, &h) == SWEEP_IS_THROUGH && h.n == ENTRIES);
    CHECK(strcmp(h.first, "1300-1") == 0 && strcmp(h.last, "1-1") == 0);
    sweep_end(&s);
    talk_end(&t);
}

/* Cut at its most, it tells where to go on. */
TEST(so_many_and_then_the_others)
{
    struct talk t;
    struct heard h;
    begin(&t);
    struct sweep s = {.most = 700, .entries = {.keep = 64}};
    CHECK(walks(&t, &s, &h) == SWEEP_IS_CUT && h.n == 700 && strcmp(s.from, "(700-1") == 0);
    struct sweep next = {.most = 10000, .entries = {.keep = 64}};
    memcpy(next.from, s.from, sizeof(s.from));
    sweep_end(&s);
    CHECK(walks(&t, &next, &h) == SWEEP_IS_THROUGH && h.n == ENTRIES - 700);
    CHECK(strcmp(h.first, "701-1") == 0);
    sweep_end(&next);
    talk_end(&t);
}

TEST(up_to_an_id)
{
    struct talk t;
    struct heard h;
    begin(&t);
    struct sweep s = {.most = 10000, .from = "100-0", .until = "150-1", .entries = {.keep = 64}};
    CHECK(walks(&t, &s, &h) == SWEEP_IS_THROUGH && h.n == 51);
    CHECK(strcmp(h.first, "100-1") == 0 && strcmp(h.last, "150-1") == 0);
    sweep_end(&s);
    SAYS(t.c, "DEL q", "1");
    s = (struct sweep){.most = 10000, .entries = {.keep = 64}};
    CHECK(walks(&t, &s, &h) == SWEEP_IS_THROUGH && h.n == 0);
    sweep_end(&s);
    talk_end(&t);
}

UNIT_MAIN(T(all_of_them_in_steps), T(so_many_and_then_the_others), T(up_to_an_id))
