#include "io/worker.h"

#include "unit.h"

#include <stdbool.h>

enum { MANY = 200 };

struct counted {
    struct worker_job job;
    int ran_as;
};

static struct counted jobs[MANY];
static int order, finished; /* the thread's count, the loop's count */

static void run(struct worker_job *job)
{
    struct counted *c = (struct counted *)job;
    c->ran_as = ++order;
}

static void done(struct worker_job *job)
{
    (void)job;
    finished++;
}

static void submit(struct worker *w, int i)
{
    jobs[i] = (struct counted){.job = {.run = run, .done = done}};
    worker_submit(w, &jobs[i].job);
}

TEST(jobs_run_in_order_and_are_collected_on_the_loop)
{
    order = finished = 0;
    struct loop *l = loop_new();
    struct worker *w = worker_new(l, "test");
    for (int i = 0; i < MANY; i++) {
        submit(w, i);
    }
    while (finished < MANY)
        loop_turn(l, 1000);
    CHECK(worker_pending(w) == 0);
    for (int i = 0; i < MANY; i++)
        CHECK(jobs[i].ran_as == i + 1);
    worker_free(w);
    loop_free(l);
}

TEST(draining_waits_for_everything)
{
    order = finished = 0;
    struct loop *l = loop_new();
    struct worker *w = worker_new(l, "test");
    for (int i = 0; i < MANY; i++) {
        submit(w, i);
        if (i == MANY / 2) {
            worker_drain(w);
            CHECK(finished == i + 1);
        }
    }
    worker_free(w);
    CHECK(finished == MANY);
    loop_free(l);
}

UNIT_MAIN(T(jobs_run_in_order_and_are_collected_on_the_loop), T(draining_waits_for_everything))
