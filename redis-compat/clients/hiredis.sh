#!/bin/sh
# Builds and runs the hiredis program against a server. usage: hiredis.sh SERVER BUILD
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
gcc -O1 -o "$dir/client" "$here/hiredis_client.c" -lhiredis
"$here/on_server.sh" "$1" sh -c '"$0" "$PORT"' "$dir/client"
