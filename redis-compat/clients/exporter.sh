#!/bin/bash
# prometheus-redis-exporter (Debian) on the server and on a redis-server that saw the same commands: every metric that it makes of
# redis-server's INFO, SLOWLOG, LATENCY and CONFIG must be there for the server too, but for the names below. Run by on_server.sh.
set -u
free() { PYTHONPATH=$SUPPORT python3 -c 'import server; print(server.free_port())'; }
peer=$(free)
mkdir "$DIR/peer"
redis-server --port "$peer" --bind 127.0.0.1 --dir "$DIR/peer" --save '' --appendonly yes >/dev/null &
pids=$!
trap 'kill -9 $pids 2>/dev/null' EXIT
for _ in $(seq 300); do redis-cli -p "$peer" PING >/dev/null 2>&1 && break; sleep 0.02; done
metrics() { # the port of a server, a file for its metrics
    local cli="redis-cli -p $1" web
    web=$(free)
    { for i in $(seq 200); do echo "SET key:$i $i EX 1000"; done; echo 'RPUSH list a b'; echo 'GET nothing'; echo 'LPUSH key:1 x'; echo 'XADD st 1-1 a b'
      echo 'XGROUP CREATE st g 0'; echo 'XREADGROUP GROUP g c STREAMS st >'; echo 'CONFIG SET slowlog-log-slower-than 0'
      echo 'CONFIG SET latency-monitor-threshold 1'; echo 'EVAL "return 1" 0'; echo 'DEBUG SLEEP 0.01'; echo 'CLIENT SETNAME exporter'; } | $cli >/dev/null
    prometheus-redis-exporter --redis.addr "redis://127.0.0.1:$1" --web.listen-address "127.0.0.1:$web" --check-single-keys list,st --check-single-streams st --export-client-list >/dev/null 2>&1 &
    pids="$pids $!"
    for _ in $(seq 100); do curl -sf "http://127.0.0.1:$web/metrics" >"$2" && break; sleep 0.05; done
}
metrics "$PORT" "$DIR/ours"
metrics "$peer" "$DIR/theirs"
bad=0
check() { if [ "$2" ]; then echo "ok $1"; else echo "not ok $1: ${3:0:600}"; bad=1; fi; }
names() { grep -oE '^redis_[a-z0-9_]+' "$1" | sort -u; }
check "exporter: the server is up" "$(grep -x 'redis_up 1' "$DIR/ours")"
check "exporter: no scrape error" "$(grep 'redis_exporter_last_scrape_error{err=""} 0' "$DIR/ours")" "$(grep last_scrape_error "$DIR/ours")"
# Nothing is stale here: a key is gone when its time has come (redis-compat/differences.md).
missing=$(comm -13 <(names "$DIR/ours") <(names "$DIR/theirs") | grep -v '^redis_expired_stale_percentage$' | tr '\n' ' ')
check "exporter: all $(names "$DIR/theirs" | wc -l) metrics of redis-server" "$([ -z "$missing" ] && echo y)" "$missing"
for m in 'redis_db_keys{db="db0"} 20[0-9]' 'redis_commands_total{cmd="set"} 200' 'redis_key_size{.*key="list"} 2' 'redis_stream_length{.*stream="st"} 1' \
    'redis_stream_group_consumer_messages_pending{.*} 1' 'redis_slowlog_length [1-9]' 'redis_memory_used_bytes [1-9]' 'redis_connected_clients [1-9]'; do
    check "exporter: $m" "$(grep -E "^$m" "$DIR/ours")" "$(grep -E "^${m%%[ {]*}" "$DIR/ours")"
done
exit $bad
