#!/bin/bash
# The short form: the promises hold, and when one is broken on purpose that is found. usage: test.sh SERVER
set -u
cd "$(dirname "$0")"
export MILLRACE_SERVER=$1
./run.sh --devices 100 --readings 20 --kills 1 | grep -v ' passed, '
[ "${PIPESTATUS[0]}" = 0 ] || echo "not ok run.sh ends with an error"
found=$(./run.sh --devices 100 --readings 20 --kills 0 --careless)
if echo "$found" | grep -q '^not ok each reading is counted once'; then
    echo "ok careless counting is found"
else
    echo "not ok careless counting is found: $found"
fi
