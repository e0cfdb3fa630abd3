#!/bin/sh
# Long random and crash tests, and whether the tests notice broken lines; seed and commit go to docs/bench/soak.log. usage: soak.sh SERVER SANITIZED
set -eu
cd "$(dirname "$0")/.."
seed=${SEED:-$(date +%s)}
note() { echo "$(git rev-parse --short HEAD 2>/dev/null) seed $seed: $*" >> docs/bench/soak.log; }
for mode in always everysec; do
    out=$(python3 tests/crash/crash.py --server "$1" --mode $mode --events "${EVENTS:-1000000}" --kills "${KILLS:-40}" --seed "$seed") || { echo "$out"; exit 1; }
    echo "$out"
    note "$out"
done
for fuzz in requests files; do
    out=$(python3 tests/fuzz/$fuzz.py "$2" --seconds "${FUZZ:-600}" --seed "$seed") || { echo "$out"; exit 1; }
    echo "$out"
    note "$fuzz: $out"
done
out=$(python3 redis-compat/oracle/oracle.py --server "$1" --commands "${COMMANDS:-300000}" --seed "$seed" random) || { echo "$out"; exit 1; }
echo "$out"
note "$out"
out=$(python3 tests/roundtrip/roundtrip.py --server "$1" --rounds "${ROUNDS:-200}" --commands 5000 --seed "$seed") || { echo "$out"; exit 1; }
echo "$out"
note "$out"
out=$(python3 tests/pressure/pressure.py --server "$1" --seconds "${PRESSURE:-600}" --probe) || { echo "$out"; exit 1; }
echo "$out"
note "$out"
out=$(python3 utils/mutate.py --seed "$seed" --count "${MUTANTS:-60}") || { echo "$out"; exit 1; }
echo "$out"
note "$(echo "$out" | tail -1)"
run_lines() { # a label and a command that prints "ok" and "not ok" lines
    label=$1
    shift
    out=$("$@") || { echo "$out"; exit 1; }
    echo "$out"
    echo "$out" | grep '^ok' | while read -r line; do note "$label: $line"; done
}
run_lines fail-over python3 tests/crash/failover.py --server "$1" --trios "${TRIOS:-4}" --cycles "${CYCLES:-32}" --seed "$seed"
run_lines "queues, fail-over" python3 tests/broker/failover.py --server "$1" --cycles "${QUEUE_CYCLES:-400}" --seed "$seed"
run_lines replication python3 redis-compat/replication.py --server "$1" --commands "${REPLICATED:-200000}" --cover --seed "$seed"
run_lines links python3 tests/crash/replication.py --server "$1" --cuts 200 --seconds 60 --restarts "${RESTARTS:-100}" --seed "$seed"
run_lines console /usr/bin/python3 tests/console/console.py --server "$1" --minutes "${CONSOLE:-60}" 46
