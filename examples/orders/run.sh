#!/bin/bash
# Runs the whole shop on this machine and looks whether its promises hold.
#
#   run.sh [--orders N] [--kills N] [--careless]
#
# --careless breaks a promise on purpose: payment takes the money and acknowledges in two steps, and the audit finds what is paid twice.
set -eu
cd "$(dirname "$0")"
orders=10000 kills=2 careless= deaths=0.01
while [ $# -gt 0 ]; do
    case $1 in
    --orders) orders=$2; shift ;;
    --kills) kills=$2; shift ;;
    --careless) careless=--careless deaths=0.02 ;;
    *) sed -n '2,6p' "$0"; exit 2 ;;
    esac
    shift
done
server=${MILLRACE_SERVER:-$(ls ../../build/release/millrace-server 2>/dev/null || command -v millrace-server || true)}
[ -x "$server" ] || { echo "no millrace-server: make, or set MILLRACE_SERVER" >&2; exit 2; }
server=$(realpath "$server")
[ -d node_modules/ioredis ] || npm install --silent --no-package-lock --no-audit --no-fund
dir=$(mktemp -d)
declare -A process

end() {
    trap - EXIT
    touch "$dir/end"
    for p in "${process[@]}"; do kill -9 "$p" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM

# Below those that outgoing connections get: it has to be free again after a kill.
free_port() {
    local p
    while p=$((RANDOM % 20000 + 10000)); redis-cli -p "$p" PING >/dev/null 2>&1; do :; done
    echo "$p"
}
start() {
    "$server" --port "$port" --dir "$dir" --appendonly yes --save '' >>"$dir/log" 2>&1 &
    process[server]=$!
    disown
    until redis-cli -p "$port" PING 2>/dev/null | grep -q PONG; do
        kill -0 "${process[server]}" 2>/dev/null || { tail -n 5 "$dir/log" >&2; exit 1; }
        sleep 0.1
    done
}
# keep NAME PROGRAM: a worker, started again whenever it has died.
keep() {
    (while [ ! -e "$dir/end" ]; do node "$2" --port "$port" --name "$1" --deaths "$deaths" $careless 2>>"$dir/$1.log" || true; done) &
    process[$1]=$!
}

port=$(free_port)
cli() { redis-cli -p "$port" "$@"; }
millrace() { ../../utils/millrace -p "$port" "$@"; }
start

jobs='MKSTREAM JOBS LEASE 2000 RETRY EXP 100 1000 MAXDELIVER 5 ONACK KEEP'
for group in payment stock mail; do cli XPOLICY SET '{shop}:orders' $group $jobs >/dev/null; done
cli XPOLICY SET '{shop}:unpaid' cancel MKSTREAM JOBS LEASE 2000 MAXDELIVER 0 >/dev/null
cli XCFGSET '{shop}:orders' MAXAGE 86400000 >/dev/null

keep payment-1 payment.mjs
keep payment-2 payment.mjs
for w in stock mail cancel; do keep $w $w.mjs; done
node place.mjs --port "$port" --orders "$orders" &
process[shop]=$!

for k in $(seq "$kills"); do
    until [ "$(cli HLEN '{shop}:paid' 2>/dev/null || echo 0)" -gt $((orders * 8 * k / (kills + 1) / 10)) ] 2>/dev/null; do sleep 0.1; done
    echo "kill -9 of the server, after $(cli HLEN '{shop}:paid') payments"
    kill -9 "${process[server]}"
    while kill -0 "${process[server]}" 2>/dev/null; do sleep 0.01; done
    start
done
wait "${process[shop]}"

# Until nothing is ready, leased or deferred.
quiet() {
    for queue in '{shop}:orders payment' '{shop}:orders stock' '{shop}:orders mail' '{shop}:unpaid cancel'; do
        until millrace show $queue --json 2>/dev/null | grep -q '"ready":0,.*"leased":0,"deferred":0,"held":0'; do sleep 0.2; done
    done
}
until [ "$(cli XSCHED LEN '{shop}:unpaid')" = 0 ]; do sleep 0.2; done
quiet
echo "dead letters:"
millrace dead '{shop}:orders'
cli SET '{shop}:cards' 'all are good' >/dev/null # somebody has looked into it
until [ "$(cli XLEN '{shop}:orders:dlq')" = 0 ]; do
    millrace redrive '{shop}:orders:dlq' 2>/dev/null
    quiet
done
status=0
node audit.mjs --port "$port" --orders "$orders" || status=$?
exit $status
