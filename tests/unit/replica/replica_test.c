#include "replica/replica.h"

#include "engine.h"
#include "engine_commands.h"
#include "unit.h"

TEST(a_server_is_a_primary_without_replicas)
{
    struct bench *b = bench_begin(engine_commands);
    struct replication_services none = {0};
    struct replication *r = replica_new(&b->engine, NULL, &none, "run");
    CHECK(b->engine.replication == r && !replication_is_replica(r) && r->peer_n == 0);
    replica_send(r);
    CHECK(!backlog_is_open(&r->backlog) && !b->engine.journal->on);
    backlog_open(&r->backlog, b->engine.journal);
    journal_stream_only(b->engine.journal, BYTES("*1\r\n$4\r\nPING\r\n"));
    replica_send(r);
    CHECK(backlog_length(&r->backlog) == 14);
    replica_free(r);
    CHECK(!b->engine.replication && !b->engine.journal->on);
    bench_end(b);
}

UNIT_MAIN(T(a_server_is_a_primary_without_replicas))
