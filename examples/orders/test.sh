#!/bin/bash
# The short form: the promises hold, and when one is broken on purpose that is found. usage: test.sh SERVER
set -u
cd "$(dirname "$0")"
export MILLRACE_SERVER=$1
./run.sh --orders 600 --kills 1 | grep -v ' passed, '
[ "${PIPESTATUS[0]}" = 0 ] || echo "not ok run.sh ends with an error"
found=$(./run.sh --orders 500 --kills 0 --careless)
if echo "$found" | grep -q '^not ok each order is paid once'; then
    echo "ok careless payment is found"
else
    echo "not ok careless payment is found: $found"
fi
