#include "replica/replica_metrics.h"

#include "engine_commands.h"
#include "metrics.h"
#include "peers.h"
#include "replica/quorum.h"
#include "unit.h"

TEST(alone)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    CHECK(metrics_say(&replica_metrics, r, "role:master"));
    CHECK(metrics_say(&replica_metrics, r, "connected_slaves:0"));
    CHECK(metrics_say(&replica_metrics, r, "repl_backlog_active:0"));
    CHECK(metrics_say(&replica_metrics, r, "repl_backlog_histlen:0"));
    CHECK(metrics_say(&replica_metrics_peers, r, ""));
    struct buf all = metrics_print(&replica_metrics, r);
    CHECK(!strstr(all.p, "unreplicated_bytes") && !strstr(all.p, "good_slaves"));
    CHECK(!strstr(all.p, "replica_ack"));
    buf_free(&all);
    t->bench->engine.role = ROLE_REPLICA_DOWN;
    CHECK(metrics_say(&replica_metrics, r, "role:slave"));
    peers_end(t);
}

TEST(with_replicas)
{
    struct peers *t = peers_begin(engine_commands);
    struct replication *r = t->replication;
    t->bench->settings->min_replicas_to_write = 1;
    t->bench->settings->min_replicas_max_lag = 10;
    int a = peers_add(t), b = peers_add(t);
    peers_of(t, a)->port = 6380;
    peer_wait(peers_of(t, a));
    peer_join(peers_of(t, a), 1);
    peers_of(t, a)->state = PEER_COPYING;
    CHECK(metrics_say(&replica_metrics_peers, r,
                      "slave0:ip=127.0.0.1,port=6380,state=send_bulk,offset=0,lag=0"));
    peer_is_copied(peers_of(t, a), false);
    peer_wait(peers_of(t, b));
    peers_write(t, "a");
    peers_turn(t);
    peer_ack(peers_of(t, a), 23, NULL);
    bench_wait(t->bench, 2000);
    replica_tick(r);
    CHECK(metrics_say(&replica_metrics, r, "connected_slaves:2"));
    CHECK(metrics_say(&replica_metrics, r, "min_slaves_good_slaves:1"));
    CHECK(metrics_say(&replica_metrics, r, "unreplicated_bytes:20"));
    CHECK(metrics_say(&replica_metrics, r, "repl_backlog_active:1"));
    CHECK(metrics_say(&replica_metrics, r, "repl_backlog_first_byte_offset:1"));
    CHECK(metrics_say(&replica_metrics, r, "repl_backlog_histlen:43"));
    CHECK(metrics_say(&replica_metrics, r, "sync_full:2"));
    CHECK(metrics_say(&replica_metrics_peers, r,
                      "slave0:ip=127.0.0.1,port=6380,state=online,offset=23,lag=2\r\n"
                      "slave1:ip=127.0.0.1,port=0,state=wait_bgsave,offset=0,lag=0"));
    t->bench->settings->min_replicas_to_ack = 1;
    peers_of(t, a)->whole = true;
    quorum_update(r);
    CHECK(metrics_say(&replica_metrics, r, "primary_confirmed:1"));
    CHECK(metrics_say(&replica_metrics, r, "min_replicas_to_ack:1"));
    CHECK(metrics_say(&replica_metrics, r, "replica_ack_offset:23"));
    CHECK(metrics_say(&replica_metrics, r, "replica_ack_timeouts:0"));
    quorum_tick(r);
    bench_wait(t->bench, 700);
    CHECK(metrics_say(&replica_metrics, r, "replica_ack_oldest_wait_ms:700"));
    CHECK(metrics_say(&replica_metrics, r, "replica_ack_waiting_clients:0"));
    peers_end(t);
}

UNIT_MAIN(T(alone), T(with_replicas))
