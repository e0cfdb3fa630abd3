#include "replica/follow_metrics.h"

#include "metrics.h"
#include "primary.h"
#include "unit.h"

TEST(a_primary_says_little)
{
    struct play p;
    play_begin(&p);
    struct buf all = metrics_print(&follow_metrics, p.r);
    CHECK(!strstr(all.p, "master_"));
    buf_free(&all);
    CHECK(metrics_say(&follow_metrics, p.r, "unexpected_error_replies:0"));
    play_end(&p);
}

TEST(a_replica_tells_of_its_link)
{
    struct play p;
    play_begin(&p);
    CHECK(play_connect(&p));
    play_wait(&p, 3000);
    CHECK(metrics_say(&follow_metrics, p.r,
                      "master_link_status:up\r\nmaster_last_io_seconds_ago:3\r\n"
                      "master_sync_in_progress:0\r\nslave_read_repl_offset:100\r\n"
                      "slave_repl_offset:100\r\nslave_priority:100"));
    CHECK(play_accepts(&p));
    play_wait(&p, 2000);
    CHECK(metrics_say(&follow_metrics, p.r,
                      "master_link_status:down\r\nmaster_last_io_seconds_ago:-1"));
    CHECK(metrics_say(&follow_metrics, p.r,
                      "master_link_down_since_seconds:2\r\nslave_priority:100\r\n"
                      "slave_read_only:1\r\nreplica_announced:1"));
    play_end(&p);
}

TEST(a_transfer_is_measured)
{
    struct play p;
    play_begin(&p);
    role_follow(p.r, "127.0.0.1", p.port, false);
    CHECK(play_accepts(&p) && play_shakes_hands(&p));
    play_hears(&p);
    play_says(&p, "+FULLRESYNC " ID_A " 100\r\n$40\r\nREDIS00100");
    CHECK(metrics_say(&follow_metrics, p.r,
                      "master_sync_total_bytes:40\r\nmaster_sync_read_bytes:10\r\n"
                      "master_sync_left_bytes:30\r\nmaster_sync_perc:25.00\r\n"
                      "master_sync_last_io_seconds_ago:0\r\nmaster_link_down_since_seconds:-1"));
    play_end(&p);
}

UNIT_MAIN(T(a_primary_says_little), T(a_replica_tells_of_its_link), T(a_transfer_is_measured))
