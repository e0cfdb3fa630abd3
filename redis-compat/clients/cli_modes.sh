#!/bin/bash
# redis-cli in the modes that tools.sh leaves out. Run by on_server.sh.
set -u
bad=0
check() { # name, output, pattern
    if grep -qE -- "$3" <<<"$2"; then echo "ok redis-cli $1"; else echo "not ok redis-cli $1: ${2:0:300}"; bad=1; fi
}
cli="redis-cli -p $PORT"
$cli MSET a 1 b 2 >/dev/null
$cli RPUSH l x y z >/dev/null
check "-u" "$(redis-cli -u "redis://127.0.0.1:$PORT/0" GET a)" '^1$'
check "-n" "$($cli -n 3 SET other 1 && $cli -n 3 DBSIZE)" '^1$'
check "-r -i" "$($cli -r 3 -i 0.01 INCR n | tail -1)" '^3$'
check "-x" "$(printf 'from stdin' | $cli -x SET x && $cli GET x)" '^from stdin$'
check "-X" "$(printf 'tagged' | $cli -X tag SET y tag && $cli GET y)" '^tagged$'
check "--csv" "$($cli --csv LRANGE l 0 -1)" '^"x","y","z"$'
check "--json" "$($cli --json LRANGE l 0 -1)" '^\["x","y","z"\]$'
check "-3 --json" "$($cli -3 --json HSET h f v; $cli -3 --json HGETALL h)" '\{"f":"v"\}'
check "--no-raw" "$($cli --no-raw LRANGE l 0 -1)" '^3\) "z"$'
check "-d" "$($cli -d , LRANGE l 0 -1)" '^x,y,z$'
check "-e" "$($cli -e LPUSH a x; echo "code $?")" 'code 1'
check "--quoted-input" "$($cli --quoted-input SET '"q\x00r"' 1 && $cli --no-raw --quoted-input KEYS '"q*"')" 'q.x00r'
check "--bigkeys" "$($cli --bigkeys -i 0.001)" 'Biggest +string found'
check "--memkeys-samples" "$($cli --memkeys-samples 0)" 'Sampled [0-9]+ keys'
$cli CONFIG SET maxmemory-policy allkeys-lfu >/dev/null
for _ in $(seq 50); do echo 'GET a'; done | $cli >/dev/null
check "--hotkeys" "$($cli --hotkeys 2>&1)" 'hot key found with counter|hottest keys|keyname: "?a'
$cli CONFIG SET maxmemory-policy noeviction >/dev/null
check "--lru-test" "$($cli CONFIG SET maxmemory 50mb >/dev/null; $cli CONFIG SET maxmemory-policy allkeys-lru >/dev/null; timeout 4 stdbuf -oL $cli --lru-test 2000 2>&1)" 'Gets/sec.*Hits'
$cli CONFIG SET maxmemory 0 >/dev/null
check "--latency-history" "$(timeout 3 stdbuf -oL $cli --latency-history -i 1 --raw 2>&1)" '[0-9]+ [0-9]+ [0-9.]+ [0-9]+'
check "--latency-dist" "$(timeout 3 stdbuf -oL $cli --latency-dist -i 1 2>&1 | tr -d '\0' | cut -c1-300)" 'distribution|0\.|%'
check "--intrinsic-latency" "$($cli --intrinsic-latency 1 2>&1)" 'Max latency so far'
printf 'return {KEYS[1], ARGV[1]}' >"$DIR/script.lua"
check "--eval" "$($cli --eval "$DIR/script.lua" k , v)" '^v$'
check "--scan" "$($cli --scan --pattern 'l*')" '^l$'
check "MONITOR" "$( (sleep 0.3; $cli SET seen 1 >/dev/null) & timeout 1 stdbuf -oL $cli MONITOR)" '"SET" "seen" "1"'
check "SUBSCRIBE" "$( (sleep 0.3; $cli PUBLISH ch hello >/dev/null) & timeout 1 stdbuf -oL $cli SUBSCRIBE ch)" '^hello$'
check "XREAD BLOCK" "$( (sleep 0.2; $cli XADD st '*' f v >/dev/null) & $cli XREAD BLOCK 5000 STREAMS st '$')" '^v$'
check "MULTI at the prompt" "$(printf 'MULTI\nINCR t\nEXEC\n' | $cli)" '^QUEUED'
check "a reply of every RESP3 kind" "$(for t in string integer double null array set map attrib bignum true false verbatim; do $cli -3 DEBUG PROTOCOL $t 2>&1; done)" 'Verbatim|verbatim'
check "HELLO and AUTH" "$($cli ACL SETUSER u on '>pw' '~*' '&*' +@all >/dev/null; $cli --user u --pass pw --no-auth-warning ACL WHOAMI)" '^u$'
check "REDISCLI_AUTH" "$(REDISCLI_AUTH=pw redis-cli -p "$PORT" --user u ACL WHOAMI)" '^u$'
check "--askpass" "$(printf 'pw\n' | $cli --user u --askpass ACL WHOAMI 2>&1)" 'u$'
check "-s" "$(redis-cli -s "$DIR/sock" GET b)" '^2$'
check "--verbose help" "$($cli HELP XADD 2>&1; printf 'HELP XADD\n' | $cli)" 'Appends a new message|stream'
check "--show-pushes" "$(printf 'HELLO 3\nCLIENT TRACKING ON\nGET a\nSET a 5\nPING\n' | $cli --show-pushes yes 2>&1)" 'invalidate'
check "--function list" "$($cli FUNCTION LOAD "#!lua name=lib
redis.register_function('f', function(k, a) return a[1] end)" >/dev/null; $cli FCALL f 0 hello)" '^hello$'
check "SHUTDOWN" "$($cli SHUTDOWN NOSAVE; sleep 0.3; $cli PING 2>&1)" 'Could not connect'
exit $bad
