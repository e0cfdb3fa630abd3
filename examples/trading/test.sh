#!/bin/bash
# The short form for `make test`: the promises hold, and when they are broken on purpose that is found. usage: test.sh SERVER
set -u
cd "$(dirname "$0")"
export MILLRACE_SERVER=$1
./run.sh --orders 1200 --kills 1 --deaths 0.01 | grep -v ' passed, '
[ "${PIPESTATUS[0]}" = 0 ] || echo "not ok run.sh ends with an error"
found=$(./run.sh --orders 600 --kills 0 --careless)
if echo "$found" | grep -q '^not ok each order is handled, and once'; then
    echo "ok careless workers are found"
else
    echo "not ok careless workers are found: $found"
fi
