/* A primary and two replicas, for a thousand schedules of what a network and machines may do
 * (support/trio.h). `trio_test chaos 17`, `trio_test single 17` run one alone and show its log. */
#include "trio.h"
#include "unit.h"

#include "base/clock.h"
#include "base/crc.h"
#include "base/hash.h"

#define SEEDS 500

struct sums {
    unsigned failed, acknowledged, compared, fulls, partials, crashes, promotions;
};

static struct trio trio;

static struct sums run_all(bool single)
{
    struct sums s = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        if (!trio_run(&trio, seed, single)) {
            s.failed++;
            printf("# %s %llu: %s\n", single ? "single" : "chaos", (unsigned long long)seed,
                   trio.failed);
        }
        s.acknowledged += trio.acknowledged;
        s.compared += trio.compared;
        s.fulls += trio.fulls;
        s.partials += trio.partials;
        s.crashes += trio.crashes;
        s.promotions += trio.promotions;
    }
    printf(
        "# acknowledged %u, compared %u, full copies %u, partial %u, crashes %u, promotions %u\n",
        s.acknowledged, s.compared, s.fulls, s.partials, s.crashes, s.promotions);
    return s;
}

/* The numbers below are far from what is seen: they say that the schedules reach what they are
 * for. */
TEST(whatever_happens_equal_offsets_mean_equal_data)
{
    struct sums s = run_all(false);
    CHECK(s.failed == 0);
    CHECK(s.compared > SEEDS * 10 && s.fulls > SEEDS && s.partials > SEEDS / 10);
}

TEST(what_a_client_was_told_is_in_the_replica_that_takes_over)
{
    struct sums s = run_all(true);
    CHECK(s.failed == 0);
    CHECK(s.acknowledged > SEEDS * 2 && s.promotions >= SEEDS);
}

static struct unit_test tests[] = {T(whatever_happens_equal_offsets_mean_equal_data),
                                   T(what_a_client_was_told_is_in_the_replica_that_takes_over)};

int main(int argc, char **argv)
{
    crc_init();
    hash_init("trio", 4);
    clock_ticks_per_us();
    log_set_level(argc == 3 ? LOG_VERBOSE : LOG_WARNING + 1);
    if (argc == 3) {
        bool good = trio_run(&trio, strtoull(argv[2], NULL, 10), strcmp(argv[1], "single") == 0);
        printf("%s\n", good ? "it holds" : trio.failed);
        return !good;
    }
    /* What is made once and stays is no leak of a test: the library's buffer for this line, too. */
    printf("# %d schedules of each kind; alone: trio_test chaos|single NUMBER\n", SEEDS);
    trio_run(&trio, 1, false);
    return unit_run(tests, (int)(sizeof(tests) / sizeof(tests[0])));
}
