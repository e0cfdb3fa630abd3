#!/bin/sh
# A short comparison with redis-server by redis-benchmark: the same work, alternating, best of three.
# For figures that can be trusted on a shared machine measure CPU per operation (docs/bench).
# usage: bench.sh SERVER
set -eu
dir=$(mktemp -d)
trap 'kill $a $b 2>/dev/null; rm -rf "$dir"' EXIT
mkdir "$dir/a" "$dir/b"
"$1" --port 26201 --bind 127.0.0.1 --dir "$dir/a" --save '' >/dev/null & a=$!
redis-server --port 26202 --bind 127.0.0.1 --dir "$dir/b" --save '' >/dev/null & b=$!
sleep 1
cpu() { awk '{print $14+$15}' "/proc/$1/stat"; }
printf '%-34s %12s %12s %8s\n' 'command' 'ours us/op' 'redis us/op' 'ratio'
for cmd in 'SET key:__rand_int__ value' 'GET key:__rand_int__' 'INCR n:__rand_int__' 'LPUSH q payload' 'RPOP q' 'XADD s * f payload' 'PUBLISH ch payload'; do
    for p in 1 16 64; do
        n=$((p == 1 ? 100000 : 1000000))
        best_a=999999 best_b=999999
        for _ in 1 2 3; do
            t=$(cpu $a); redis-benchmark -p 26201 -P $p -n $n -r 100000 -q $cmd >/dev/null; t=$(( $(cpu $a) - t )); [ $t -lt $best_a ] && best_a=$t
            t=$(cpu $b); redis-benchmark -p 26202 -P $p -n $n -r 100000 -q $cmd >/dev/null; t=$(( $(cpu $b) - t )); [ $t -lt $best_b ] && best_b=$t
        done
        awk -v c="$cmd" -v p=$p -v n=$n -v a=$best_a -v b=$best_b 'BEGIN { printf "%-28s P=%-3d %12.3f %12.3f %8.2f\n", substr(c, 1, 27), p, a * 10000 / n, b * 10000 / n, a / b }'
    done
done
