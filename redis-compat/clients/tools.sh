#!/bin/bash
# redis-cli and redis-benchmark, as they come, against a server. Run by on_server.sh.
bad=0
check() { # name, output, pattern
    if grep -qE "$3" <<<"$2"; then echo "ok $1"; else echo "not ok $1: ${2:0:300}"; bad=1; fi
}
cli="redis-cli -p $PORT"
for i in $(seq 2000); do printf 'SET key:%d value%d\r\nRPUSH list:%d a b c\r\n' "$i" "$i" $((i % 10)); done > "$DIR/commands"
check "--pipe" "$($cli --pipe < "$DIR/commands" 2>&1)" 'errors: 0, replies: 4000'
check "--scan" "$($cli --scan --pattern 'key:*' | wc -l)" '^2000$'
check "--bigkeys" "$($cli --bigkeys 2>&1)" 'Biggest +list found'
check "--memkeys" "$($cli --memkeys 2>&1)" 'Sampled 2010 keys'
check "--stat" "$(timeout 3 stdbuf -oL $cli --stat -i 1 2>&1)" '2010 '
check "--latency" "$($cli --latency --raw -i 1 2>&1)" '^[0-9]+ [0-9]+ [0-9.]+ [0-9]+'
check "--intrinsic hints" "$(printf 'COMMAND DOCS get\n' | $cli)" 'summary'
check "inline" "$(printf 'PING\r\nSET a "b c"\r\nGET a\r\nQUIT\r\n' | timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT; cat >&3; cat <&3")" 'PONG'
check "-3" "$($cli -3 HGETALL none 2>&1; $cli -3 XINFO STREAM none 2>&1)" 'no such key'
for p in "" "-P 16"; do
    out=$(redis-benchmark -p "$PORT" -q -n 20000 $p -t ping,set,get,incr,lpush,rpush,lpop,rpop,lrange,mset 2>&1)
    for t in PING_INLINE SET GET INCR LPUSH RPUSH LPOP RPOP LRANGE_100 MSET; do check "redis-benchmark $p $t" "$(tr '\r' '\n' <<<"$out")" "^$t.*requests per second"; done
done
exit $bad
