#include "persist/aof_metrics.h"

#include "disk.h"
#include "io/file.h"
#include "metrics.h"
#include "persist/aof.h"
#include "unit.h"

TEST(a_closed_file_says_nothing_and_an_open_one_its_sizes)
{
    char base[] = "base";
    CHECK(disk_begin());
    struct loop *loop = loop_new();
    struct worker *syncer = worker_new(loop, "disk"), *writer = worker_new(loop, "writer");
    struct journal *j = journal_new();
    struct aof *a = aof_new(syncer, writer, j, "dir", "a.aof");
    CHECK(metrics_say(&aof_metrics, a, ""));
    CHECK(metrics_say(&aof_metrics_latency, a, ""));

    CHECK(file_make_directory("dir") == 0);
    FILE *f = fopen(base, "w");
    CHECK(f && fputs("12345678901234567890", f) >= 0 && fclose(f) == 0);
    CHECK(aof_create(a, base, true) == 0);
    CHECK(metrics_say(&aof_metrics, a, "aof_pending_bio_fsync:0\r\naof_delayed_fsync:0"));
    CHECK(metrics_say(&aof_metrics, a, "aof_unsynced_bytes:0\r\naof_last_fsync_age_ms:-1"));
    CHECK(metrics_say(&aof_metrics_latency, a,
                      "aof_fsync_percentiles_usec:p50=0,p99=0,p99.9=0,max=0"));
    char line[64];
    snprintf(line, sizeof(line), "aof_current_size:%llu", (unsigned long long)aof_size(a));
    CHECK(aof_size(a) >= 20 && metrics_say(&aof_metrics, a, line));

    aof_close(a);
    CHECK(metrics_say(&aof_metrics, a, ""));
    worker_free(writer);
    worker_free(syncer);
    aof_free(a);
    journal_free(j);
    loop_free(loop);
    disk_end();
}

UNIT_MAIN(T(a_closed_file_says_nothing_and_an_open_one_its_sizes))
