#!/bin/sh
# Builds and runs the hiredis program against a server. usage: hiredis.sh SERVER BUILD
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
gcc -O1 -o "$dir/client" "$here/hiredis_client.c" -lhiredis
"$1" --port "$port" --bind 127.0.0.1 --dir "$dir" --save '' >/dev/null &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$dir"' EXIT
for _ in $(seq 200); do redis-cli -p "$port" PING >/dev/null 2>&1 && break; sleep 0.02; done
"$dir/client" "$port"
