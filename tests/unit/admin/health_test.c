#include "admin/health.h"

#include "base/crc.h"
#include "engine/state.h"
#include "primary.h"
#include "unit.h"

#include <errno.h>

static struct buf said;

/* What /readyz says, "|" for a line's end. */
static bool is(struct engine *e, const char *query, unsigned status, const char *want)
{
    char text[200];
    unsigned got = health_ready(e, -1, bytes_text(query), &said);
    snprintf(text, sizeof(text), "%.*s", (int)said.n, said.p);
    for (char *p = text; *p; p++)
        *p = *p == '\n' ? '|' : *p;
    buf_free(&said);
    if (got != status || strcmp(text, want) != 0)
        printf("# %s: %u <%s>\n", query, got, text);
    return got == status && strcmp(text, want) == 0;
}

TEST(reasons_are_told_and_left_out)
{
    struct bench *b = bench_begin(replica_commands);
    struct engine *e = &b->engine;
    CHECK(is(e, "", 200, "ready|") && health_is_ready(e));
    state_set_disk_error(e, -ENOSPC);
    pause_begin(e, e->steady_ms + 1000, true);
    CHECK(is(e, "", 503, "disk-failed|paused|") && !health_is_ready(e));
    CHECK(is(e, "allow=paused", 503, "disk-failed|"));
    CHECK(is(e, "allow=disk-failed,paused", 200, "ready|"));
    CHECK(is(e, "allow=paused&allow=disk-failed", 200, "ready|"));
    CHECK(is(e, "allow=,disk-failed%2Cpaused,", 200, "ready|") &&
          is(e, "allow=", 503, "disk-failed|paused|"));
    state_set_disk_error(e, 0);
    bench_wait(b, 1001);
    CHECK(is(e, "", 200, "ready|"));
    health_ready(e, 41, BYTES(""), &said);
    CHECK(bytes_equal(buf_bytes(&said), BYTES("loading 41%\n")));
    CHECK(health_ready(e, 41, BYTES("allow=loading"), &said) == 200);
    buf_free(&said);
    bench_end(b);
}

static size_t used;

static void tell_memory(void *context, struct engine_memory *out)
{
    (void)context;
    *out = (struct engine_memory){.used = used, .apart = 100};
}

TEST(memory_is_a_reason_where_that_is_asked_for)
{
    struct bench *b = bench_begin(replica_commands);
    struct engine *e = &b->engine;
    e->services.memory = tell_memory;
    used = 1051;
    CHECK(is(e, "memory=95", 200, "ready|")); /* there is no limit */
    e->settings->maxmemory = 1000;
    CHECK(is(e, "memory=95", 503, "memory|") && is(e, "memory=95.2", 200, "ready|"));
    CHECK(is(e, "", 200, "ready|") && is(e, "memory=95&allow=memory", 200, "ready|"));
    bench_end(b);
}

#define WRONG                                                                                      \
    "allow=reason,..., memory=percent and replica-lag=bytes are what can be asked for; reasons: "  \
    "loading, shutting-down, disk-failed, replica-link, replica-lag, paused, memory|"

TEST(what_cannot_be_asked_for_is_refused)
{
    struct bench *b = bench_begin(replica_commands);
    static const char *const wrong[] = {"x=1",
                                        "memory=",
                                        "memory=x",
                                        "memory=0",
                                        "memory=101",
                                        "replica-lag=-1",
                                        "replica-lag=",
                                        "replica-lag=1k",
                                        "replica-lag",
                                        "allow=all",
                                        "allow=paused,pauses",
                                        "allow=%2Cpause",
                                        "allow=paused%",
                                        "allow=paused&allow=disk",
                                        "memory=50&x",
                                        "=",
                                        "replica-lag=1&y=2"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        CHECK(is(&b->engine, wrong[i], 400, WRONG));
    bench_end(b);
}

/* A replica knows what has come and is not applied; without a link it knows nothing. */
TEST(a_replica_that_is_behind)
{
    struct play p;
    play_begin(&p);
    struct engine *e = &p.bench->engine;
    CHECK(is(e, "replica-lag=0", 200, "ready|")); /* a primary is behind nobody */
    CHECK(play_connect(&p));
    CHECK(is(e, "replica-lag=0", 200, "ready|"));
    play_says(&p, "*3\r\n$3\r\nSET\r\n");
    CHECK(is(e, "replica-lag=12", 503, "replica-lag|") && is(e, "replica-lag=13", 200, "ready|"));
    CHECK(is(e, "", 200, "ready|") && is(e, "replica-lag=0&allow=replica-lag", 200, "ready|"));
    play_says(&p, "$1\r\na\r\n$1\r\n1\r\n");
    CHECK(is(e, "replica-lag=0", 200, "ready|"));
    close(p.link);
    p.link = -1;
    for (int i = 0; i < 100 && play_state(&p) == FOLLOW_CONNECTED; i++)
        play_turn(&p);
    CHECK(is(e, "replica-lag=1000000", 503, "replica-lag|"));
    CHECK(is(e, "", 200, "ready|")); /* for ten seconds that is no reason */
    bench_wait(p.bench, 11000);
    CHECK(is(e, "", 503, "replica-link|"));
    CHECK(is(e, "replica-lag=1", 503, "replica-link|replica-lag|"));
    play_end(&p);
}

int main(void)
{
    static const struct unit_test tests[] = {
        T(reasons_are_told_and_left_out), T(memory_is_a_reason_where_that_is_asked_for),
        T(what_cannot_be_asked_for_is_refused), T(a_replica_that_is_behind)};
    crc_init();
    return unit_run(tests, sizeof(tests) / sizeof(*tests));
}
