#!/bin/bash
# Runs the whole exchange on this machine and looks whether its promises hold.
#
#   run.sh [--orders N] [--kills N] [--deaths P] [--careless]
#
# --deaths: how likely a worker dies, at each of the two dangerous places of a batch.
# --careless breaks the promises on purpose: workers do their work and acknowledge in two steps, and the audit finds what comes of it.
set -eu
cd "$(dirname "$0")"
orders=100000 kills=2 careless= deaths=0.002
while [ $# -gt 0 ]; do
    case $1 in
    --orders) orders=$2; shift ;;
    --kills) kills=$2; shift ;;
    --deaths) deaths=$2; shift ;;
    --careless) careless=--careless deaths=0.1 ;;
    *) sed -n '2,7p' "$0"; exit 2 ;;
    esac
    shift
done
server=${MILLRACE_SERVER:-$(ls ../../build/release/millrace-server 2>/dev/null || command -v millrace-server || true)}
[ -x "$server" ] || { echo "no millrace-server: make, or set MILLRACE_SERVER" >&2; exit 2; }
server=$(realpath "$server")
millrace=$(realpath ../../utils/millrace)
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

# start NAME PORT [OPTION...]: a server, and again after kill -9. A reply means: on this disk, and on a replica.
start() {
    mkdir -p "$dir/$1"
    "$server" --port "$2" --dir "$dir/$1" --appendonly yes --appendfsync always --min-replicas-to-ack 1 --save '' "${@:3}" >>"$dir/$1.log" 2>&1 &
    process[$1]=$!
    disown
    until redis-cli -p "$2" PING 2>/dev/null | grep -q PONG; do
        kill -0 "${process[$1]}" 2>/dev/null || { tail -n 5 "$dir/$1.log" >&2; exit 1; }
        sleep 0.1
    done
}

# keep NAME PROGRAM [OPTION...]: a worker, started again whenever it has died.
keep() {
    (
        trap 'kill -9 $child 2>/dev/null; exit' TERM
        while [ ! -e "$dir/end" ]; do
            /usr/bin/python3 "$2" --port "$port" --name "$1" --deaths "$deaths" $careless "${@:3}" 2>>"$dir/$1.log" & child=$!
            wait $child || true
        done
    ) &
    process[$1]=$!
}

port=$(free_port)
start primary "$port"
for r in 1 2; do start "replica-$r" "$(free_port)" --replicaof "127.0.0.1 $port" --repl-diskless-sync-delay 0; done
cli() { redis-cli -p "$port" "$@"; }

until cli SET ready 1 2>/dev/null | grep -q OK; do sleep 0.1; done
cli -x FUNCTION LOAD REPLACE <market.lua >/dev/null
cli XPOLICY SET '{market}:orders' matchers MKSTREAM JOBS LEASE 2000 MAXDELIVER 0 ORDERBY symbol >/dev/null
cli XPOLICY SET '{market}:trades' settlement MKSTREAM JOBS LEASE 2000 MAXDELIVER 0 ORDERBY symbol ONACK KEEP >/dev/null
/usr/bin/python3 open_accounts.py --port "$port"

for w in 1 2; do keep "matcher-$w" matcher.py; keep "settlement-$w" settlement.py; done
/usr/bin/python3 producer.py --port "$port" --orders "$orders" &
process[producer]=$!

for k in $(seq "$kills"); do
    until [ "$(cli HLEN '{market}:handled' 2>/dev/null || echo 0)" -gt $((orders * k / (kills + 1))) ] 2>/dev/null; do sleep 0.1; done
    echo "kill -9 of the primary, after $(cli HLEN '{market}:handled') orders"
    kill -9 "${process[primary]}"
    while kill -0 "${process[primary]}" 2>/dev/null; do sleep 0.01; done
    start primary "$port"
done
wait "${process[producer]}"
for queue in '{market}:orders matchers' '{market}:trades settlement'; do
    until "$millrace" -p "$port" wait-empty $queue --timeout 600 >/dev/null 2>&1; do sleep 0.2; done
done
status=0
/usr/bin/python3 audit.py --port "$port" --orders "$orders" || status=$?
exit $status
