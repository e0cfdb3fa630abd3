#!/bin/sh
# The keys of a batch are prefetched before it runs. A compiler that sees a function do nothing but prefetch may
# remove the calls of it, and nothing but a slower server tells: this looks into the binary. usage: has_prefetch.sh SERVER
objdump -d --no-show-raw-insn "$1" | awk '
    /^[0-9a-f]+ <.*>:$/ { f = $2 }
    f ~ /^<(look_ahead|feed_|run_member|prefetch_)/ && (/prefetch[tnw0-9]|prfm/ || /call.*<table_prefetch_/) { n++ }
    END { printf "%d prefetches on the way of a batch\n", n; exit n < 3 }'
