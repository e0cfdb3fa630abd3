# For smoke and console: the package's server with the package's configuration, as its user, but with ports and a folder of its own, so that
# one that the service has started goes on. The log is shown when something fails.
PORT=16379 HTTP=18379 WORK=$(mktemp -d)
chown millrace:millrace "$WORK"

cleanup() {
    status=$?
    [ $status = 0 ] || cat "$WORK/log" >&2
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$WORK"
    exit $status
}
trap cleanup EXIT

begin() {
    setpriv --reuid=millrace --regid=millrace --clear-groups /usr/bin/millrace-server /etc/millrace/millrace.conf \
        --port $PORT --console-port $HTTP --dir "$WORK" --logfile "$WORK/log" &
    server=$!
    until redis-cli -p $PORT ping 2>/dev/null | grep -q PONG; do
        kill -0 $server
        sleep 0.1
    done
}

end() {
    kill -TERM "$server"
    wait "$server"
    server=
}

# expect WANTED COMMAND...: the command prints this.
expect() {
    wanted=$1
    shift
    got=$("$@")
    [ "$got" = "$wanted" ] || { printf '%s\n  said: %s\nwanted: %s\n' "$*" "$got" "$wanted" >&2; exit 1; }
    echo "ok $*"
}

cli() {
    redis-cli -p $PORT "$@"
}
