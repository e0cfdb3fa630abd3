#!/bin/sh
# Starts a server on a free port and runs a program against it, with PORT, SERVER and DIR (the server's folder) in its environment.
# Its exit status is the program's. usage: on_server.sh SERVER PROGRAM [ARGUMENT...]
set -eu
SERVER=$(command -v "$1")
shift
DIR=$(mktemp -d)
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export SERVER DIR PORT
"$SERVER" --port "$PORT" --bind 127.0.0.1 --dir "$DIR" --save '' --appendonly yes --enable-debug-command yes --unixsocket "$DIR/sock" >"$DIR/log" &
pid=$!
trap 'kill -9 $pid 2>/dev/null || :; rm -rf "$DIR"' EXIT
for _ in $(seq 300); do redis-cli -p "$PORT" PING >/dev/null 2>&1 && break; sleep 0.02; done
"$@"
