#!/bin/sh
# Client libraries and job frameworks, from npm and Debian, against a server and against redis-server. usage: run.sh SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${TMPDIR:-/tmp}/millrace-clients
mkdir -p "$work"
cp "$here"/node/*.mjs "$here"/node/package.json "$work"
dpkg -s python3-rq python3-celery >/dev/null 2>&1 ||
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-rq python3-celery >/dev/null
(cd "$work" && npm install --silent --no-audit --no-fund)
server=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
bad=0
for s in "$server" redis-server; do
    for f in "$work"/*.mjs; do
        echo "$(basename "$f") against $(basename "$s")"
        node "$f" "$s" || bad=1
    done
    echo "python_frameworks.py against $(basename "$s")"
    /usr/bin/python3 "$here/python_frameworks.py" "$s" || bad=1
done
exit $bad
