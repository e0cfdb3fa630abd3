#!/bin/bash
# Runs devices, MQTT broker and server on this machine and looks whether the promises hold.
#
#   run.sh [--devices N] [--readings N] [--kills N] [--careless]
#
# --careless breaks a promise on purpose: a reading that comes again is taken for a new one, counting and acknowledging are two steps.
set -eu
cd "$(dirname "$0")"
devices=2000 readings=100 kills=2 careless= deaths=0.01
while [ $# -gt 0 ]; do
    case $1 in
    --devices) devices=$2; shift ;;
    --readings) readings=$2; shift ;;
    --kills) kills=$2; shift ;;
    --careless) careless=--careless deaths=0.1 ;;
    *) sed -n '2,6p' "$0"; exit 2 ;;
    esac
    shift
done
server=${MILLRACE_SERVER:-$(ls ../../build/release/millrace-server 2>/dev/null || command -v millrace-server || true)}
[ -x "$server" ] || { echo "no millrace-server: make, or set MILLRACE_SERVER" >&2; exit 2; }
server=$(realpath "$server")
millrace=$(realpath ../../utils/millrace)
PATH=$PATH:/usr/sbin
for needed in go mosquitto redis-cli curl; do command -v $needed >/dev/null || { echo "no $needed: see README.md" >&2; exit 2; }; done
dir=$(mktemp -d)
declare -A process
ulimit -n "$(ulimit -Hn)"

end() {
    trap - EXIT
    touch "$dir/end"
    for p in "${process[@]}"; do kill "$p" 2>/dev/null || true; done
    sleep 0.2
    for p in "${process[@]}"; do kill -9 "$p" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM

# Below those that outgoing connections get: it has to be free again after a kill.
free_port() {
    local p
    while p=$((RANDOM % 20000 + 10000)); (: >"/dev/tcp/127.0.0.1/$p") 2>/dev/null; do :; done
    echo "$p"
}
start() {
    "$server" --port "$port" --console-port "$metrics" --dir "$dir" --appendonly yes --save '' --maxmemory 100mb >>"$dir/log" 2>&1 &
    process[server]=$!
    disown
    until redis-cli -p "$port" PING 2>/dev/null | grep -q PONG; do
        kill -0 "${process[server]}" 2>/dev/null || { tail -n 5 "$dir/log" >&2; exit 1; }
        sleep 0.1
    done
}
# keep NAME PROGRAM: a worker, started again whenever it has died.
keep() {
    (
        trap 'kill -9 $child 2>/dev/null; exit' TERM
        while [ ! -e "$dir/end" ]; do
            "$dir/iot" "$2" --port "$port" --mqtt "$mqtt" --name "$1" --deaths "$deaths" $careless 2>>"$dir/$1.log" & child=$!
            wait $child || sleep 0.1
        done
    ) &
    process[$1]=$!
}

GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= go build -o "$dir/iot" .
port=$(free_port) metrics=$(free_port) mqtt=$(free_port)
cli() { redis-cli -e -p "$port" "$@"; }
start

for group in windows watch; do cli XPOLICY SET '{iot}:readings' $group MKSTREAM JOBS LEASE 2000 MAXDELIVER 0 >/dev/null; done
cli XCFGSET '{iot}:readings' IDMP-DURATION 3600 >/dev/null
cli XBIND ADD '{iot}:readings' TOPIC '*.*.door' TO '{iot}:doors' >/dev/null
cli XCFGSET '{iot}:doors' MKSTREAM MAXAGE 10000 MAXBYTES 50000000 >/dev/null
cli XCAPTURE ADD '{iot}:status' 'status.*' >/dev/null
cli XPOLICY SET '{iot}:status' watch MKSTREAM JOBS LEASE 2000 MAXDELIVER 0 ONACK KEEP >/dev/null
cli XCFGSET '{iot}:status' MAXAGE 86400000 >/dev/null
cli XPOLICY SET '{iot}:silence' alerts MKSTREAM JOBS LEASE 2000 MAXDELIVER 0 RATE 100 1000 >/dev/null

# max_queued_messages 0: what comes while no bridge is there waits, all of it.
cat >"$dir/mosquitto.conf" <<EOF
listener $mqtt 127.0.0.1
allow_anonymous true
max_queued_messages 0
max_inflight_messages 200
user $(id -un)
EOF
mosquitto -c "$dir/mosquitto.conf" >>"$dir/mosquitto.log" 2>&1 &
process[mosquitto]=$!
until (: >"/dev/tcp/127.0.0.1/$mqtt") 2>/dev/null; do
    kill -0 "${process[mosquitto]}" 2>/dev/null || { tail -n 5 "$dir/mosquitto.log" >&2; exit 1; }
    sleep 0.1
done

for w in bridge watch alerts; do keep $w $w; done
until [ "$(cli EXISTS '{iot}:bridged' 2>/dev/null)" = 1 ]; do sleep 0.1; done
"$dir/iot" devices --mqtt "$mqtt" --devices "$devices" --readings "$readings" &
process[devices]=$!

# A number of the group that counts, as /metrics tells it.
metric() { curl -s "http://127.0.0.1:$metrics/metrics" | sed -n "s/^millrace_group_$1{.*group=\"windows\".*} \([0-9]*\).*/\1/p"; }
came() { cli XINFO STREAM '{iot}:readings' 2>/dev/null | sed -n '/^entries-added$/{n;p}'; }

for k in $(seq "$kills"); do
    until [ "$(came || echo 0)" -gt $((devices * readings * k / (kills + 1))) ] 2>/dev/null; do sleep 0.1; done
    if [ "$k" = 1 ]; then # nobody counts yet
        until [ "$(metric oldest_ready_seconds)" -ge 1 ] 2>/dev/null; do sleep 0.2; done
        echo "nobody counts, and it is seen in /metrics: $(metric ready) readings wait, the oldest for $(metric oldest_ready_seconds) s"
    fi
    echo "kill -9 of server and bridge, after $(came) readings"
    kill "${process[bridge]}" # takes the bridge along
    kill -9 "${process[server]}"
    while kill -0 "${process[server]}" 2>/dev/null; do sleep 0.01; done
    start
    keep bridge bridge
    [ "$k" != 1 ] || for w in 1 2; do keep "windows-$w" windows; done
done
[ "$kills" != 0 ] || for w in 1 2; do keep "windows-$w" windows; done
wait "${process[devices]}"
until [ "$(cli EXISTS '{iot}:done' 2>/dev/null)" = 1 ]; do sleep 0.2; done
for queue in '{iot}:status watch' '{iot}:readings watch' '{iot}:readings windows'; do
    until "$millrace" -p "$port" wait-empty $queue --timeout 600 >/dev/null 2>&1; do sleep 0.2; done
done
until [ "$(cli HLEN '{iot}:armed')" = 0 ]; do sleep 0.2; done # all alerts that are left have come up
until "$millrace" -p "$port" wait-empty '{iot}:silence' alerts --timeout 600 >/dev/null 2>&1; do sleep 0.2; done
status=0
"$dir/iot" audit --port "$port" --devices "$devices" --readings "$readings" || status=$?
exit $status
