#!/bin/sh
# Client libraries from npm against a server. usage: run.sh SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${TMPDIR:-/tmp}/millrace-clients
mkdir -p "$work"
cp "$here"/node/*.mjs "$here"/node/package.json "$work"
(cd "$work" && npm install --silent --no-audit --no-fund)
server=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
bad=0
for s in "$server" redis-server; do
    for f in "$work"/*.mjs; do
        echo "$(basename "$f") against $(basename "$s")"
        node "$f" "$s" || bad=1
    done
done
exit $bad
