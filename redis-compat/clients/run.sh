#!/bin/sh
# All client libraries and job frameworks, from Debian and npm, against a server and against redis-server. usage: run.sh SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
server=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=${TMPDIR:-/tmp}/millrace-clients
packages="python3-rq python3-celery ruby-redis ruby-sidekiq php-cli php-redis php-nrk-predis golang-go golang-github-gomodule-redigo-dev curl"
command -v npm >/dev/null || packages="$packages nodejs npm"
# shellcheck disable=SC2086
dpkg -s $packages >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages >/dev/null
mkdir -p "$work/failover" "$work/queues"
cp "$here"/failover/*.mjs "$work/failover"
cp "$here"/queues/*.mjs "$work/queues"
cp "$here"/node/*.mjs "$here"/node/*.js "$here"/node/package.json "$work"
(cd "$work" && npm install --silent --no-audit --no-fund)
GOPATH=/usr/share/gocode GO111MODULE=off GOCACHE="$work/go" go build -o "$work/redigo" "$here/go/redigo.go"
[ -e "$work/exporter" ] || # unpacked only: installing it would start a service
    (cd "$work" && apt-get download -qq prometheus-redis-exporter && dpkg -x prometheus-redis-exporter_*.deb exporter)
PATH=$work/exporter/usr/bin:$PATH
export PATH
bad=0
seconds=180
program() { # a name, then its command
    name=$1
    shift
    echo "$name against $(basename "$s")"
    timeout "$seconds" "$@" || { bad=1 && echo "not ok $name against $(basename "$s")"; }
}
for s in "$server" redis-server; do
    for f in "$work"/*.mjs; do program "$(basename "$f")" "$here/on_server.sh" "$s" node "$f"; done
    program redigo.go "$here/on_server.sh" "$s" "$work/redigo"
    program redis_rb.rb "$here/on_server.sh" "$s" ruby "$here/redis_rb.rb"
    program sidekiq.rb "$here/on_server.sh" "$s" ruby "$here/sidekiq.rb"
    program php_clients.php "$here/on_server.sh" "$s" php "$here/php_clients.php"
    program exporter.sh "$here/on_server.sh" "$s" "$here/exporter.sh"
    program cli_modes.sh "$here/on_server.sh" "$s" "$here/cli_modes.sh"
    program cli_replication.py /usr/bin/python3 "$here/cli_replication.py" "$s"
    program tools.sh "$here/on_server.sh" "$s" "$here/tools.sh"
    program python_frameworks.py /usr/bin/python3 "$here/python_frameworks.py" "$s"
    program redis_py.py /usr/bin/python3 "$here/redis_py.py" "$s"
done
seconds=1800
s=$server
program "axe-core on every view of the console" /usr/bin/python3 "$here/../../tests/console/console.py" --server "$s" --axe "$work/node_modules/axe-core/axe.min.js" 38
seconds=600
for page in queues push; do
    program "$page.md with node-redis of npm" env NODE_PATH="$work/node_modules" /usr/bin/python3 "$here/../../tests/docs/pages.py" --server "$s" "$here/../../docs/guides/$page.md"
done
seconds=3600
program queues.py /usr/bin/python3 "$here/queues/queues.py" --server "$s" --modules "$work/queues"
# each client by itself, and again with min-replicas-to-ack
for s in "$server" redis-server; do
    program failover.py /usr/bin/python3 "$here/failover/failover.py" --server "$s" --modules "$work/failover"
done
exit $bad
